"""One object that the database refuses stops no pass: it is counted, kept with the reason, and tried again."""

from __future__ import annotations

import json
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from tests.support.actions import Api, backfill, counts, live, numbered, tick, types, walked
from tests.support.fakes import World, migrate
from tests.support.shapes import examples

TABLE = """
CREATE TABLE artifacts (id INTEGER PRIMARY KEY, r2_bucket TEXT NOT NULL, r2_key TEXT NOT NULL,
  source_type TEXT NOT NULL, fetched_at TEXT{check}, UNIQUE (r2_bucket, r2_key));
"""
CHECK = " CHECK (r2_key NOT GLOB 'bad/*')"
IGNORE = """CREATE TRIGGER soft BEFORE INSERT ON artifacts WHEN NEW.r2_key GLOB '*[37]'
  BEGIN SELECT RAISE(IGNORE); END;"""
ABORT = """CREATE TRIGGER hard BEFORE INSERT ON artifacts WHEN NEW.r2_key GLOB '*[37]'
  BEGIN SELECT RAISE(ABORT, 'not this one'); END;"""


def world_of(further: str = "", check: str = "") -> World:
    world = World()
    world.database.script(TABLE.format(check=check) + further)
    migrate(world.database)
    world.rules((1, "raw/*", "raw"), (2, "bad/*", "bad"))
    return world


def refused(world: World) -> dict[object, object]:
    rows = world.database.all("SELECT r2_key, reason FROM steward_refused ORDER BY 1")
    return {key: reason for key, reason in rows}  # noqa: C416  # typed by its two columns


@pytest.mark.parametrize("trigger", [IGNORE, ABORT], ids=["ignore", "abort"])
def test_what_a_trigger_refuses_is_counted_named_and_passed_over(trigger: str) -> None:
    world = world_of(trigger)
    world.bucket.put(*numbered(200))
    report = live(world, max_objects=5000)
    assert (report["stopped_because"], report["inserted"], report["refused"]) == ("end", 160, 40)
    assert len(types(world)) == 160
    assert len(refused(world)) == 40
    reason = str(refused(world)["raw/00003"])
    assert "soft" in reason if trigger == IGNORE else "not this one" in reason


def test_an_object_that_a_check_refuses_stops_no_tick_and_the_pass_ends() -> None:
    world = world_of(check=CHECK)
    world.bucket.put(*numbered(40), "bad/1", "bad/2")
    found = walked(tick(world))
    assert (found["complete"], found["refused"], found["inserted"]) == (True, 2, 40)
    summary = Api(world).json("GET", "/summary").json()
    assert {one["r2_key"] for one in summary["refused"]} == {"bad/1", "bad/2"}
    assert "CHECK constraint failed" in summary["refused"][0]["reason"]


def test_a_page_of_which_everything_is_refused_ends_within_the_budget_of_some_ticks() -> None:
    world = world_of(check=CHECK)
    world.bucket.put(*numbered(1000, "bad/"))
    outcomes: list[dict[str, Any]] = []
    while not outcomes or not walked(outcomes[-1]).get("complete"):
        outcomes.append(tick(world, TICK_SECONDS=600))
        assert (outcomes[-1]["status"], len(outcomes) < 12) == ("succeeded", True)
    assert len(refused(world)) == 1000


def test_dry_counts_what_is_known_to_be_refused_as_live_does() -> None:
    world = world_of(check=CHECK)
    world.bucket.put(*numbered(10), "bad/1")
    live(world)
    world.database.script("DELETE FROM artifacts WHERE r2_key = 'raw/00004'")
    dry = backfill(world)
    assert (dry["refused"], dry["inserted"]) == (1, 1)
    assert counts(live(world)) == counts(dry)


def test_the_next_pass_tries_again_and_forgets_what_was_taken() -> None:
    world = world_of(ABORT)
    world.bucket.put(*numbered(10))
    tick(world)
    assert len(refused(world)) == 2
    world.database.script("DROP TRIGGER hard")
    world.clock.advance(hours=25)
    found = walked(tick(world))
    assert (found["inserted"], found["refused"], refused(world)) == (2, 0, {})


def test_an_upgrade_that_is_refused_is_one_too() -> None:
    world = world_of(
        "CREATE TRIGGER keep BEFORE UPDATE ON artifacts WHEN OLD.r2_key = 'raw/00002' BEGIN SELECT RAISE(IGNORE); END;"
    )
    for number in range(4):
        world.database.script(
            f"INSERT INTO artifacts VALUES ({number}, 'artifacts', 'raw/0000{number}', 'unknown', NULL)"
        )
    world.bucket.put(*numbered(4))
    report = live(world)
    assert (report["upgraded"], report["refused"]) == (3, 1)
    assert types(world)["raw/00002"] == "unknown"


def test_manual_calls_come_past_a_page_with_more_refused_than_one_budget() -> None:
    world = world_of(check=CHECK)
    world.bucket.put(*numbered(600, "bad/"), *numbered(5))
    reports = [live(world, max_objects=5000)]
    while reports[-1]["truncated"]:
        reports.append(live(world, max_objects=5000, cursor=reports[-1]["cursor"]))
        assert len(reports) < 12
    assert (len(refused(world)), len(types(world))) == (600, 5)


def test_a_further_unique_constraint_refuses_one_object_and_no_other() -> None:
    world = world_of("CREATE UNIQUE INDEX one_key ON artifacts (r2_key);")
    world.database.script("INSERT INTO artifacts VALUES (1, 'another', 'raw/00005', 'raw', NULL)")
    world.bucket.put(*numbered(10))
    report = live(world)
    assert (report["inserted"], report["refused"], list(refused(world))) == (9, 1, ["raw/00005"])


def test_a_pass_stored_before_there_were_refused_objects_is_taken_up() -> None:
    world = world_of()
    world.bucket.put(*numbered(30))
    tick(world, TICK_MAX_OBJECTS=10)
    [(name, text)] = world.store.values.items()
    stored = json.loads(text)
    del stored["counts"]["refused"]
    world.store.values[name] = json.dumps(stored)
    assert walked(tick(world))["complete"]
    assert len(types(world)) == 30


@settings(max_examples=examples(40), deadline=None)
@given(bad=st.sets(st.integers(0, 59)), ignores=st.booleans())
def test_just_what_is_refused_is_refused_whatever_it_is(bad: set[int], *, ignores: bool) -> None:
    keys = ", ".join(f"'raw/{number:05}'" for number in bad) or "''"
    act = "RAISE(IGNORE)" if ignores else "RAISE(ABORT, 'no')"
    world = world_of(
        f"CREATE TRIGGER some BEFORE INSERT ON artifacts WHEN NEW.r2_key IN ({keys}) BEGIN SELECT {act}; END;"
    )
    world.bucket.put(*numbered(60))
    report = live(world)
    assert (report["inserted"], report["refused"]) == (60 - len(bad), len(bad))
    assert set(refused(world)) == {f"raw/{number:05}" for number in bad}
    assert counts(live(world))["refused"] == len(bad)
