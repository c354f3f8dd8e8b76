"""A plan of a backfill: the objects that would be inserted and upgraded, and what of it holds when it is applied."""

from __future__ import annotations

import pytest

from tests.support.actions import live, numbered, rows
from tests.support.fakes import World, migrated_world
from tests.support.plans import Planner, state_of
from words import COUNTS


def bucketful(count: int = 6) -> World:
    """Return a world with objects, of which the first two have a row: a known one, and an unknown one."""
    world = migrated_world()
    world.rules((1, "raw/*", "raw"))
    world.bucket.put(*numbered(count), "odd")
    world.database.script("""
      INSERT INTO artifacts VALUES
        (1, 'artifacts', 'raw/00000', 'memo', '2026-02-01'), (2, 'artifacts', 'raw/00001', 'unknown', NULL);
    """)
    return world


def test_its_items_are_the_objects_with_what_becomes_of_them() -> None:
    planner = Planner(bucketful())
    report = planner.answer("POST", "/backfill")
    assert report["plan"]["totals"] == {"insert": 4, "upgrade": 1}
    assert (report["inserted"], report["upgraded"], report["plan"]["complete"]) == (4, 1, True)
    assert planner.plan()["forecast"] == report["forecast"]
    items = planner.items()
    uploaded = "2026-01-02T03:04:05.000Z"
    assert items[0] == {
        "item": 1,
        "step": "upgrade",
        "about": ["artifacts", "raw/00001"],
        "rows": [{"decision": "upgraded", "source_type": "raw", "uploaded": uploaded}],
        "left_out": None,
    }
    assert [(item["step"], item["about"][1]) for item in items[1:]] == [("insert", key) for key in numbered(6)[2:]]


@pytest.mark.parametrize("count", [6, 1, 700, 2500])
def test_applied_it_does_what_a_backfill_without_a_plan_does(count: int) -> None:
    with_plan, without = bucketful(count), bucketful(count)
    told = live(without, max_objects=10_000)
    planner = Planner(with_plan)
    planner.planned("/backfill", max_objects=10_000)
    report = planner.applied()
    assert rows(with_plan) == rows(without)
    assert (report["inserted"], report["upgraded"]) == (told["inserted"], told["upgraded"])
    assert report["scanned"] == sum(report[name] for name in COUNTS[1:])
    assert (report["truncated"], report["stopped_because"], report["plan"]["left_out"]) == (False, "end", 0)
    assert planner.refused("POST", "/plans/1/apply") == "plan_applied"
    with_plan.database.script("DELETE FROM steward_refused")


MOVED_ON = {
    "a row came": ("INSERT INTO artifacts VALUES (9, 'artifacts', 'raw/00003', 'memo', NULL)", "raw/00003"),
    "an unknown row came": ("INSERT INTO artifacts VALUES (9, 'artifacts', 'raw/00003', 'unknown', NULL)", "raw/00003"),
    "a type is known": ("UPDATE artifacts SET source_type = 'memo' WHERE id = 2", "raw/00001"),
    "a row is gone": ("DELETE FROM artifacts WHERE id = 2", "raw/00001"),
}


@pytest.mark.parametrize(("script", "key"), MOVED_ON.values(), ids=MOVED_ON)
def test_an_object_whose_row_moved_on_is_left_out(script: str, key: str) -> None:
    planner = Planner(bucketful())
    planner.planned("/backfill")
    planner.world.database.script(script)
    before = [row for row in rows(planner.world) if row[1] == key]
    report = planner.applied()
    assert [one["about"] for one in report["plan"]["shown"]] == [["artifacts", key]]
    assert (report["scanned"], report["unchanged"]) == (5, 1)
    assert [row for row in rows(planner.world) if row[1] == key] == before


def test_an_object_that_r2_has_no_more_or_has_anew_is_left_out() -> None:
    planner = Planner(bucketful())
    planner.planned("/backfill")
    del planner.world.bucket.sizes["raw/00003"]
    planner.world.bucket.times["raw/00004"] = "2026-05-05T00:00:00.000Z"
    planner.world.bucket.put("raw/00002x", "raw/00009")
    report = planner.applied()
    assert [one["about"][1] for one in report["plan"]["shown"]] == ["raw/00003", "raw/00004"]
    assert [key for _, key, *_ in rows(planner.world)] == ["raw/00000", "raw/00001", "raw/00002", "raw/00005"]


def test_what_the_database_refuses_is_left_out_with_its_words() -> None:
    world = bucketful()
    world.database.script("""
      CREATE TRIGGER theirs BEFORE INSERT ON artifacts WHEN NEW.r2_key = 'raw/00003'
      BEGIN SELECT RAISE(ABORT, 'not this one'); END
    """)
    planner = Planner(world)
    planner.planned("/backfill")
    report = planner.applied()
    [left_out] = report["plan"]["shown"]
    assert "not this one" in left_out["why"]
    assert len(rows(world)) == 5


def test_other_rules_make_it_stale() -> None:
    planner = Planner(bucketful())
    planner.planned("/backfill")
    planner.world.rules((1, "raw/*", "other"))
    before = state_of(planner.world)
    assert planner.refused("POST", "/backfill", {"dry_run": False, "plan": 1}) == "stale_plan"
    assert state_of(planner.world) == before


def test_a_live_backfill_may_name_its_plan_and_says_nothing_else() -> None:
    planner = Planner(bucketful())
    planner.planned("/backfill", r2_prefix="raw/")
    live_by_plan = {"dry_run": False, "plan": 1}
    assert planner.refused("POST", "/backfill", {**live_by_plan, "r2_prefix": "other/"}, 422) == "r2_prefix"
    assert planner.answer("POST", "/backfill", {**live_by_plan, "r2_prefix": "raw/"})["inserted"] == 4


def test_few_objects_that_lie_far_apart_take_few_lists() -> None:
    world = bucketful(5000)
    live(world, max_objects=10_000)
    world.database.script("DELETE FROM artifacts WHERE r2_key IN ('raw/00010', 'raw/04990')")
    planner = Planner(world)
    planner.planned("/backfill", max_objects=10_000)
    lists = world.bucket.lists
    assert planner.applied()["inserted"] == 2
    assert world.bucket.lists - lists <= 2


def test_it_waits_for_the_pause_and_the_unique_index_as_any_backfill_does() -> None:
    planner = Planner(bucketful())
    planner.planned("/backfill")
    planner.answer("POST", "/pause", {"reason": "moving"})
    assert planner.refused("POST", "/plans/1/apply") == "paused"
    planner.answer("POST", "/resume")
    assert planner.applied()["inserted"] == 4
