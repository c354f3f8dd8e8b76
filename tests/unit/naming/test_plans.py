"""What a statement reads is the same whatever the database's names are."""

from __future__ import annotations

import re
from collections.abc import Callable

import pytest

from tests.support import shapes
from tests.support.databases import Shape
from tests.support.fakes import migrated_world
from tests.support.forgetting import world_of
from tests.support.shapes import shaped
from tests.unit.backfill.test_query_plans import page_statements, plan
from tests.unit.forget.test_query_plans import steps as of_gone
from tests.unit.recovery.test_recovery_plans import explained

Plans = list[list[str]]


def of_a_page() -> Plans:
    """Return the plans of a page that is counted and written."""
    world = migrated_world()
    return [plan(world, one) for one in page_statements(world)]


def of_a_recovery() -> Plans:
    """Return the plans of every statement of a live recovery that merges."""
    return [steps for _, steps in explained(Shape(ids="TEXT", unique_index=False), analyzed=False)]


def of_an_undo() -> Plans:
    """Return the plans of every statement of its undo."""
    return [steps for _, steps in explained(Shape(ids="TEXT", unique_index=False), analyzed=False, undo=True)]


def of_a_forgetting() -> Plans:
    """Return the plans of what is asked of the rows whose objects are gone."""
    world = world_of(Shape(), ("a", "b"))
    world.database.script("CREATE INDEX steward_children ON datapoints (artifact_id)")
    return [of_gone(world, "forget/count_gone"), of_gone(world, "forget/next_gone", most=60)]


def scanned(plans: Plans) -> set[str]:
    """Return how the tables that grow are read from one end to the other."""
    return {step for steps in plans for step in steps if re.match(r"SCAN (artifacts|datapoints|child)\b", step)}


def in_words(steps: list[str], shape: str) -> list[str]:
    """Return a plan as it is for a database that has the words."""
    names = shapes.SHAPES[shape]
    own = {names.table: "artifacts", **{one.own: one.word for one in names.columns if one.own}}
    for name in sorted(own, key=len, reverse=True):
        steps = [step.replace(name, own[name]) for step in steps]
    return [re.sub(r"(subquery-|SUBQUERY )\d+", r"\1", step) for step in steps]


every_work = pytest.mark.parametrize(
    "work", [of_a_page, of_a_recovery, of_an_undo, of_a_forgetting], ids=lambda work: work.__name__
)


@every_work
def test_the_plans_are_those_of_the_words(work: Callable[[], Plans]) -> None:
    with shaped("canonical"):
        expected = [in_words(steps, "canonical") for steps in work()]
    with shaped("other"):
        found = [in_words(steps, "other") for steps in work()]
    # The tables that are sampled come in the order of their names.
    assert sorted(found) == sorted(expected)


def test_without_a_bucket_and_a_type_a_page_is_looked_up_in_the_index_of_the_keys() -> None:
    with shaped("bare"):
        counting, writing = ([step for step in steps if "MATERIALIZE" not in step] for steps in of_a_page()[:2])
    for steps in (counting, writing):
        assert any("INDEX sqlite_autoindex_uploads_1 FOR IN-OPERATOR" in step for step in steps)
        assert not [step for step in steps if step.startswith("SCAN uploads")]
    beside = "SEARCH uploads USING INDEX sqlite_autoindex_uploads_1 (storage_key>? AND storage_key<?)"
    assert any(beside in step for step in counting)


@every_work
def test_without_a_bucket_and_a_type_nothing_is_read_through_that_is_found_by_an_index_elsewhere(
    work: Callable[[], Plans],
) -> None:
    found = {}
    for name in ("canonical", "bare"):
        with shaped(name):
            found[name] = scanned([in_words(steps, name) for steps in work()])
    assert not found["bare"] - found["canonical"]
