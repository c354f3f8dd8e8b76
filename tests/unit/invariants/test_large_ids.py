"""Ids beyond 2^53, such as snowflakes, are walked exactly and shown as texts: JavaScript would round them."""

from __future__ import annotations

import asyncio
from typing import Any

import pytest

from invariants.work import check
from tests.support.actions import Api
from tests.support.databases import SETTINGS, Shape, full_for, healed, recovered, steps, undone, unguarded, verdicts
from tests.support.fakes import World

FIRST = 12 * 10**17
DIRTY = Shape(unique_index=False)


def world_of(artifacts: int, orphans: int = 0) -> World:
    world = Shape().world()
    for number in range(artifacts):
        Shape().artifact(world, FIRST + number, f"k{number:03}")
        Shape().datapoint(world, FIRST + 500 + number, FIRST + number)
    with unguarded(world.database):
        for number in range(orphans):
            Shape().datapoint(world, FIRST + 900 + number, FIRST + 999)
    return world


@pytest.mark.parametrize("range_rows", [1, 3, 7, 1000])
def test_a_full_check_in_ranges_reaches_the_end_and_counts_exactly(range_rows: int) -> None:
    world = world_of(20, orphans=2)
    outcome = asyncio.run(check(world.ports(), SETTINGS, full_for(world, range_rows=range_rows)))
    found = {one.name: one for one in outcome.verdicts}
    assert [one.name for one in outcome.verdicts if one.outcome == "not_checked" and one.severity == "error"] == []
    assert found["no_orphan_datapoints"].violations == 2


def texts(value: Any) -> list[object]:  # noqa: ANN401  # JSON
    """Return every number and text in a JSON value."""
    if isinstance(value, dict):
        return [one for part in value.values() for one in texts(part)]
    if isinstance(value, list):
        return [one for part in value for one in texts(part)]
    return [value]


def test_no_answer_holds_a_whole_number_that_javascript_would_round() -> None:
    world = DIRTY.world()
    for number in range(3):
        DIRTY.artifact(world, FIRST + number, "k", fetched_at=f"2026-01-0{number + 1}")
    DIRTY.artifact(world, FIRST + 10, "odd", "unknown")
    with unguarded(world.database):
        DIRTY.datapoint(world, FIRST + 20, FIRST + 999)
        DIRTY.datapoint(world, FIRST + 21, FIRST)
    answers = [recovered(world), verdicts(world), Api(world).json("GET", "/findings").json()]
    report = healed(world)
    answers += [report, Api(world).json("GET", "/summary").json(), undone(world, report["run_id"])]
    for answer in answers:
        large = [one for one in texts(answer) if isinstance(one, int) and abs(one) >= 2**53]
        assert large == []
    assert steps(answers[0])["dedupe"]["sample"][0]["winner_id"] == str(FIRST + 2)
    assert verdicts(world)["no_orphan_datapoints"]["sample"][0]["artifact_id"] == str(FIRST + 999)


def test_ordinary_ids_stay_numbers() -> None:
    world = DIRTY.world()
    DIRTY.artifact(world, 1, "k")
    DIRTY.artifact(world, 2, "k")
    assert steps(recovered(world))["dedupe"]["sample"][0]["winner_id"] == 2
    assert verdicts(world)["one_artifact_per_object"]["sample"][0]["highest_id"] == 2
