"""A plan of an undo: what would come back, and what is left out because it moved on."""

from __future__ import annotations

import pytest

from tests.support.databases import Shape, artifacts, datapoints, every_dirty_shape, healed, undone
from tests.support.dirty import clean_sample
from tests.support.fakes import World
from tests.support.plans import Planner, state_of


def recovered_world(shape: Shape | None = None) -> World:
    world = clean_sample(shape or Shape(unique_index=False)).world()
    healed(world)
    return world


@every_dirty_shape
def test_applied_it_does_what_an_undo_without_a_plan_does(shape: Shape) -> None:
    with_plan, without = recovered_world(shape), recovered_world(shape)
    told = undone(without, 1)
    planner = Planner(with_plan)
    dry = planner.answer("POST", "/runs/1/undo", {"dry_run": True})
    assert (dry["restored"], dry["children_restored"]) == (told["restored"], told["children_restored"])
    assert (dry["refused"], dry["plan"]["complete"]) == ([], True)
    report = planner.applied()
    assert {name: report[name] for name in ("restored", "children_restored", "done")} == {
        name: told[name] for name in ("restored", "children_restored", "done")
    }
    assert artifacts(with_plan) == artifacts(without)
    assert datapoints(with_plan) == datapoints(without)
    assert planner.refused("POST", "/plans/1/apply") == "plan_applied"


def test_its_items_are_the_losers_and_the_children_that_would_point_back() -> None:
    planner = Planner(recovered_world())
    plan = planner.planned("/runs/1/undo", dry_run=True)
    items = planner.items()
    assert plan["totals"] == {"restore": 4, "orphan": 1}
    assert items[0] == {
        "item": 1,
        "step": "restore",
        "about": [1, 1],
        "rows": [{"winner_id": 2, "r2_bucket": "b", "r2_key": "raw/a.pdf"}],
        "datapoints.artifact_id": [{"row_key": 1, "back_to": 1}],
        "notes.about": [{"row_key": 1, "back_to": 1}],
        "left_out": None,
    }
    assert items[-1]["about"] == ["datapoints.artifact_id", 11]


def test_a_dry_undo_changes_nothing_but_its_run_and_plan() -> None:
    planner = Planner(recovered_world())
    before = state_of(planner.world)
    planner.planned("/runs/1/undo", dry_run=True)
    assert state_of(planner.world) == before
    assert planner.world.database.one("SELECT paused_by FROM steward_control") is None


MOVED_ON = {
    "a child points elsewhere": ("UPDATE datapoints SET artifact_id = 9 WHERE id = 1", 1),
    "the id is in use again": ("INSERT INTO artifacts VALUES (1, 'b', 'raw/new', 'raw', NULL, NULL)", 1),
    "the winner is another object's": ("UPDATE artifacts SET r2_key = 'raw/z' WHERE id = 5", 4),
}


@pytest.mark.parametrize(("script", "loser"), MOVED_ON.values(), ids=MOVED_ON)
def test_what_moved_on_is_left_out_and_the_rest_returns(script: str, loser: int) -> None:
    planner = Planner(recovered_world())
    planner.planned("/runs/1/undo", dry_run=True)
    planner.world.database.script(script)
    report = planner.applied()
    [left_out] = report["plan"]["shown"]
    assert (left_out["step"], left_out["about"]) == ("restore", [1, loser])
    back = {number for number, *_ in artifacts(planner.world)} & {1, 3, 4, 6}
    assert report["restored"] == 3
    assert back - {loser} == {1, 3, 4, 6} - {loser}


def test_a_plan_of_another_run_or_kind_is_refused() -> None:
    planner = Planner(recovered_world())
    planner.planned("/runs/1/undo", dry_run=True)
    assert planner.refused("POST", "/recover", {"dry_run": False, "plan": 1}, 422) == "plan"
    assert planner.refused("POST", "/runs/2/undo", {"plan": 1}, 422) == "plan"
    assert planner.refused("POST", "/runs/1/undo", {"plan": 1, "dry_run": True}, 422) == "plan"
    assert planner.answer("POST", "/runs/1/undo", {"plan": 1})["restored"] == 4


def test_a_reader_sees_what_an_undo_would_do_without_a_plan() -> None:
    world = recovered_world()
    reader = Planner(world, token="reads-0123456789abcdefghijklmnopqrstuvwxy")
    report = reader.answer("POST", "/runs/1/undo", {"dry_run": True})
    assert (report["restored"], report["plan"]) == (4, None)
    assert reader.refused("POST", "/runs/1/undo", status=403) == "None"
