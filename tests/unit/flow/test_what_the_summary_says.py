from __future__ import annotations

import asyncio
from dataclasses import replace
from typing import Any

import pytest

from backfill.passes import Pass
from backfill.progress import Progress
from backfill.ranges import Position, whole
from runs.record import Opening, open_run
from tests.support.actions import TOKEN, Api, numbered, tick, walked
from tests.support.fakes import World, migrated_world
from tests.support.flows import KeptFlows

BY_FLOW: dict[str, object] = {"STEWARD_TOKEN": TOKEN, "PASS_ENGINE": "workflow", "BACKFILL_MODE": "live"}


@pytest.fixture
def world() -> World:
    world = migrated_world()
    world.flows = KeptFlows(world.clock)
    world.rules((1, "raw/*", "raw"))
    world.bucket.put(*numbered(400))
    return world


def said(world: World, **variables: object) -> dict[str, Any]:
    answer = Api(world, {"STEWARD_TOKEN": TOKEN, "BACKFILL_MODE": "live", **variables}).json("GET", "/summary")
    assert answer.status_code == 200, answer.text
    found: dict[str, Any] = answer.json()["passes"][0]
    return found


def kept(world: World, current: Pass) -> None:
    """Store a pass as a slice does."""

    async def store() -> None:
        run = await open_run(world.database, world.clock, Opening("slice", "live", "flow", {}, exclusive=True))
        progress = Progress(world.ports(), "artifacts", "")
        progress.keep(run, current)
        await progress.save(current, at_end=True)
        await run.close("succeeded")

    asyncio.run(store())


def test_a_pass_by_flow_is_named_with_its_instance_and_one_by_cron_has_none(world: World) -> None:
    instance = walked(tick(world, **{name: BY_FLOW[name] for name in ("PASS_ENGINE", "BACKFILL_MODE")}))["instance"]
    found = said(world, **BY_FLOW)
    assert (found["engine"], found["instance"], found["state"]) == ("workflow", instance, "under way")
    assert (found["objects_per_second"], found["seconds_left"]) == (None, None)
    by_cron = migrated_world()
    assert (said(by_cron)["engine"], said(by_cron)["instance"]) == ("cron", None)


def test_the_rate_is_that_since_the_pass_began_and_the_time_left_that_of_the_pass_before(world: World) -> None:
    tick(world, PASS_INTERVAL_HOURS=0)
    tick(world, PASS_INTERVAL_HOURS=0, TICK_MAX_OBJECTS=100)
    world.clock.advance(seconds=100)
    found = said(world)
    assert found["expected_objects"] == 400
    assert found["objects_per_second"] == pytest.approx(1, abs=0.05)
    assert found["seconds_left"] == pytest.approx(300, abs=10)


def test_a_first_pass_has_a_rate_and_no_estimate_and_a_complete_one_neither(world: World) -> None:
    tick(world, TICK_MAX_OBJECTS=100)
    found = said(world)
    assert found["objects_per_second"] > 0
    assert (found["seconds_left"], found["expected_objects"]) == (None, None)
    tick(world)
    done = said(world)
    assert (done["state"], done["objects_per_second"], done["seconds_left"], done["ranges"]) == (
        "complete",
        None,
        None,
        [],
    )


def test_more_objects_than_the_last_time_leave_no_estimate(world: World) -> None:
    tick(world, PASS_INTERVAL_HOURS=0, TICK_MAX_OBJECTS=500)
    world.bucket.put(*numbered(600))
    tick(world, PASS_INTERVAL_HOURS=0, TICK_MAX_OBJECTS=500)
    assert said(world)["seconds_left"] is None


def test_the_ranges_of_a_pass_under_way_are_given_in_key_order(world: World) -> None:
    first, second, last = whole()[0].split(["raw/00100", "raw/00300"])
    kept(world, Pass("2026-11-22T12:00:00.000Z", (first, replace(second, position=Position(None, "raw/00150")), last)))
    assert said(world)["ranges"] == [
        {"from": None, "until": "raw/00100", "last": None, "done": False},
        {"from": "raw/00100", "until": "raw/00300", "last": "raw/00150", "done": False},
        {"from": "raw/00300", "until": None, "last": None, "done": False},
    ]
