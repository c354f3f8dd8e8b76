"""What forbids a live write is tested in the transaction that opens the run, and again while it works."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace

import pytest

from errors import RefusedError
from ports import Ports, Statement
from tests.support.actions import Api, Interposed, backfill, live, numbered, rows, tick, walked
from tests.support.fakes import World, migrate, migrated_world

PAUSE = (
    "UPDATE steward_control SET paused_by = 'operator', pause_reason = 'INC-1', paused_at = '2026-11-22T12:00:00.000Z'"
)
STEAL = "UPDATE steward_control SET lease_token = 'another', lease_run = 4711"


@pytest.fixture
def world() -> World:
    world = migrated_world()
    world.bucket.put(*numbered(5000))
    world.rules((1, "raw/*", "raw"))
    return world


def before(world: World, text: str, then: str, after_seconds: float = 0) -> Ports:
    """Return the world's ports: before the first batch that holds `text`, another client runs `then`."""
    done: list[int] = []

    def meanwhile(_number: int, statements: Sequence[Statement]) -> None:
        if not done and any(text in one.sql for one in statements):
            done.append(1)
            world.database.script(then)
            world.clock.advance(seconds=after_seconds)

    return replace(world.ports(), database=Interposed(world.database, meanwhile))


def test_a_pause_set_just_before_a_live_run_opens_refuses_it(world: World) -> None:
    with pytest.raises(RefusedError) as refused:
        live(before(world, "INSERT INTO steward_runs", PAUSE))
    assert refused.value.reason == "paused"
    assert (rows(world), world.database.all("SELECT * FROM steward_runs")) == ([], [])
    assert world.database.one("SELECT lease_token FROM steward_control") is None


def test_a_unique_index_dropped_just_before_a_live_run_opens_refuses_it() -> None:
    world = World()
    world.database.script(
        "CREATE TABLE artifacts (id INTEGER PRIMARY KEY, r2_bucket NOT NULL, r2_key NOT NULL, source_type, fetched_at);"
        "CREATE UNIQUE INDEX one ON artifacts (r2_bucket, r2_key);"
    )
    migrate(world.database)
    with pytest.raises(RefusedError) as refused:
        live(before(world, "INSERT INTO steward_runs", "DROP INDEX one"))
    assert refused.value.reason == "unique_index"
    assert world.database.all("SELECT * FROM steward_runs") == []


def test_a_pause_in_the_middle_stops_a_live_run_at_its_next_renewal(world: World) -> None:
    report = live(before(world, "INSERT INTO artifacts", PAUSE, after_seconds=21), max_objects=5000)
    assert (report["stopped_because"], report["truncated"], report["scanned"]) == ("paused", True, 1000)
    assert world.database.one("SELECT status FROM steward_runs") == "stopped"
    world.database.script("UPDATE steward_control SET paused_by = NULL")
    assert live(world, max_objects=5000, cursor=report["cursor"])["inserted"] == 4000


def test_a_pause_on_the_last_page_lets_the_run_end_well(world: World) -> None:
    report = live(
        before(world, "INSERT INTO artifacts", PAUSE, after_seconds=21), max_objects=5000, r2_prefix="raw/0000"
    )
    assert (report["stopped_because"], report["truncated"]) == ("end", False)


def test_a_pause_set_while_a_tick_checks_lets_it_walk_nothing_and_end_well(world: World) -> None:
    outcome = tick(before(world, "steward_findings", PAUSE))
    assert outcome["status"] == "succeeded"
    assert "INC-1" in walked(outcome)["not_walked"]
    assert rows(world) == []


def test_a_pause_in_the_middle_of_a_tick_stops_its_walk(world: World) -> None:
    outcome = tick(before(world, "INSERT INTO artifacts", PAUSE, after_seconds=21), TICK_SECONDS=100)
    assert (walked(outcome)["stopped_because"], walked(outcome)["scanned"]) == ("paused", 1000)
    assert outcome["status"] == "succeeded"


def test_a_dry_run_goes_on_through_a_pause(world: World) -> None:
    ports = before(world, "json_each", PAUSE, after_seconds=21)
    report = backfill(ports, max_objects=5000)
    assert report["stopped_because"] == "end"


def test_a_lease_lost_in_a_live_backfill_is_answered_as_busy(world: World) -> None:
    ports = before(world, "INSERT INTO artifacts", STEAL, after_seconds=21)
    answer = Api(world, ports=ports).json("POST", "/backfill", {"dry_run": False, "max_objects": 5000})
    assert answer.status_code == 409
    assert answer.json()["reason"] == "busy"
