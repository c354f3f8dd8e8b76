"""A plan of the undo of a forgetting: the rows that would come back, and what is left out because it moved on."""

from __future__ import annotations

import copy
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from tests.support.databases import Shape, artifacts, every_shape, undone, unguarded
from tests.support.fakes import World
from tests.support.forgetting import forgotten_all, keys, mark, world_of
from tests.support.plans import Planner, state_of
from tests.support.shapes import chosen
from tests.unit.plans.test_forget_by_plan import BUCKETS, lost

PATH = "/runs/1/undo"


def forgot(shape: Shape | None = None) -> World:
    """Return a world in which run 1 has forgotten two of four rows."""
    world = lost(shape)
    assert [report["forgotten"] for report in forgotten_all(world)] == [2]
    return world


@every_shape
def test_applied_it_does_what_an_undo_without_a_plan_does(shape: Shape) -> None:
    with_plan, without = forgot(shape), forgot(shape)
    told = undone(without, 1)
    planner = Planner(with_plan, BUCKETS)
    before = state_of(with_plan)
    dry = planner.answer("POST", PATH, {"dry_run": True})
    assert state_of(with_plan) == before
    assert (dry["restored"], dry["children_restored"], dry["refused"], dry["done"]) == (2, 0, [], True)
    assert (dry["plan"]["totals"], dry["plan"]["complete"]) == ({"restore": 2}, True)
    report = planner.applied()
    assert (report["restored"], report["done"]) == (told["restored"], told["done"])
    assert artifacts(with_plan) == artifacts(without)
    assert with_plan.database.one("SELECT paused_by FROM steward_control") is None
    assert planner.refused("POST", "/plans/1/apply") == "plan_applied"


def test_its_items_are_the_rows_that_would_come_back() -> None:
    planner = Planner(forgot(), BUCKETS)
    plan = planner.planned(PATH, dry_run=True)
    assert plan["forecast"]["rows_written"] > 0
    [first, second] = planner.items()
    assert first == {
        "item": 1,
        "step": "restore",
        "about": [1, 1],
        "rows": [{"winner_id": None, "r2_bucket": "b", "r2_key": "a"}],
        "left_out": None,
    }
    assert second["about"] == [1, 3]


MOVED_ON = {
    "its object has a row again": ("INSERT INTO artifacts VALUES (90, 'b', 'a', 'raw', NULL, NULL)", 1),
    "its id is taken": ("INSERT INTO artifacts VALUES (3, 'b', 'new', 'raw', NULL, NULL)", 3),
    "its id was another row's meanwhile": ("UPDATE steward_merges SET reused = 1 WHERE loser_id = 1", 1),
    "another undo brought it back": ("UPDATE steward_merges SET undone_by = 7 WHERE loser_id = 3", 3),
}


@pytest.mark.parametrize(("script", "row"), MOVED_ON.values(), ids=MOVED_ON)
def test_what_moved_on_is_left_out_and_the_rest_returns(script: str, row: int) -> None:
    planner = Planner(forgot(), BUCKETS)
    planner.planned(PATH, dry_run=True)
    planner.world.database.script(script)
    before = artifacts(planner.world)
    report = planner.applied()
    assert [one["about"] for one in report["plan"]["shown"]] == [[1, row]]
    assert [item["about"] for item in planner.items(query="?left_out=true")] == [[1, row]]
    other = {1: 3, 3: 1}[row]
    assert {one[0] for one in artifacts(planner.world)} == {one[0] for one in before} | {other}
    assert report["restored"] == 1


def test_a_row_that_a_trigger_refuses_is_left_out_alone_and_told_why() -> None:
    planner = Planner(forgot(), BUCKETS)
    keep = "CREATE TRIGGER mine BEFORE INSERT ON artifacts WHEN NEW.r2_key = 'a' BEGIN SELECT RAISE(ABORT, 'no'); END;"
    planner.world.database.script(keep)
    planner.planned(PATH, dry_run=True)
    report = planner.applied()
    [left] = report["plan"]["shown"]
    assert (left["about"], "SQLITE_CONSTRAINT" in left["why"]) == ([1, 1], True)
    assert keys(planner.world) == ["b", "c", "d"]


def test_a_schema_that_changed_makes_the_plan_stale_and_nothing_is_changed() -> None:
    planner = Planner(forgot(), BUCKETS)
    planner.planned(PATH, dry_run=True)
    planner.world.database.script("ALTER TABLE artifacts ADD COLUMN size INTEGER")
    before = artifacts(planner.world)
    assert planner.refused("POST", "/plans/1/apply") == "stale_plan"
    assert artifacts(planner.world) == before


def test_what_cannot_come_back_is_in_no_plan_and_told() -> None:
    planner = Planner(forgot(), BUCKETS)
    planner.world.database.script("INSERT INTO artifacts VALUES (90, 'b', 'a', 'raw', NULL, NULL)")
    dry = planner.answer("POST", PATH, {"dry_run": True})
    assert [(row["r2_key"], row["why"]) for row in dry["refused"]] == [("a", "the object has a row again")]
    assert [item["about"] for item in planner.items()] == [[1, 3]]


def test_a_reader_sees_what_would_come_back_without_a_plan() -> None:
    reader = Planner(forgot(), BUCKETS, token="reads-0123456789abcdefghijklmnopqrstuvwxy")
    report = reader.answer("POST", PATH, {"dry_run": True})
    assert (report["restored"], report["plan"]) == (2, None)


def test_an_undo_without_a_plan_supersedes_an_approved_one() -> None:
    planner = Planner(forgot(), BUCKETS)
    planner.planned(PATH, dry_run=True)
    planner.answer("POST", "/plans/1/approve")
    planner.answer("POST", PATH)
    assert planner.refused("POST", "/plans/1/apply") == "plan_superseded"


KEYS = tuple("abcdefgh")
_row, _key = st.integers(1, 9), st.sampled_from((*KEYS, "z"))
MEDDLING = st.lists(
    st.one_of(
        st.builds("INSERT OR IGNORE INTO artifacts VALUES ({}, 'b', '{}', 'memo', NULL, NULL)".format, _row, _key),
        st.builds("DELETE FROM artifacts WHERE id = {}".format, _row),
        st.builds("UPDATE OR IGNORE artifacts SET r2_key = '{}' WHERE id = {}".format, _key, _row),
        st.builds("INSERT INTO datapoints (artifact_id) SELECT id FROM artifacts WHERE id = {}".format, _row),
    ),
    max_size=5,
)


def expected(items: list[dict[str, Any]], rows: dict[Any, Any], state: dict[Any, Any], used: set[Any]) -> list[Any]:
    """Bring back what the items say, as far as it can be; return the ids that cannot."""
    left = []
    for item in items:
        row = rows[item["about"][1]]
        if row[0] in used or any(one[1:3] == row[1:3] for one in state.values()):
            left.append(row[0])
        else:
            state[row[0]] = row
    return left


@settings(max_examples=150, deadline=None)
@given(gone=st.sets(st.sampled_from(KEYS), min_size=1), meddling=MEDDLING)
def test_a_plan_brings_back_what_it_says_and_touches_nothing_else(gone: set[str], meddling: list[str]) -> None:
    world = world_of(Shape(), KEYS)
    for key in gone:
        mark(world, key)
    rows = {row[0]: row for row in artifacts(world)}
    forgotten_all(world)
    planner = Planner(world, BUCKETS)
    planner.planned(PATH, dry_run=True)
    used: set[Any] = set()
    with unguarded(world.database, but="steward_guard_reused_id"):
        for script in meddling:
            world.database.script(script)
            # An id that was another row's meanwhile is not given back: that guard notes it.
            used |= {row[0] for row in artifacts(world)} & {number for number in rows if rows[number][2] in gone}
    before = state_of(world)
    state = copy.deepcopy({row[0]: row for row in artifacts(world)})
    planner.applied()
    items = planner.items()
    left = expected(items, rows, state, used)
    assert {row[0]: row for row in artifacts(world)} == state
    assert [item["about"][1] for item in items if item["left_out"] is not None] == left
    after = state_of(world)
    del before[chosen().table], after[chosen().table]
    assert after == before
