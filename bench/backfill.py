"""Live backfill, this Worker's and others' ways of doing the same, on the same objects, schema and rules."""

from __future__ import annotations

import json
from collections.abc import Callable
from contextlib import ExitStack

import sql
from bench.rounds import Spread, interleaved, progress, ratios, spread
from bench.subject import RULES, WORKERS, Subject, Timed, profiled_main, started
from bench.verdicts import Results
from rules import Rule, ordered
from tooling.table import table

ROWS_OBJECTS = 2000
"""Row by row takes a second per thousand objects or so: this many are enough to know its pace."""

TO_JAVASCRIPT = 0.95
TO_ROWS = 30
KINDS = ("scanned", "inserted", "upgraded", "unchanged", "unclassified", "skipped")
UPSERT = """
INSERT INTO artifacts (r2_bucket, r2_key, source_type, fetched_at) VALUES (?1, ?2, ?3, ?4)
ON CONFLICT (r2_bucket, r2_key) DO UPDATE SET source_type = excluded.source_type
WHERE artifacts.source_type = 'unknown'
"""
Pass = tuple[Timed, Timed]


def javascript_job(way: str, objects: int) -> dict[str, object]:
    """Return what the JavaScript Worker is asked: the very statements that our own Worker sends to D1."""
    rules = ordered([Rule(*rule) for rule in RULES])
    slots = {"objects": sql.load("backfill/objects"), "source_type": rules.classification()}
    texts = {
        "plan": sql.statement("backfill/plan_page", **slots).sql,
        "insert": sql.statement("backfill/insert_missing", **slots, new_id="NULL").sql,
        "upgrade": sql.statement("backfill/upgrade_unknown", **slots).sql,
        "upsert": UPSERT,
    }
    listed = [[rule.pattern, rule.source_type] for rule in rules.rules]
    return {"way": way, "max_objects": objects, "bucket": "artifacts", "rules": listed, "sql": texts}


def both_passes(subject: Subject, body: object) -> Pass:
    """Do a first pass on an empty table and an unchanged one after it."""
    subject.sql("DELETE FROM artifacts")
    return subject.post("/backfill", body), subject.post("/backfill", body)


def measure(results: Results, sizes: list[int], rounds: int) -> None:
    """Measure every size, first and unchanged pass, and the profile."""
    with ExitStack() as stack:
        progress("starting the Workers and filling their buckets")
        ours = stack.enter_context(started(objects=max(sizes)))
        other = stack.enter_context(started(WORKERS / "javascript" / "index.js", objects=max(sizes)))
        for size in sizes:
            _one_size(results, ours, other, size, rounds)
    _profile(results, min(max(sizes), 20_000))


def _one_size(results: Results, ours: Subject, other: Subject, size: int, rounds: int) -> None:
    def javascript(way: str, objects: int) -> Callable[[], Pass]:
        return lambda: both_passes(other, javascript_job(way, objects))

    mine = {"dry_run": False, "max_objects": size}
    few = min(size, ROWS_OBJECTS)
    ways: dict[str, Callable[[], Pass]] = {
        "this Worker": lambda: both_passes(ours, mine),
        "JavaScript, json_each": javascript("json_each", size),
        "JavaScript, batch()": javascript("batch", size),
        "JavaScript, row by row": javascript("rows", few),
    }
    for way in ways.values():
        way()
    found = interleaved(ways, rounds, f"{size:,} objects")
    _compare_counts(found)
    for index, name in enumerate(("first pass", "unchanged pass")):
        paces = {way: [_per_object(one[index]) for one in passes] for way, passes in found.items()}
        _tell(results, f"{name}, {size:,} objects", paces, few)


def _per_object(timed: Timed) -> float:
    return timed.seconds / int(timed.body["scanned"])


def _compare_counts(found: dict[str, list[Pass]]) -> None:
    """Make sure that what is compared did the same."""
    full = {way: [{kind: one.body[kind] for kind in KINDS} for one in passes[-1]] for way, passes in found.items()}
    wanted = full["this Worker"]
    for way, counts in full.items():
        if counts[0]["scanned"] == wanted[0]["scanned"] and counts != wanted:
            raise RuntimeError(f"{way} counted {json.dumps(counts)}, this Worker {json.dumps(wanted)}")


def _tell(results: Results, title: str, paces: dict[str, list[float]], few: int) -> None:
    ours = paces["this Worker"]
    against: dict[str, Spread] = {way: ratios(ours, pace) for way, pace in paces.items()}
    print(f"\nBackfill, {title} (row by row: {few:,} objects)\n")
    rows = [(way, str(spread(1 / p for p in pace)), str(against[way])) for way, pace in paces.items()]
    print(table(("way", "objects a second: median (min to max)", "time beside ours"), rows))
    results.keep(
        f"backfill, {title}",
        {
            way: {"objects_per_second": spread(1 / p for p in pace).rounded(), "ratio": against[way].rounded()}
            for way, pace in paces.items()
        },
    )
    print()
    if not title.endswith(" 2,000 objects"):
        javascript, rows_ratio = against["JavaScript, json_each"], against["JavaScript, row by row"]
        what = f"throughput against JavaScript, {title}"
        results.hold(what, javascript, f"≥ {TO_JAVASCRIPT}", holds=javascript.median >= TO_JAVASCRIPT)
        what = f"throughput against row by row, {title}"
        results.hold(what, rows_ratio, f"≥ {TO_ROWS}", holds=rows_ratio.median >= TO_ROWS)


def _profile(results: Results, objects: int) -> None:
    progress("profile")
    with profiled_main() as main, started(main, objects=objects) as subject:
        found = {"first pass": [], "unchanged pass": []}  # type: dict[str, list[Timed]]
        for _ in range(4):
            for name, timed in zip(found, both_passes(subject, {"max_objects": objects}), strict=True):
                found[name].append(timed)
    progress("")
    doors = ("r2 list", "page to JSON", "prepare and bind", "d1 batch")
    rows = []
    for name, runs in found.items():
        parts = {door: min(1000 * run.body[door] / run.body["pages"] for run in runs[1:]) for door in doors}
        total = min(1000 * run.body["total"] / run.body["pages"] for run in runs[1:])
        parts["Python and the rest"] = max(0.0, total - sum(parts.values()))
        rows.append((name, *(f"{parts[part]:.2f}" for part in parts), f"{total:.2f}"))
        results.keep(f"profile, {name}", {**{part: round(parts[part], 3) for part in parts}, "total": round(total, 3)})
    print(f"\nWhere the time of a page of 1,000 objects goes, in ms ({objects:,} objects, best of three)\n")
    print(table(("", *doors, "Python and the rest", "a page"), rows))
