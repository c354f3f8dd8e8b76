"""Live backfill, this Worker's and others' ways of doing the same, on the same objects, schema and rules.

Each round, each way starts from an empty table, `passes` times; its time in that round is the median of them. What it
counted and what it left in the table is compared every time with what the keys themselves say.
"""

from __future__ import annotations

import statistics
from collections.abc import Mapping, Sequence
from contextlib import ExitStack
from dataclasses import dataclass
from typing import NamedTuple

import sql
from backfill.page_sql import page_statements
from backfill.rules import Rule, ordered
from backfill.target import Target
from bench.rounds import ROUNDS, Ratio, interleaved, progress, ratio, spread
from bench.subject import RULES, WORKERS, Subject, Timed, expected_types, started
from bench.verdicts import Results
from tooling.table import table

OURS = "this Worker"
JSON_EACH = "JavaScript, json_each"
BATCH = "JavaScript, batch()"
ROWS = "JavaScript, row by row"
ROWS_OBJECTS = 2000
"""Row by row takes a second per thousand objects: every round walks this many, and one run walks them all."""

LARGE = 100_000
"""From here on only this Worker and JavaScript's json_each are compared, one pass a round: the others take minutes."""

HELD_FROM = 20_000
"""Objects. In a shorter run the fixed cost of a run weighs more than the walk."""

PASSES = 3
TO_JAVASCRIPT = 0.95
TO_ROWS = 30
UPSERT = """
INSERT INTO artifacts (r2_bucket, r2_key, source_type, fetched_at) VALUES (?1, ?2, ?3, ?4)
ON CONFLICT (r2_bucket, r2_key) DO UPDATE SET source_type = excluded.source_type
WHERE artifacts.source_type = 'unknown'
"""


class Pair(NamedTuple):
    """Seconds for each object, in a first pass and in an unchanged one."""

    first: float
    unchanged: float


@dataclass(frozen=True)
class Way:
    """One way to do a live backfill of so many objects."""

    subject: Subject
    body: object
    objects: int
    passes: int

    def __call__(self) -> Pair:
        """Do the passes and return the median time of each kind. Raises RuntimeError where any did something else."""
        pairs = [self._both() for _ in range(self.passes)]
        return Pair(statistics.median(one.first for one in pairs), statistics.median(one.unchanged for one in pairs))

    def _both(self) -> Pair:
        self.subject.sql("DELETE FROM artifacts")
        types = expected_types(self.objects)
        first = self._pass("inserted", sum(types.values()))
        if self.subject.types() != types:
            raise RuntimeError(f"a first pass left {self.subject.types()} in the table, not {types}: {self.body}")
        return Pair(first, self._pass("unchanged", sum(types.values())))

    def _pass(self, kind: str, classified: int) -> float:
        timed = self.subject.post("/backfill", self.body)
        expect_counts(timed, self.objects, kind, classified)
        if timed.body.get("truncated"):
            raise RuntimeError(f"a pass over {self.objects} objects ended before R2 said that nothing follows")
        return timed.seconds / self.objects


def expect_counts(timed: Timed, objects: int, kind: str, classified: int) -> None:
    """Raise RuntimeError unless every object was scanned, and the classified ones all were of one kind."""
    wanted = dict.fromkeys(("inserted", "upgraded", "unchanged", "skipped"), 0)
    wanted |= {kind: classified, "scanned": objects, "unclassified": objects - classified}
    found = {name: timed.body[name] for name in wanted}
    if found != wanted:
        raise RuntimeError(f"a pass counted {found}, not {wanted}")


def our_job(objects: int) -> dict[str, object]:
    """Return what our own Worker is asked."""
    return {"dry_run": False, "max_objects": objects}


def javascript_job(way: str, objects: int) -> dict[str, object]:
    """Return what the JavaScript Worker is asked: the very statements that our own Worker sends to D1."""
    rules = ordered([Rule(*rule) for rule in RULES])
    target = Target(
        "artifacts",
        "",
        live=True,
        rules=rules,
        new_id="NULL",
        moment="uploaded",
        collides="0",
        indexed=True,
        triggers=None,
    )
    statements = page_statements(target)
    page = {"plan": _numbered(statements.plan), "write": _numbered(statements.write)}
    listed = [[rule.pattern, rule.source_type] for rule in rules.rules]
    return {
        "way": way,
        "max_objects": objects,
        "bucket": "artifacts",
        "rules": listed,
        "sql": {**page, "upsert": UPSERT},
    }


def _numbered(source: sql.Fragment) -> dict[str, object]:
    """Return the text as D1 takes it, and the names of its parameters in their order."""
    names = sql.parameters(source.text)
    unknown = {name: None for name in names if name not in source.params}
    return {"text": sql.bind(source, **unknown).sql, "names": names}


def measure(results: Results, sizes: Sequence[int]) -> None:
    """Measure every size, first and unchanged pass."""
    with ExitStack() as stack:
        progress("starting the Workers and filling their buckets")
        ours = stack.enter_context(started(objects=max(sizes)))
        other = stack.enter_context(started(WORKERS / "javascript" / "index.js", objects=max(sizes)))
        for size in sizes:
            _one_size(results, ours, other, size)


def _ways(ours: Subject, other: Subject, size: int) -> dict[str, Way]:
    passes = PASSES if size < LARGE else 1
    ways = {
        OURS: Way(ours, our_job(size), size, passes),
        JSON_EACH: Way(other, javascript_job("json_each", size), size, passes),
    }
    if size < LARGE:
        few = min(size, ROWS_OBJECTS)
        ways[BATCH] = Way(other, javascript_job("batch", size), size, passes)
        ways[ROWS] = Way(other, javascript_job("rows", few), few, 1)
    return ways


def _one_size(results: Results, ours: Subject, other: Subject, size: int) -> None:
    ways = _ways(ours, other, size)
    for name in (OURS, JSON_EACH):
        ways[name]()  # the first request of an isolate compiles what the others find compiled
    found = interleaved(ways, results.rounds, f"{size:,} objects")
    print(f"\n  A round's time is the median of {ways[OURS].passes} passes (row by row: 1), each from an empty table.")
    beside = []
    for name, index in (("first pass", 0), ("unchanged pass", 1)):
        times = {way: [pair[index] for pair in pairs] for way, pairs in found.items()}
        beside.append(_tell(results, f"{name}, {size:,} objects", times, held=size >= HELD_FROM))
    if size < HELD_FROM:
        _tell_fixed(results, ours, other, size, beside)
    elif size < LARGE:
        _every_row(results, ways[OURS], Way(other, javascript_job("rows", size), size, 1))


def _tell(results: Results, title: str, times: Mapping[str, Sequence[float]], *, held: bool) -> Ratio:
    against = {way: ratio(taken, times[OURS]) for way, taken in times.items()}
    paces = {way: spread(1 / one for one in taken) for way, taken in times.items()}
    print(f"\nBackfill, {title}{f' (row by row: at most {ROWS_OBJECTS:,} of them)' if ROWS in times else ''}\n")
    rows = [(way, str(paces[way]), str(against[way])) for way in times]
    print(table(("", "objects a second: median (min to max)", "time beside ours, round by round"), rows))
    print()
    figures = {way: {"objects_per_second": paces[way].rounded(), "ratio": against[way].rounded()} for way in times}
    results.keep(f"backfill, {title}", figures)
    if held:
        _hold(results, f"throughput against JavaScript, {title}", against[JSON_EACH], TO_JAVASCRIPT)
    if held and ROWS in against:
        _hold(results, f"throughput against row by row, {title}", against[ROWS], TO_ROWS)
    return against[JSON_EACH]


def _hold(results: Results, what: str, found: Ratio, least: float) -> None:
    results.hold_timed(what, found, f"≥ {least}", holds=found.median >= least)


def _tell_fixed(results: Results, ours: Subject, other: Subject, size: int, beside: Sequence[Ratio]) -> None:
    """Tell a short run's ratio beside what any run costs before its first object, seen in runs of one."""
    mine = [ours.post("/backfill", our_job(1)).seconds for _ in range(4 * ROUNDS)]
    theirs = [other.post("/backfill", javascript_job("json_each", 1)).seconds for _ in range(4 * ROUNDS)]
    one, another = (1000 * statistics.median(times) for times in (mine, theirs))
    paces = " and ".join(f"{found.median:.3g}" for found in beside)
    print(f"  {size:,} objects: {paces} of JavaScript's throughput, not held. The fixed cost of a run (lease, run row,")
    print(f"  rules) dominates it: a run of one object takes {one:.1f} ms here and {another:.1f} ms in JavaScript, so")
    print(f"  {one - another:.1f} ms of each run here are fixed.\n")
    results.keep("a run of one object, ms", {OURS: round(one, 2), JSON_EACH: round(another, 2)})


def _every_row(results: Results, ours: Way, rows: Way) -> None:
    """Walk all objects row by row, in one round."""
    progress(f"row by row on all {rows.objects:,} objects, one round")
    mine, theirs = ours(), rows()
    progress("")
    by_pass = {name: round(theirs[at] / mine[at], 2) for at, name in enumerate(("first pass", "unchanged pass"))}
    seconds = ", ".join(f"{one * rows.objects:.1f} s" for one in theirs)
    told = ", ".join(f"{name} {times} times" for name, times in by_pass.items())
    print(f"  row by row on all {rows.objects:,} objects, one round ({seconds}): {told} our time\n")
    results.keep(f"row by row on all {rows.objects:,} objects, one round", by_pass)
