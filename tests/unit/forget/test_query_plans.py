"""What a forget reads follows the marks: never the whole table, nor a child that has an index."""

from __future__ import annotations

import asyncio

import pytest

import sql
from database.reading import read_schema
from forget.gone import Gone
from tests.support.databases import Shape, every_shape
from tests.support.fakes import World
from tests.support.forgetting import BUCKET, world_of
from tests.support.shapes import chosen


def steps(world: World, statement: str, **given: str | int) -> list[str]:
    """Return the plan of a statement about what is gone."""
    schema = asyncio.run(read_schema(world.database, (("datapoints", "artifact_id"),)))
    wanted = sql.statement(statement, gone=Gone(schema, (BUCKET,)).rows(), **given)
    return [str(row[-1]) for row in world.database.all(f"EXPLAIN QUERY PLAN {wanted.sql}", *wanted.params)]


@every_shape
@pytest.mark.parametrize(("statement", "given"), [("forget/count_gone", {}), ("forget/next_gone", {"most": 60})])
def test_it_goes_by_the_marks_and_the_indexes(shape: Shape, statement: str, given: dict[str, int]) -> None:
    world = world_of(shape, ("a", "b"))
    world.database.script("CREATE INDEX steward_children ON datapoints (artifact_id)")
    plan = steps(world, statement, **given)
    assert not [
        step for step in plan if step.startswith("SCAN") and (chosen().table in step or "datapoints" in step)
    ], plan
    assert any("steward_children" in step and "IN-OPERATOR" in step for step in plan), plan
    assert any(f"SEARCH {chosen().table}" in step for step in plan), plan


def test_without_an_index_a_child_is_read_once_and_not_for_each_row() -> None:
    plan = steps(world_of(Shape(), ("a", "b")), "forget/count_gone")
    assert any(step == "SCAN datapoints" for step in plan), plan
    assert not any("CORRELATED" in step for step in plan), plan
