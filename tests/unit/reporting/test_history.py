"""The days as charts show them: written by ticks, each run counted once, and kept for some months."""

from __future__ import annotations

import json
from typing import Any

import pytest

from tests.support.actions import TOKEN, Api, everything, numbered, tick
from tests.support.fakes import World, migrated_world


@pytest.fixture
def world() -> World:
    world = migrated_world()
    world.rules((1, "raw/*", "raw"))
    world.bucket.put(*numbered(10))
    return world


@pytest.fixture
def api(world: World) -> Api:
    return Api(world, {"STEWARD_TOKEN": TOKEN, "DAILY_ROWS_WRITTEN": 1000})


def history(api: Api, days: int = 30) -> dict[str, Any]:
    found: dict[str, Any] = api.json("GET", f"/history?days={days}").json()
    return found


def test_before_the_first_tick_nothing_is_known(api: Api) -> None:
    found = history(api)
    assert (found["days"], found["passes"]) == ([], [])
    assert found["limits"] == {"rows_read": 0, "rows_written": 1000}


def test_a_day_keeps_the_most_violations_and_the_last_count_of_types(world: World, api: Api) -> None:
    world.database.script(
        "INSERT INTO artifacts VALUES (91, 'artifacts', 'x', 'unknown', NULL), (92, 'artifacts', 'y', 'a', '1')"
    )
    tick(world)
    world.database.script("UPDATE artifacts SET source_type = 'b' WHERE id = 91")
    world.clock.advance(minutes=15)
    tick(world)
    [day] = history(api)["days"]
    assert day["day"] == "2026-11-22"
    assert day["violations"]["no_unknown_source_type"] == 1
    assert day["violations"]["unique_index_present"] == 0
    assert day["types"] == {"a": 1, "unknown": 1}
    world.clock.advance(days=1)
    tick(world)
    later = history(api)["days"][-1]
    assert later["violations"]["no_unknown_source_type"] == 0
    assert later["types"] == {"a": 1, "b": 1, "raw": 10}


def test_each_run_is_counted_once_however_it_was_asked_for(world: World, api: Api) -> None:
    tick(world)
    api.json("POST", "/check", {"mode": "full"})
    api.json("POST", "/backfill", {})
    for _ in range(3):
        world.clock.advance(minutes=15)
        tick(world)
    [day] = history(api)["days"]
    # The last tick is still at work when it writes.
    ended = world.database.all("SELECT cost FROM steward_runs ORDER BY id")[:-1]
    costs = [json.loads(str(cost)) for (cost,) in ended]
    assert day["runs"] == len(costs) == 5
    assert day["rows_written"] == sum(one["rows_written"] + one["overhead"]["rows_written"] for one in costs)
    assert day["failed"] == 0


def test_a_run_at_work_is_counted_when_it_has_ended(world: World, api: Api) -> None:
    world.database.script("""
      INSERT INTO steward_runs (kind, mode, trigger, status, started_at, expires_at, request)
      VALUES ('check', 'full', 'http', 'running', '2026-11-22T11:59:00.000Z', '2026-11-22T23:00:00.000Z', '{}')
    """)
    tick(world)
    assert history(api)["days"][0]["runs"] == 0
    world.database.script(
        "UPDATE steward_runs SET status = 'failed', finished_at = '2026-11-22T12:05:00.000Z' WHERE id = 1"
    )
    world.clock.advance(minutes=15)
    tick(world)
    [day] = history(api)["days"]
    assert (day["runs"], day["failed"]) == (2, 1)


def test_a_check_of_yesterday_is_not_todays(world: World, api: Api) -> None:
    world.database.script("INSERT INTO artifacts VALUES (91, 'artifacts', 'x', 'unknown', NULL)")
    tick(world)
    world.database.script("DROP TABLE artifacts")
    world.clock.advance(days=1)
    tick(world)
    first, second = history(api)["days"]
    assert first["violations"]["no_unknown_source_type"] == 1
    assert second["violations"].get("no_unknown_source_type") is None
    assert second["types"] is None


def test_the_largest_types_are_kept_and_the_others_are_one(world: World, api: Api) -> None:
    world.database.connection.executemany(
        "INSERT INTO artifacts (r2_bucket, r2_key, source_type) VALUES ('artifacts', ?, ?)",
        [(f"k{number}-{copy}", f"t{number:02}") for number in range(45) for copy in range(number + 1)],
    )
    tick(world, BACKFILL_MODE="off")
    types = history(api)["days"][0]["types"]
    assert len(types) == 41
    assert types["(others)"] == 1 + 2 + 3 + 4 + 5
    assert sum(types.values()) == sum(range(1, 46))


def test_days_are_kept_for_some_months_and_told_as_asked(world: World, api: Api) -> None:
    for _ in range(125):
        tick(world, BACKFILL_MODE="off")
        world.clock.advance(days=1)
    assert world.database.one("SELECT count(*) FROM steward_days") == 121
    found = history(api, 30)["days"]
    assert len(found) == 29
    assert [one["day"] for one in found] == sorted(one["day"] for one in found)


def test_passes_are_told_with_their_rate_and_events_with_their_lag(world: World, api: Api) -> None:
    world.database.script("UPDATE steward_control SET lag_day = '2026-11-22', longest_lag_ms = 1500")
    tick(world)
    found = history(api)
    [one] = found["passes"]
    assert (one["bucket"], one["scanned"]) == ("artifacts", 10)
    assert one["objects_per_second"] > 0
    assert found["days"][0]["lag_ms"] == 1500


def test_what_ran_before_this_version_is_not_counted(world: World, api: Api) -> None:
    assert "history_run" in everything(world)
    for _ in range(3):
        api.json("POST", "/check", {})
    world.database.script("UPDATE steward_control SET history_run = (SELECT max(id) FROM steward_runs)")
    tick(world)
    assert history(api)["days"][0]["runs"] == 0
