"""Where the time of a backfill goes: one whole request through the real run, cut at the doors of the Worker.

Every instant of the request belongs to exactly one part, so the parts sum to the whole. workerd's clock moves in steps
of 1 ms: only sums over a run's many pages mean something.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Callable, Mapping, Sequence
from contextlib import ExitStack
from itertools import pairwise
from typing import Any, NamedTuple

from bench.backfill import JSON_EACH, OURS, expect_counts, javascript_job, our_job
from bench.distance import DISTANCES, LANES, NEAR, Away, boundaries, javascript_jobs
from bench.distance import our_job as our_lanes
from bench.rounds import interleaved, progress, spread
from bench.subject import WORKERS, Subject, entry, expected_types, keys, started
from bench.verdicts import Results
from tooling.table import table

OUTSIDE = "HTTP, outside the Worker"
FIXED = "once a run"
REST = "language"
AT_ONCE = "at once"
WALK_LANES = 4
WAITS = ("R2 alone", "D1 alone", "R2 and D1", "neither")
PAGE_PARTS = ("R2 list", "JSON", "D1 batch", REST)
Door = tuple[str, float, float]


class Passage(NamedTuple):
    """One request: the seconds it took outside, and its parts, which sum to them."""

    seconds: float
    parts: dict[str, float]


def measure(results: Results, objects: int) -> None:
    """Profile a first and an unchanged pass of both Workers, round by round, and tell the median run of each."""
    with ExitStack() as stack:
        progress("profile: starting the Workers and filling their buckets")
        ours = stack.enter_context(started(stack.enter_context(entry("doors")), objects=objects))
        other = stack.enter_context(started(WORKERS / "javascript" / "index.js", objects=objects))
        theirs = {**javascript_job("json_each", objects), "watched": True}
        ways: dict[str, Callable[[], tuple[Passage, Passage]]] = {
            OURS: lambda: _both(ours, our_job(objects), objects),
            JSON_EACH: lambda: _both(other, theirs, objects),
        }
        for warm in ways.values():
            warm()
        found = interleaved(ways, results.rounds, "profile")
        for away in DISTANCES:
            if away != NEAR:
                _tell_waits(results, away, _at_distance(results, ours, other, (objects, away)))
    pages = -(-objects // 1000)
    print(f"\nWhere the time of a run over {objects:,} objects goes: its median run of {results.rounds}, ms\n")
    rows = []
    for index, name in enumerate(("first pass", "unchanged pass")):
        for way, passages in found.items():
            run = median_run([passage[index] for passage in passages])
            rows.append((f"{way}, {name}", *_cells(run, pages)))
            results.keep(f"profile, {name}, {way}", _figures(run, pages))
    print(table(("", *PAGE_PARTS[:-1], AT_ONCE, REST, "a page", FIXED, OUTSIDE, "the run"), rows))
    print(
        f"\n  The first six are a page's mean over {pages} pages; the others are the run's. {AT_ONCE!r} is the time in"
    )
    print(f"  which several of them were under way, as while a lane lists on and D1 commits. {FIXED!r} is what comes")
    print("  before the first listing and after the last batch: lease, run row, rules, the answer.\n")
    _tell_gap(found)


def _both(subject: Subject, body: object, objects: int) -> tuple[Passage, Passage]:
    subject.sql("DELETE FROM artifacts")
    return _passage(subject, body, objects, "inserted"), _passage(subject, body, objects, "unchanged")


def _passage(subject: Subject, body: object, objects: int, kind: str) -> Passage:
    timed = subject.post("/backfill", body)
    expect_counts(timed, objects, kind, sum(expected_types(objects).values()))
    doors = timed.body.get("doors") or subject.get("/doors")["doors"]
    return Passage(timed.seconds, parts(timed.seconds, [(name, began, ended) for name, began, ended in doors]))


def parts(seconds: float, doors: Sequence[Door]) -> dict[str, float]:
    """Return the seconds of each part of a request that took `seconds` outside; they sum to them.

    What two doors share, where work overlaps, is a part of its own. Raises RuntimeError where no page was seen.
    """
    [(_, began, ended)] = [door for door in doors if door[0] == "whole"]
    pages = [door for door in doors if door[0] in PAGE_PARTS]
    missing = set(PAGE_PARTS) - {REST} - {name for name, _, _ in pages}
    if missing:
        raise RuntimeError(f"nothing passed {sorted(missing)}: have the bindings changed? See bench/workers/doors")
    last = max(end for name, _, end in pages if name == "D1 batch")
    first = min(begin for name, begin, _ in pages if name == "R2 list")
    cuts = sorted({began, first, last, ended, *(moment for _, *span in pages for moment in span)})
    found: defaultdict[str, float] = defaultdict(float, {FIXED: 0.0})
    for start, end in pairwise(cuts):
        if not first <= start < last:
            found[FIXED] += end - start
            continue
        within = sorted({name for name, begin, leave in pages if begin <= start and end <= leave})
        found[" and ".join(within) or REST] += end - start
    found[OUTSIDE] = seconds - (ended - began)
    return dict(found)


def waits(found: Mapping[str, float]) -> dict[str, float]:
    """Return how long a run's lanes waited for R2 alone, for D1 alone, for both at once, and for neither."""
    sums = dict.fromkeys(WAITS, 0.0)
    for name, taken in found.items():
        if name not in (FIXED, OUTSIDE):
            r2, d1 = "R2 list" in name, "D1 batch" in name
            sums[WAITS[2] if r2 and d1 else WAITS[0] if r2 else WAITS[1] if d1 else WAITS[3]] += taken
    return sums


def _at_distance(
    results: Results, ours: Subject, other: Subject, what: tuple[int, Away]
) -> dict[str, list[tuple[Passage, Passage]]]:
    objects, away = what
    at = boundaries(list(keys(objects)), WALK_LANES)
    theirs = {**javascript_jobs(objects, away, at)[LANES], "watched": True}
    ours.post("/distance", away._asdict())
    ways: dict[str, Callable[[], tuple[Passage, Passage]]] = {
        OURS: lambda: _both(ours, our_lanes(objects, at), objects),
        LANES: lambda: _both(other, theirs, objects),
    }
    for warm in ways.values():
        warm()
    return interleaved(ways, results.rounds, f"profile, {away}")


def _tell_waits(results: Results, away: Away, found: dict[str, list[tuple[Passage, Passage]]]) -> None:
    """Print where the lanes of the median runs wait, and keep it."""
    rows = []
    for index, name in enumerate(("first pass", "unchanged pass")):
        for way, passages in found.items():
            run = median_run([passage[index] for passage in passages])
            figures = {**waits(run.parts), FIXED: run.parts[FIXED], OUTSIDE: run.parts[OUTSIDE], "the run": run.seconds}
            rows.append((f"{way}, {name}", *(f"{1000 * taken:.0f}" for taken in figures.values())))
            told = {part: round(1000 * taken, 1) for part, taken in figures.items()}
            results.keep(f"profile, {name}, {way}, R2 and D1 {away} away, ms", told)
    print(f"\nWhat {WALK_LANES} lanes wait for where R2 and D1 are {away} away: the median run, ms\n")
    print(table(("", *WAITS, FIXED, OUTSIDE, "the run"), rows))
    print("\n  'R2 alone': listings are under way and no batch; 'neither': the language's own time between calls.\n")


def median_run(passages: Sequence[Passage]) -> Passage:
    """Return the run in the middle; of two, the faster."""
    return sorted(passages, key=lambda passage: passage.seconds)[(len(passages) - 1) // 2]


def _page_parts(run: Passage) -> dict[str, float]:
    return {name: taken for name, taken in run.parts.items() if name not in (FIXED, OUTSIDE)}


def columns(run: Passage) -> dict[str, float]:
    """Return the parts of a run's pages, all that overlaps as one of them."""
    by_part = _page_parts(run)
    alone = {name: by_part.get(name, 0.0) for name in PAGE_PARTS}
    rest = alone.pop(REST)
    return {**alone, AT_ONCE: sum(by_part.values()) - sum(alone.values()) - rest, REST: rest}


def _cells(run: Passage, pages: int) -> list[str]:
    """Return a line of the table."""
    by_part = columns(run)
    per_page = [1000 * taken / pages for taken in (*by_part.values(), sum(by_part.values()))]
    whole = [1000 * taken for taken in (run.parts[FIXED], run.parts[OUTSIDE], run.seconds)]
    return [*(f"{taken:.2f}" for taken in per_page), *(f"{taken:.1f}" for taken in whole)]


def _figures(run: Passage, pages: int) -> dict[str, Any]:
    a_page = {name: round(1000 * taken / pages, 3) for name, taken in _page_parts(run).items()}
    a_run = {name: round(1000 * run.parts[name], 2) for name in (FIXED, OUTSIDE)}
    return {"a page, ms": a_page, "a run, ms": {**a_run, "all": round(1000 * run.seconds, 2)}}


def _of(run: Passage, name: str) -> float:
    return {**run.parts, **columns(run)}[name]


def _tell_gap(found: dict[str, list[tuple[Passage, Passage]]]) -> None:
    """Print what of the difference to JavaScript each part is, in the medians of all rounds."""
    rows = []
    for name in (*PAGE_PARTS[:-1], AT_ONCE, REST, FIXED, OUTSIDE):
        cells = []
        for index in (0, 1):
            pairs = zip(found[OURS], found[JSON_EACH], strict=True)
            gaps = [_of(mine[index], name) - _of(other[index], name) for mine, other in pairs]
            cells.append(str(spread(1000 * gap for gap in gaps)))
        rows.append((name, *cells))
    print("What this Worker takes longer than JavaScript over the run, ms: median of the rounds (min to max)\n")
    print(table(("", "first pass", "unchanged pass"), rows))
