from __future__ import annotations

import asyncio
import itertools
from typing import Any

import pytest

from errors import LeaseLostError, RefusedError
from runs.history import list_runs, read_run, readable
from runs.lease import LEASE, RENEW_AFTER
from runs.pause import pause, read_control, resume
from runs.record import TRANSITIONS, Opening, Run, open_run
from tests.support.actions import Api, everything, tick
from tests.support.fakes import World, migrated_world

LIVE = Opening("backfill", "live", "http", {"max_objects": 1}, exclusive=True)
DRY = Opening("backfill", "dry", "http", {}, exclusive=False)
STATUSES = ("running", "succeeded", "stopped", "failed", "abandoned")
ENDS = [status for _, status in TRANSITIONS]
FORBIDDEN = sorted(set(itertools.product(STATUSES, STATUSES)) - TRANSITIONS.keys())


@pytest.fixture
def world() -> World:
    return migrated_world()


def opened(world: World, opening: Opening = LIVE) -> Run:
    return asyncio.run(open_run(world.database, world.clock, opening))


def close(run: Run, status: Any = "succeeded", **rest: Any) -> None:  # noqa: ANN401
    asyncio.run(run.close(status, **rest))


def row(world: World, run: Run) -> dict[str, object]:
    found = asyncio.run(read_run(world.database, run.id))
    assert found is not None
    return readable(found)


def control(world: World) -> dict[str, Any]:
    return dict(asyncio.run(read_control(world.database)))


def let_the_lease_run_out(world: World) -> None:
    world.clock.advance(seconds=LEASE.total_seconds())


def put_in_status(world: World, run: Run, status: str) -> None:
    world.database.connection.execute("UPDATE steward_runs SET status = ? WHERE id = ?", (status, run.id))


def test_the_table_of_transitions_is_the_whole_design() -> None:
    assert set(TRANSITIONS) == {("running", end) for end in ("succeeded", "stopped", "failed", "abandoned")}
    assert all(TRANSITIONS.values())


def test_a_run_is_on_record_before_it_works(world: World) -> None:
    run = opened(world)
    found = row(world, run)
    assert (found["status"], found["kind"], found["mode"], found["trigger"]) == ("running", "backfill", "live", "http")
    assert found["request"] == {"max_objects": 1}
    assert (found["finished_at"], found["counts"], found["cost"], found["error"]) == (None, None, None, None)


@pytest.mark.parametrize("status", ["succeeded", "stopped", "failed"])
def test_a_run_ends_with_its_counts_cost_and_error(world: World, status: str) -> None:
    run = opened(world)
    close(run, status, counts={"scanned": 3}, error="why")
    found = row(world, run)
    assert (found["status"], found["counts"], found["error"]) == (status, {"scanned": 3}, "why")
    assert str(found["finished_at"]) > str(found["started_at"])
    assert set(found["cost"]) >= {"r2_lists", "d1_batches", "rows_read", "rows_written"}  # type: ignore[call-overload]


@pytest.mark.parametrize(("before", "after"), [pair for pair in FORBIDDEN if pair[0] != "running"])
def test_an_ended_run_stays_as_it_ended(world: World, before: str, after: str) -> None:
    run = opened(world)
    put_in_status(world, run, before)
    ended = row(world, run)
    if after == "abandoned":
        let_the_lease_run_out(world)
        opened(world)
    elif after == "running":
        with pytest.raises(ValueError, match="cannot end"):
            close(run, after)
    else:
        close(run, after, counts={"scanned": 9}, error="late")
    assert row(world, run) == ended


def test_a_run_cannot_end_as_running_or_as_something_unheard_of(world: World) -> None:
    run = opened(world)
    for status in ("running", "done", ""):
        with pytest.raises(ValueError, match="cannot end"):
            close(run, status)
    assert row(world, run)["status"] == "running"


def test_a_second_live_run_is_refused_and_leaves_no_row(world: World) -> None:
    first = opened(world)
    with pytest.raises(RefusedError, match=f"Run {first.id} is in progress") as refused:
        opened(world)
    assert refused.value.reason == "busy"
    assert str(first.id) in refused.value.hint
    assert world.database.one("SELECT count(*) FROM steward_runs") == 1


def test_a_dry_run_needs_no_lease(world: World) -> None:
    opened(world)
    assert opened(world, DRY).fence is None
    assert opened(world, DRY).token is None


@pytest.mark.parametrize("status", ["succeeded", "stopped", "failed"])
def test_however_a_live_run_ends_the_next_one_may_start(world: World, status: str) -> None:
    first = opened(world)
    close(first, status)
    assert opened(world).id > first.id


def test_the_fence_grows_with_every_lease(world: World) -> None:
    fences = []
    for _ in range(3):
        run = opened(world)
        fences.append(run.fence)
        close(run)
    assert fences == [1, 2, 3]


def test_a_dead_run_frees_its_lease_and_is_marked_abandoned(world: World) -> None:
    dead = opened(world)
    let_the_lease_run_out(world)
    alive = opened(world)
    assert row(world, dead)["status"] == "abandoned"
    assert "killed" in str(row(world, dead)["error"])
    assert control(world)["lease_run"] == alive.id


def test_a_dead_dry_run_is_marked_abandoned_too(world: World) -> None:
    dead = opened(world, DRY)
    let_the_lease_run_out(world)
    opened(world)
    assert row(world, dead)["status"] == "abandoned"


@pytest.mark.parametrize("opening", [LIVE, DRY])
def test_a_dry_run_changes_no_row_but_its_own_though_another_run_is_dead(world: World, opening: Opening) -> None:
    dead = opened(world, opening)
    let_the_lease_run_out(world)
    before = everything(world)
    own = opened(world, DRY)
    close(own)
    world.database.connection.execute("DELETE FROM steward_runs WHERE id = ?", (own.id,))
    world.database.connection.execute("UPDATE sqlite_sequence SET seq = ? WHERE name = 'steward_runs'", (dead.id,))
    assert everything(world) == before


@pytest.mark.parametrize("mode", ["off", "dry", "live"])
def test_a_tick_of_any_mode_marks_a_dead_run_so_that_none_is_shown_as_at_work_for_ever(world: World, mode: str) -> None:
    dead = opened(world, DRY)
    let_the_lease_run_out(world)
    assert tick(world, BACKFILL_MODE=mode)["status"] == "succeeded"
    api = Api(world)
    for listed in (api.json("GET", "/runs").json(), api.json("GET", "/summary").json()):
        assert {run["id"]: run["status"] for run in listed["runs"]}[dead.id] == "abandoned"


def test_a_run_that_keeps_its_lease_is_not_taken_for_dead(world: World) -> None:
    run = opened(world)
    for _ in range(10):
        world.clock.advance(seconds=60)
        asyncio.run(run.renew())
    with pytest.raises(RefusedError):
        opened(world)
    assert row(world, run)["status"] == "running"


def test_the_lease_is_renewed_now_and_then_and_not_at_every_page(world: World) -> None:
    run = opened(world)
    until = control(world)["lease_until"]
    asyncio.run(run.renew())
    assert control(world)["lease_until"] == until
    world.clock.advance(seconds=RENEW_AFTER.total_seconds())
    asyncio.run(run.renew())
    assert control(world)["lease_until"] > until
    assert run.overhead.d1_batches == 2


def test_a_run_that_lost_its_lease_is_stopped_at_its_next_renewal(world: World) -> None:
    old = opened(world)
    let_the_lease_run_out(world)
    opened(world)
    with pytest.raises(LeaseLostError, match=f"run {old.id}"):
        asyncio.run(old.renew())


def test_a_run_that_lost_its_lease_ends_without_freeing_that_of_the_other(world: World) -> None:
    old = opened(world)
    let_the_lease_run_out(world)
    new = opened(world)
    close(old, "failed", error="late")
    assert row(world, old)["status"] == "abandoned"
    assert control(world)["lease_run"] == new.id
    with pytest.raises(RefusedError):
        opened(world)


def test_closing_twice_changes_nothing(world: World) -> None:
    run = opened(world)
    close(run, "succeeded", counts={"scanned": 1})
    ended = row(world, run)
    close(run, "failed", error="again")
    assert row(world, run) == ended


def test_who_paused_first_and_why_stays(world: World) -> None:
    asyncio.run(pause(world.database, world.clock, by="operator", reason="first"))
    asyncio.run(pause(world.database, world.clock, by="recovery", reason="second"))
    assert (control(world)["paused_by"], control(world)["pause_reason"]) == ("operator", "first")
    asyncio.run(pause(world.database, world.clock, by="operator", reason="third"))
    assert control(world)["pause_reason"] == "first"
    asyncio.run(resume(world.ports()))
    assert control(world)["paused_by"] is None
    assert control(world)["paused_at"] is None


@pytest.mark.parametrize("by", ["recovery", "undo"])
def test_an_operator_takes_over_what_a_run_paused(world: World, by: str) -> None:
    asyncio.run(pause(world.database, world.clock, by=by, reason="a run's"))
    asyncio.run(pause(world.database, world.clock, by="operator", reason="mine"))
    assert (control(world)["paused_by"], control(world)["pause_reason"]) == ("operator", "mine")


def test_a_run_knows_whether_work_was_paused_when_it_began(world: World) -> None:
    asyncio.run(pause(world.database, world.clock, by="operator", reason="why"))
    assert opened(world).paused_by == "operator"


def test_runs_are_listed_newest_first_by_kind_and_page(world: World) -> None:
    ids = [opened(world, Opening(kind, "dry", "http", {}, exclusive=False)).id for kind in ("backfill", "check") * 3]

    def listed(**query: Any) -> list[object]:  # noqa: ANN401
        return [run["id"] for run in asyncio.run(list_runs(world.database, **query))]

    assert listed() == ids[::-1]
    assert listed(limit=2) == ids[:3:-1]
    assert listed(limit=2, before=ids[4]) == ids[3:1:-1]
    assert listed(kind="check") == ids[5::-2]
    assert listed(kind="check", before=ids[3]) == [ids[1]]
    assert listed(before=ids[0]) == []


def test_a_run_that_is_not_there_is_none(world: World) -> None:
    assert asyncio.run(read_run(world.database, 1)) is None
