"""What all runs of a day may read and write together: work stops before it, and goes on the next day."""

from __future__ import annotations

import asyncio
from typing import Any

import pytest

from runs.costs import PIECE_ROWS_WRITTEN, Cost
from runs.record import Opening, open_run
from settings import read_settings
from tests.support.actions import TOKEN, Api, everything, rows, tick
from tests.support.day import OBJECTS, filled_world, limited
from tests.support.fakes import World

TODAY, TOMORROW = "2026-11-22", "2026-11-23"


@pytest.fixture
def world() -> World:
    return filled_world()


def live(api: Api, **request: object) -> Any:  # noqa: ANN401
    return api.json("POST", "/backfill", {"dry_run": False, "max_objects": OBJECTS, **request})


def used(world: World, column: str = "rows_written") -> dict[object, object]:
    return dict(world.database.all(f"SELECT day, {column} FROM steward_days"))  # type: ignore[arg-type]  # two columns


def test_a_walk_stops_before_the_day_is_used_up_and_goes_on_the_next_day(world: World) -> None:
    limit = PIECE_ROWS_WRITTEN + 2_500
    api = limited(world, limit)
    first = live(api, spread=True).json()
    assert first["stopped_because"] == "quota"
    assert (first["truncated"], 0 < first["scanned"] < OBJECTS) == (True, True)
    assert used(world)[TODAY] <= limit  # type: ignore[operator]  # a number
    refused = live(api, cursor=first["cursor"], spread=True)
    assert (refused.status_code, refused.json()["reason"]) == (409, "quota")
    assert f"{TOMORROW}T00:00:00" in refused.json()["hint"]
    while len(rows(world)) < OBJECTS:
        world.clock.advance(hours=24)
        first = live(api, cursor=first["cursor"], spread=True).json()
    assert all(written <= limit for written in used(world).values())  # type: ignore[operator]  # numbers


def test_without_limits_nothing_is_counted_and_nothing_stops(world: World) -> None:
    assert live(Api(world)).json()["stopped_because"] == "end"
    assert used(world) == {}


def test_every_run_is_counted_where_there_is_a_limit(world: World) -> None:
    report = live(limited(world, 10**6)).json()
    assert used(world)[TODAY] >= report["cost"]["rows_written"] >= OBJECTS


@pytest.mark.parametrize(
    ("path", "body"),
    [
        ("/backfill", {}),
        ("/backfill", {"dry_run": False}),
        ("/check", {}),
        ("/recover", {}),
        ("/recover", {"dry_run": False}),
    ],
)
@pytest.mark.parametrize("name", ["DAILY_ROWS_READ", "DAILY_ROWS_WRITTEN"])
def test_what_has_nothing_left_is_refused_and_leaves_no_lease(
    world: World, name: str, path: str, body: dict[str, object]
) -> None:
    api = Api(world, {"STEWARD_TOKEN": TOKEN, name: 1})
    before = [line for line in everything(world).splitlines() if "INTO artifacts" in line]
    answer = api.json("POST", path, body)
    assert (answer.status_code, answer.json()["reason"]) == (409, "quota")
    run = api.json("GET", f"/runs/{answer.json()['run_id']}").json()
    assert (run["status"], "DAILY_ROWS_READ" in run["error"]) == ("stopped", True)
    assert world.database.one("SELECT lease_token FROM steward_control") is None
    assert [line for line in everything(world).splitlines() if "INTO artifacts" in line] == before


def test_a_tick_without_rows_left_ends_well_and_one_of_the_next_day_walks(world: World) -> None:
    limits = {"DAILY_ROWS_WRITTEN": 100_000, "PASS_INTERVAL_HOURS": 0}
    tick(world, **limits)
    world.database.script("DELETE FROM artifacts")
    world.database.script("UPDATE steward_days SET rows_written = 99000")
    world.clock.advance(hours=6)
    outcome: Any = tick(world, **limits)
    assert (outcome["status"], outcome["counts"]["backfill"]["artifacts"]["stopped_because"]) == ("succeeded", "quota")
    assert rows(world) == []
    world.clock.advance(hours=24)
    tick(world, **limits)
    assert len(rows(world)) == OBJECTS


def test_a_run_that_is_closed_twice_is_counted_once(world: World) -> None:
    opening = Opening("backfill", "live", "http", {}, exclusive=True, daily=read_settings({"DAILY_ROWS_READ": 10**6}))
    run = asyncio.run(open_run(world.database, world.clock, opening))
    for _ in range(2):
        asyncio.run(run.close("succeeded", cost=Cost(rows_read=70_000)))
    assert used(world, "rows_read") == {TODAY: 70_000 + run.overhead.rows_read}
