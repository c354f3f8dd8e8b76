"""A fault at every single platform call: nothing false is said, nothing is lost, and the next call makes it whole."""

from __future__ import annotations

import asyncio
from collections.abc import Callable
from itertools import count
from typing import Any

import pytest

from backfill.runner import BackfillRequest, run_backfill
from errors import StewardError
from ports import Ports
from recovery.undo import undo_run
from settings import read_settings
from tests.chaos.faults import KINDS, Fault, Kind, StaleStore
from tests.chaos.scenes import (
    SETTINGS,
    Truth,
    check_once,
    clean_world,
    dirty_world,
    dump,
    let_the_lease_run_out,
    recover_once,
)
from tests.databases import recovered
from tests.fakes import World
from tests.interruption import fused
from tests.support import COUNTS, rows, tick, walked
from tick import run_tick

every_kind = pytest.mark.parametrize("kind", KINDS, ids=str)
Work = Callable[[Ports], dict[str, Any]]


def attempt(work: Work, world: World, fault: Fault) -> dict[str, Any] | None:
    """Return what the work reports, or None where it says that it failed."""
    try:
        return work(fused(world, fault))
    except StewardError:
        return None


def live_backfill(ports: Ports, **request: object) -> dict[str, Any]:
    given: dict[str, Any] = {"dry_run": False, **request}
    return asyncio.run(run_backfill(ports, SETTINGS, BackfillRequest(**given)))


def one_tick(ports: Ports) -> dict[str, Any]:
    return asyncio.run(run_tick(ports, SETTINGS, "* * * * *"))


def tick_until_complete(world: World) -> None:
    for _ in range(20):
        let_the_lease_run_out(world)
        report = walked(tick(world))
        if "scanned" not in report or report["complete"]:
            return
    raise AssertionError("the pass does not end")


def recover_until_done(world: World) -> dict[str, Any]:
    for _ in range(20):
        let_the_lease_run_out(world)
        report = recover_once(world.ports(), max_groups=1)
        if report["done"]:
            return report
    raise AssertionError("the recovery does not end")


@every_kind
def test_a_manual_backfill_with_a_fault_at_any_call(kind: Kind) -> None:
    whole = clean_world()
    live_backfill(whole.ports())
    for at in count():
        world, fault = clean_world(), Fault(at, kind)
        report = attempt(live_backfill, world, fault)
        assert set(rows(world)) <= set(rows(whole)) | set(rows(clean_world()))
        if report is not None:
            assert report["scanned"] == sum(report[name] for name in COUNTS[1:])
            assert report["truncated"] or rows(world) == rows(whole), at
        let_the_lease_run_out(world)
        at_key = report["start_after"] if report and report["truncated"] else None
        live_backfill(world.ports(), start_after=at_key)
        assert rows(world) == rows(whole), at
        if not fault.struck:
            return


@every_kind
def test_a_tick_with_a_fault_at_any_call(kind: Kind) -> None:
    whole = clean_world()
    tick_until_complete(whole)
    for at in count():
        world, fault = clean_world(), Fault(at, kind)
        before = Truth(world).known()
        report = attempt(one_tick, world, fault)
        if report and "scanned" in (report["counts"]["backfill"].get("artifacts") or {}):
            assert not walked(report)["complete"] or rows(world) == rows(whole), at
        tick_until_complete(world)
        assert rows(world) == rows(whole), at
        assert before.items() <= Truth(world).known().items()
        let_the_lease_run_out(world)
        assert Truth(world).refuted(check_once(world.ports(), "fast")) == []
        assert world.database.all("SELECT id FROM steward_runs WHERE status = 'running'") == []
        if not fault.struck:
            return


@every_kind
@pytest.mark.parametrize("mode", ["fast", "full"])
def test_a_check_with_a_fault_at_any_call_never_says_a_false_holds(mode: str, kind: Kind) -> None:
    for at in count():
        world, fault = dirty_world(), Fault(at, kind)
        check_once(world.ports(), "full")
        opened = world.database.all("SELECT invariant FROM steward_findings WHERE resolved_at IS NULL")
        let_the_lease_run_out(world)
        report = attempt(lambda ports: check_once(ports, mode), world, fault)
        if report:
            assert Truth(world).refuted(report) == [], at
            assert not report["ok"]
        assert world.database.all("SELECT invariant FROM steward_findings WHERE resolved_at IS NULL") == opened
        if not fault.struck:
            return


@every_kind
def test_a_recovery_with_a_fault_at_any_call(kind: Kind) -> None:
    whole = dirty_world()
    assert recover_until_done(whole)["done"]
    for at in count():
        world, fault = dirty_world(), Fault(at, kind)
        truth = Truth(world)
        reach, objects, known = truth.reach(), truth.objects(), truth.known()
        report = attempt(lambda ports: recover_once(ports, max_groups=3), world, fault)
        assert reach.items() <= truth.reach().items(), at
        assert truth.objects() == objects
        if report and report["done"]:
            verify = next(step for step in report["steps"] if step["name"] == "verify")
            assert truth.refuted({"invariants": verify["sample"]}) == [], at
        done = recover_until_done(world)
        assert rows(world) == rows(whole), at
        assert truth.reach() == Truth(whole).reach()
        assert done["ok"] == (sum(truth.violations().values()) == 0)
        left = truth.known()
        assert all(left.get(number, its_type) == its_type for number, its_type in known.items())
        journal = world.database.all("SELECT loser_id FROM steward_merges ORDER BY loser_id")
        assert journal == whole.database.all("SELECT loser_id FROM steward_merges ORDER BY loser_id"), at
        assert world.database.one("SELECT count(*) FROM steward_remaps") == whole.database.one(
            "SELECT count(*) FROM steward_remaps"
        )
        if not fault.struck:
            return


@every_kind
def test_an_undo_with_a_fault_at_any_call(kind: Kind) -> None:
    for at in count():
        world, fault = dirty_world(), Fault(at, kind)
        truth = Truth(world)
        reach, before = truth.reach(), rows(world)
        run_id = recover_once(world.ports())["run_id"]
        let_the_lease_run_out(world)
        attempt(lambda ports: asyncio.run(undo_run(ports, SETTINGS, run_id)), world, fault)  # noqa: B023
        assert truth.reach() == reach, at
        let_the_lease_run_out(world)
        asyncio.run(undo_run(world.ports(), SETTINGS, run_id))
        assert truth.reach() == reach
        # What a loser taught a winner stays, so only the losers must be as they were.
        losers = world.database.all("SELECT loser_id FROM steward_merges WHERE undone_by IS NOT NULL")
        assert len(losers) == world.database.one("SELECT count(*) FROM steward_merges")
        assert len(rows(world)) == len(before), at
        if not fault.struck:
            return


DRY: dict[str, Work] = {
    "backfill": lambda ports: live_backfill(ports, dry_run=True),
    "recovery": recovered,
    "tick": lambda ports: asyncio.run(run_tick(ports, read_settings({"BACKFILL_MODE": "dry"}), "* * * * *")),
    "full check": lambda ports: check_once(ports, "full"),
}


@every_kind
@pytest.mark.parametrize("name", DRY)
def test_dry_work_with_a_fault_at_any_call_changes_nothing(name: str, kind: Kind) -> None:
    for at in count():
        world, fault = dirty_world(), Fault(at, kind)
        before = dump(world, without_own=True)
        attempt(DRY[name], world, fault)
        assert dump(world, without_own=True) == before, at
        assert world.store.writes == 0
        assert world.database.one("SELECT paused_by FROM steward_control") is None
        if not fault.struck:
            return


@pytest.mark.parametrize("minutes", [0.2, 0.5, 1, 15])
def test_with_a_kv_that_is_a_minute_behind_every_object_still_gets_its_row(minutes: float) -> None:
    whole = clean_world()
    live_backfill(whole.ports())
    world = clean_world()
    store = StaleStore(world.clock)
    ports = Ports(world.database, world.buckets, store, world.clock, world.poster)
    settings = read_settings({"BACKFILL_MODE": "live", "TICK_MAX_OBJECTS": 3})
    for _ in range(60):
        asyncio.run(run_tick(ports, settings, "* * * * *"))
        world.clock.advance(minutes=minutes)
    if minutes > 0.5:
        assert rows(world) == rows(whole)
    assert set(rows(world)) <= set(rows(whole)) | set(rows(clean_world()))
    completed = store.history["backfill:artifacts:"][-1][1]
    assert '"scanned"' in completed
