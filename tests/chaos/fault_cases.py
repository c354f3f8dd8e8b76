"""One piece of work with a fault in it, then the same work again: what must be true on the way and at the end.

Each runs on any engine. What must come out is written by hand in `cases`.
"""

from __future__ import annotations

import json
from collections.abc import Callable, Mapping
from functools import partial
from typing import Any, NamedTuple

from tests.chaos.engines import Engine, Report
from tests.chaos.fixtures import (
    BACKFILLED,
    EXISTING,
    MERGES,
    ORPHAN,
    RECOVERED,
    REFERENCES,
    REMAPPED,
    REMAPS,
    SCANNED,
    UNDONE,
    Truth,
    clean_world,
    dirty_world,
    mendable_world,
    uprooted,
)
from tests.support.fakes import World
from words import COUNTS

BEFORE: dict[object, tuple[object, ...]] = {key: (kind, fetched) for _, key, kind, fetched in EXISTING}
FINDINGS = "SELECT invariant FROM steward_findings WHERE resolved_at IS NULL ORDER BY invariant"
LIVE = {"dry_run": False}
GROUPS = 4


class Scenario(NamedTuple):
    """A piece of work, the world that it begins in, and how many platform calls it makes at the least."""

    world: Callable[[], World]
    play: Callable[[Engine], None]
    fewest: int


def backfilled(engine: Engine) -> bool:
    """Tell whether the rows are those that one pass leaves."""
    return Truth(engine).keys() == _wanted(engine)


def between(engine: Engine) -> bool:
    """Tell whether every row is as it was or as it shall be, and none is gone."""
    rows, wanted = Truth(engine).keys(), _wanted(engine)
    return BEFORE.keys() <= rows.keys() and all(row in (BEFORE.get(key), wanted.get(key)) for key, row in rows.items())


def _wanted(engine: Engine) -> dict[object, tuple[object, ...]]:
    """Return the rows written by hand; real R2 gives an object the time of its arrival."""
    times = engine.uploaded()
    return {key: (kind, times[key] if fetched else None) for key, (kind, fetched) in BACKFILLED.items()}


def believable(engine: Engine, before: Mapping[str, int], report: Report | None) -> None:
    """Check every verdict that a tick reports, and those that the summary keeps of it."""
    truth = Truth(engine)
    told = ((report or {}).get("counts") or {}).get("check") or {}
    kept = truth.last_check() or {}
    for verdicts in (told.get("invariants", ()), kept.get("invariants", ())):
        assert truth.refuted(verdicts, before) == []


def completed(engine: Engine) -> Mapping[str, Any]:
    """Return the counts of the pass that KV holds, which must be complete."""
    stored = json.loads(engine.stored()["backfill:artifacts:"])
    assert stored["completed_at"] is not None
    counts: dict[str, Any] = stored["counts"]
    return counts


def whole_pass(counts: Mapping[str, Any]) -> bool:
    """Tell whether the counts are those of every object, once; a page that was repeated finds its rows unchanged."""
    rows = ("inserted", "upgraded", "unchanged", "newer")
    return {**SCANNED, **dict.fromkeys(rows, 0)} == {
        **{name: counts[name] for name in COUNTS},
        **dict.fromkeys(rows, 0),
    } and sum(counts[name] for name in rows) == sum(SCANNED[name] for name in rows)


def manual_backfill(engine: Engine) -> None:
    """A live run answers the truth, and the next one, from where it stopped, ends in the right rows."""
    with engine.trouble():
        report = engine.post("/backfill", LIVE)
    assert between(engine)
    if report is not None:
        assert report["scanned"] == sum(report[name] for name in COUNTS[1:])
        assert report["truncated"] or (backfilled(engine) and whole_pass(report))
    engine.wait()
    at_key = report["start_after"] if report and report["truncated"] else None
    again = engine.post("/backfill", {**LIVE, "start_after": at_key})
    assert again
    assert not again["truncated"]
    assert backfilled(engine)


def resumed_backfill(engine: Engine) -> None:
    """Manual slices that continue the stored pass miss nothing, whatever became of the position."""
    request = {**LIVE, "resume": True, "max_objects": 5}
    with engine.trouble():
        engine.post("/backfill", request)
    assert between(engine)
    for _ in range(3):
        engine.wait()
        report = engine.post("/backfill", request)
        if report and not report["truncated"]:
            break
    assert backfilled(engine)
    assert whole_pass(completed(engine))


def tick(engine: Engine) -> None:
    """A tick says nothing false, and exactly one more completes the pass."""
    truth = Truth(engine)
    before, children = truth.violations(), truth.children()
    with engine.trouble():
        report = engine.tick()
    believable(engine, before, report)
    walked = ((report or {}).get("counts") or {}).get("backfill") or {}
    if walked.get("artifacts", {}).get("complete"):
        assert backfilled(engine)
        assert whole_pass(walked["artifacts"])
    assert between(engine)
    engine.wait()
    before = truth.violations()
    report = engine.tick()
    believable(engine, before, report)
    assert report
    assert report["status"] == "succeeded"
    assert backfilled(engine)
    assert truth.children() == children
    assert whole_pass(completed(engine))
    assert engine.database.all("SELECT id FROM steward_runs WHERE status = 'running'") == []


def tick_on_a_dirty_database(engine: Engine) -> None:
    """A tick that finds everything broken says so, and touches no row."""
    truth = Truth(engine)
    before, rows, children = truth.violations(), truth.artifacts(), truth.children()
    for number in range(2):
        if number:
            engine.wait()
            report = engine.tick()
        else:
            with engine.trouble():
                report = engine.tick()
        believable(engine, before, report)
        assert (truth.artifacts(), truth.children()) == (rows, children)
    assert [row[0] for row in engine.database.all(FINDINGS)] == sorted(name for name in before if before[name])


def check(engine: Engine, *, mode: str) -> None:
    """A check never says a false `holds`, and closes no finding that is still true."""
    truth = Truth(engine)
    engine.post("/check", {"mode": "full"})
    opened = engine.database.all(FINDINGS)
    rows, children = truth.artifacts(), truth.children()
    engine.wait()
    with engine.trouble():
        report = engine.post("/check", {"mode": mode})
    if report:
        assert truth.refuted(report["invariants"]) == []
        assert not report["ok"]
    assert truth.refuted(truth.last_check()["invariants"]) == []
    assert engine.database.all(FINDINGS) == opened != []
    assert (truth.artifacts(), truth.children()) == (rows, children)


def recovery(engine: Engine, *, orphan: Mapping[int, int], most: int = 5000) -> None:
    """A recovery loses nothing, and one more call makes it whole; it resumes only where all is well.

    With fewer groups a call than there are, it takes as many calls more.
    """
    truth = Truth(engine)
    request = {**LIVE, "max_groups": most}
    children, objects, known = truth.children(), truth.objects(), _known_objects(truth)
    with engine.trouble():
        report = engine.post("/recover", request)
    assert uprooted(children, truth.children()) == []
    assert truth.objects() == objects
    assert known <= _known_objects(truth)
    if report and report["done"]:
        verify = next(step for step in report["steps"] if step["name"] == "verify")
        assert truth.refuted(verify["sample"]) == []
    assert not (report and report["ok"] and any(truth.violations().values()))
    if report and "Scheduled backfill stays paused" in str(report["steps"][-1].get("error")):
        assert truth.paused_by() == "recovery", report["steps"][-1]
    again = None
    for _ in range(max(1, GROUPS // most)):
        engine.wait()
        again = engine.post("/recover", request)
        if again and again["done"]:
            break
    assert again
    assert (again["done"], again["ok"]) == (True, not orphan)
    assert sum(truth.violations().values()) == len(orphan)
    assert truth.artifacts() == RECOVERED
    assert truth.references() == {**REMAPPED, **orphan}
    assert (truth.merges(), truth.remaps()) == (MERGES, REMAPS)
    assert truth.paused_by() == ("recovery" if orphan else None)


def _known_objects(truth: Truth) -> set[object]:
    return {key for _, key, kind, _ in truth.artifacts() if kind != "unknown"}


def undo(engine: Engine) -> None:
    """An undo loses no child, and one more call brings every loser and every reference back."""
    truth = Truth(engine)
    children = truth.children()
    report = engine.post("/recover", {**LIVE, "max_groups": 5000})
    assert report
    path = f"/runs/{report['run_id']}/undo"
    engine.wait()
    with engine.trouble():
        engine.post(path, {})
    assert uprooted(children, truth.children()) == []
    engine.wait()
    engine.post(path, {})
    assert truth.artifacts() == UNDONE
    assert truth.references() == REFERENCES


OWN_RECORD = ("steward_runs", "steward_plans", "steward_plan_slices", "sqlite_sequence")
OF_A_CHECK = (*OWN_RECORD, "steward_control", "steward_findings", "steward_days")
CONTROL = "SELECT paused_by, pause_reason, paused_at, deletes_left FROM steward_control"


def dry(engine: Engine, *, work: Callable[[Engine], Report | None], may_write: tuple[str, ...] = OWN_RECORD) -> None:
    """Dry work writes its own record, with the plan of what it found, and nothing else."""
    before = engine.dump(may_write), engine.database.all(CONTROL), engine.stored()
    with engine.trouble():
        work(engine)
    assert (engine.dump(may_write), engine.database.all(CONTROL), engine.stored()) == before


SCENARIOS = {
    "manual backfill": Scenario(clean_world, manual_backfill, 10),
    "resumed backfill": Scenario(clean_world, resumed_backfill, 9),
    "tick": Scenario(clean_world, tick, 30),
    "tick on a dirty database": Scenario(dirty_world, tick_on_a_dirty_database, 18),
    "fast check": Scenario(dirty_world, partial(check, mode="fast"), 12),
    "full check": Scenario(dirty_world, partial(check, mode="full"), 15),
    "recovery": Scenario(mendable_world, partial(recovery, orphan={}), 50),
    "recovery with an orphan": Scenario(dirty_world, partial(recovery, orphan=ORPHAN), 70),
    "recovery in several calls": Scenario(mendable_world, partial(recovery, orphan={}, most=2), 25),
    "undo": Scenario(mendable_world, undo, 9),
    "dry backfill": Scenario(clean_world, partial(dry, work=lambda on: on.post("/backfill", {"dry_run": True})), 10),
    "dry recovery": Scenario(dirty_world, partial(dry, work=lambda on: on.post("/recover", {"dry_run": True})), 28),
    "dry tick": Scenario(clean_world, partial(dry, work=lambda on: on.tick(dry=True), may_write=OF_A_CHECK), 28),
    "check, which is always dry": Scenario(
        dirty_world, partial(dry, work=lambda on: on.post("/check", {"mode": "full"}), may_write=OF_A_CHECK), 15
    ),
}
