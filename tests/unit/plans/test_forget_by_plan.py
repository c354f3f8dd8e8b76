"""A plan of a forgetting: the rows whose object is gone and that nothing holds, and what of it still is so later."""

from __future__ import annotations

import pytest

from tests.support.databases import Shape, artifacts, every_shape
from tests.support.fakes import World
from tests.support.forgetting import forgotten_all, keys, mark, world_of
from tests.support.plans import Planner, state_of

BUCKETS: dict[str, object] = {"BUCKETS": {"b": "ARTIFACTS"}}


def lost(shape: Shape | None = None) -> World:
    """Return a world of four rows, of which three are gone and one of these is cited."""
    shape = shape or Shape()
    world = world_of(shape, ("a", "b", "c", "d"))
    shape.datapoint(world, 1, 2)
    for key in ("a", "b", "c"):
        mark(world, key)
    return world


@every_shape
def test_applied_it_does_what_a_forgetting_without_a_plan_does(shape: Shape) -> None:
    with_plan, without = lost(shape), lost(shape)
    [told] = forgotten_all(without)
    planner = Planner(with_plan, BUCKETS)
    dry = planner.answer("POST", "/forget")
    assert (dry["forgotten"], dry["plan"]["totals"]) == (2, {"forget": 2, "rows_deleted": 2})
    assert dry["plan"]["forecast"] == dry["forecast"]
    report = planner.applied()
    assert (report["forgotten"], report["plan"]["left_out"]) == (told["forgotten"], 0)
    assert artifacts(with_plan) == artifacts(without)
    assert planner.refused("POST", "/plans/1/apply") == "plan_applied"


def test_its_items_are_the_rows_as_they_are() -> None:
    planner = Planner(lost(), BUCKETS)
    planner.planned("/forget")
    [first, second] = planner.items()
    assert (first["step"], first["about"], second["about"]) == ("forget", ["b", "a"], ["b", "c"])
    assert [row["id"] for row in first["rows"]] == [1]


MOVED_ON = {
    "it is cited": "INSERT INTO datapoints (id, artifact_id) VALUES (9, 1)",
    "its type": "UPDATE artifacts SET source_type = 'unknown' WHERE id = 1",
    "its mark is healed": "UPDATE steward_missing SET resolved_at = '2026' WHERE r2_key = 'a'",
    "it is another object's": "UPDATE artifacts SET r2_key = 'z' WHERE id = 1",
}


@pytest.mark.parametrize("script", MOVED_ON.values(), ids=MOVED_ON)
def test_a_row_that_moved_on_is_left_out(script: str) -> None:
    planner = Planner(lost(), BUCKETS)
    planner.planned("/forget")
    for guard in planner.world.database.all("SELECT name FROM sqlite_schema WHERE type = 'trigger'"):
        planner.world.database.script(f'DROP TRIGGER "{guard[0]}"')
    planner.world.database.script(script)
    report = planner.applied()
    assert [one["about"] for one in report["plan"]["shown"]] == [["b", "a"]]
    assert (report["forgotten"], [row[0] for row in artifacts(planner.world)]) == (1, [1, 2, 4])


def test_an_object_that_r2_has_again_is_left_out_and_what_is_gone_since_is_not_touched() -> None:
    planner = Planner(lost(), BUCKETS)
    planner.planned("/forget")
    planner.world.bucket.put("a")
    planner.world.bucket.sizes.pop("d", None)
    mark(planner.world, "d")
    report = planner.applied()
    assert (report["forgotten"], report["still_there"]) == (1, 1)
    assert keys(planner.world) == ["a", "b", "d"]


def test_it_needs_a_plan_and_an_approval_where_that_is_required() -> None:
    planner = Planner(lost(), {**BUCKETS, "REQUIRE_PLAN": True})
    before = state_of(planner.world)
    assert planner.refused("POST", "/forget", {"dry_run": False}) == "plan_required"
    planner.planned("/forget")
    assert planner.refused("POST", "/forget", {"dry_run": False, "plan": 1}) == "plan_not_approved"
    assert state_of(planner.world) == before
    planner.answer("POST", "/plans/1/approve")
    report = planner.answer("POST", "/forget", {"dry_run": False, "plan": 1})
    assert report["forgotten"] == 2
    path = f"/runs/{report['run_id']}/undo"
    assert planner.refused("POST", path) == "plan_required"
    assert planner.planned(path, dry_run=True)["id"] == 2
    assert planner.refused("POST", path, {"plan": 2}) == "plan_not_approved"
    assert keys(planner.world) == ["b", "d"]
    planner.answer("POST", "/plans/2/approve")
    assert planner.answer("POST", path, {"plan": 2})["restored"] == 2


def test_the_cap_on_deletes_is_looked_at_again() -> None:
    world = lost()
    Planner(world, BUCKETS).planned("/forget")
    assert Planner(world, {**BUCKETS, "MAX_DELETES": 1}).refused("POST", "/plans/1/apply") == "max_deletes"
    assert Planner(world, {**BUCKETS, "MAX_DELETES": 1}).applied(max_deletes=2)["forgotten"] == 2
