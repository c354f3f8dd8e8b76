"""What a pass asks of the platform per 1,000 objects, what a run costs besides, and what that comes to in money.

Calls and rows are counted at the raw bindings, so nothing the Worker does is left out. Two passes of different length
tell the price of 1,000 objects (their difference) from what every run costs once (the rest).
"""

from __future__ import annotations

from dataclasses import asdict

from bench.checks import GROW, GROW_CHILDREN
from bench.money import DATABASE_GB, GB, TICK_OBJECTS, Figures, Measured, forecast
from bench.rounds import progress
from bench.subject import Subject, entry, expected_types, started
from bench.verdicts import Results
from forecast.prices import MILLION
from tooling.table import table

SHORT = 2000
LONG = 12_000
TICKED = 2 * TICK_OBJECTS
"""Objects in the bucket: a tick walks half of them, as one in the middle of a pass does."""

SOME, MANY = 300_000, 800_000
"""Rows of tables that a full check takes in two and in four ranges."""

FIRST_ID = 1_000_000
"""Beyond the ids and the numbers of the keys that the passes left."""

READS_AN_UNCHANGED_OBJECT = 1.1
WRITES_A_NEW_OBJECT = 2
SIZES = (1, 10, 100)
NAMES = ("lists", "batches", "statements", "rows_read", "rows_written", "kv_reads", "kv_writes")


def measure(results: Results) -> None:
    """Measure, hold against the promises, and forecast."""
    progress("costs: starting the Worker")
    with entry("doors") as main, started(main, objects=TICKED, BACKFILL_MODE="live", WALK_LANES=1) as subject:
        progress("costs: passes and ticks")
        empty = _bytes(subject)
        short, long = _passes(subject, SHORT), _passes(subject, LONG)
        artifact_bytes = (_bytes(subject) - empty) / sum(expected_types(LONG).values())
        ticks = _ticks(subject)
        rows = _rows(subject, artifact_bytes)
    progress("")
    new, unchanged = (_per_thousand(one, another) for one, another in zip(short, long, strict=True))
    once = _less(short[1], unchanged, SHORT)
    tick = _less(ticks["in the middle of a pass"], unchanged, TICK_OBJECTS)
    _tell({"new": new, "unchanged": unchanged}, {"a manual run": once, "a tick that walks": tick, **ticks})
    _hold(results, new, unchanged, long[0])
    results.keep("per 1,000 objects", {"new": new, "unchanged": unchanged})
    results.keep("once", {"a manual run": once, "a tick that walks": tick, **ticks})
    results.keep("rows", {name: round(value, 2) for name, value in rows.items()})
    _forecast(results, Measured(new, unchanged, tick, **rows))


def _passes(subject: Subject, objects: int) -> tuple[dict[str, float], dict[str, float]]:
    """Return what a first pass and an unchanged one cost in all, with the rows the first one reports as inserted."""
    subject.sql("DELETE FROM artifacts")
    found = []
    for _ in range(2):
        subject.get("/doors")
        body = subject.post("/backfill", {"dry_run": False, "max_objects": objects}).body
        found.append({**_counted(subject), "inserted": float(body["inserted"])})
    return found[0], found[1]


def _counted(subject: Subject) -> dict[str, float]:
    seen = subject.get("/doors")
    return {name: float(seen[name]) for name in NAMES}


def _ticks(subject: Subject) -> dict[str, dict[str, float]]:
    """Return what whole ticks cost. The first one makes the daily full check; its rows go by the table's size."""
    subject.sql("DELETE FROM artifacts")
    found = {}
    for name in ("the first of a day", "at the end of a pass", "while the pass rests"):
        subject.get("/doors")
        subject.tick()
        found[name] = _counted(subject)
    subject.harness.kv_delete("backfill:artifacts:")
    subject.sql("DELETE FROM steward_passes")
    subject.get("/doors")
    subject.tick()
    found["in the middle of a pass"] = _counted(subject)
    return {name: found[name] for name in ("in the middle of a pass", "while the pass rests")}


def _rows(subject: Subject, artifact_bytes: float) -> dict[str, float]:
    """Return the bytes of an artifact and a datapoint with their indexes, and the rows a full check reads of each.

    A full check takes a large table in ranges, and finding a range reads it once more: what it reads of a row is the
    difference between two tables of several ranges each.
    """
    looks = []
    for text in (GROW, GROW_CHILDREN):
        for first, last in ((FIRST_ID, FIRST_ID + SOME), (FIRST_ID + SOME + 1, FIRST_ID + MANY)):
            progress(f"costs: growing to {last - FIRST_ID:,} rows, and a full check")
            subject.sql(text.format(first=first, last=last))
            looks.append((_full_check_reads(subject), _bytes(subject)))
    (some, _), (many, _), (some_children, before), (many_children, after) = looks
    return {
        "artifact_bytes": artifact_bytes,
        "artifact_reads": (many - some) / (MANY - SOME),
        "datapoint_bytes": (after - before) / (MANY - SOME),
        "datapoint_reads": (many_children - some_children) / (MANY - SOME),
    }


def _full_check_reads(subject: Subject) -> float:
    subject.get("/doors")
    answer = subject.post("/check", {"mode": "full"})
    if not answer.body["ok"]:
        raise RuntimeError(f"a check of a healthy table found {answer.body['invariants']}")
    return _counted(subject)["rows_read"]


def _bytes(subject: Subject) -> int:
    return int(subject.harness.d1("SELECT 1").meta["size_after"])


def _per_thousand(short: Figures, long: Figures) -> dict[str, float]:
    return {name: (long[name] - short[name]) * 1000 / (LONG - SHORT) for name in NAMES}


def _less(whole: Figures, per_thousand: Figures, objects: int) -> dict[str, float]:
    """Return what is left of a run when its pages are taken off."""
    return {name: whole[name] - per_thousand[name] * objects / 1000 for name in NAMES}


def _tell(pages: dict[str, dict[str, float]], once: dict[str, dict[str, float]]) -> None:
    print(f"\nPer 1,000 objects, nine in ten classified: a pass over {LONG:,} less one over {SHORT:,}\n")
    print(table(("", *pages), [(name, *(f"{one[name]:,.1f}" for one in pages.values())) for name in NAMES]))
    print("\nOnce a run, however many objects (lease, run row, schema, rules; in a tick also the fast check)\n")
    print(table(("", *once), [(name, *(f"{one[name]:,.1f}" for one in once.values())) for name in NAMES]))
    print()


def _hold(results: Results, new: Figures, unchanged: Figures, long: Figures) -> None:
    calls = {(one["lists"], one["batches"]) for one in (new, unchanged)}
    results.hold("calls per 1,000 objects", sorted(calls), "1 list and 1 batch", holds=calls == {(1.0, 1.0)})
    written = new["rows_written"] / (long["inserted"] / LONG * 1000)
    results.hold("rows written per row inserted", round(written, 3), "2", holds=written == WRITES_A_NEW_OBJECT)
    again = unchanged["rows_written"]
    results.hold("rows written per unchanged object", again, "0", holds=again == 0)
    read = unchanged["rows_read"] / 1000
    wanted = f"≤ {READS_AN_UNCHANGED_OBJECT}"
    results.hold("rows read per unchanged object", round(read, 3), wanted, holds=read <= READS_AN_UNCHANGED_OBJECT)


def _forecast(results: Results, measured: Measured) -> None:
    found = [forecast(measured, size * MILLION) for size in SIZES]
    heads = ("", *(f"{size} million objects" for size in SIZES))
    rows = [
        ("first pass, once", *(f"${one.first_pass:,.2f}" for one in found)),
        ("an unchanged pass", *(f"${one.unchanged_pass:,.4f}" for one in found)),
        ("days a pass takes", *(f"{one.pass_days:,.1f}" for one in found)),
        ("passes a month", *(f"{one.passes_a_month:,.1f}" for one in found)),
        ("a month: passes", *(f"${one.passes_a_month * one.unchanged_pass:,.2f}" for one in found)),
        ("a month: ticks without their pages", *(f"${one.month_of_ticks:,.2f}" for one in found)),
        ("a month: daily full checks", *(f"${one.month_of_checks:,.2f}" for one in found)),
        ("a month: storage", *(f"${one.month_of_storage:,.2f}" for one in found)),
        ("a month", *(f"${one.month:,.2f}" for one in found)),
        ("GB of artifacts", *(f"{one.database_gb:,.2f}" for one in found)),
        ("databases for them", *(f"{one.databases}" for one in found)),
    ]
    print(f"\nIn money, before what the plan includes; {TICK_OBJECTS:,} objects a tick every 15 minutes\n")
    print(table(heads, rows))
    most = DATABASE_GB * GB / measured.artifact_bytes
    kept = [
        ("an artifact, its key of 22 bytes", f"{measured.artifact_bytes:.0f}", f"{measured.artifact_reads:.1f}"),
        ("a datapoint", f"{measured.datapoint_bytes:.0f}", f"{measured.datapoint_reads:.1f}"),
    ]
    print("\nA row, with its unique index\n")
    print(table(("", "bytes", "rows a full check reads for it"), kept))
    print(f"\n  A database ends at {DATABASE_GB} GB: {most / MILLION:.0f} million artifacts alone.\n")
    results.keep("forecast", {f"{one.objects:,} objects": {**asdict(one), "month": one.month} for one in found})
