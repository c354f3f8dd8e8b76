"""D1 takes 1,000 queries of one invocation: a call that comes near stops, and the call after goes on from there."""

from __future__ import annotations

import asyncio
from dataclasses import replace
from typing import Any

import pytest

from recovery.call import RecoverRequest, Sizes
from recovery.run import recover
from tests.support.actions import RecordingDatabase
from tests.support.databases import SETTINGS, Shape, artifacts, datapoints, healed, numbers, recovered, steps, undone
from tests.support.fakes import World

LIMIT = 1000
SHAPE = Shape(unique_index=False)
ARCHIVE = """
  CREATE TRIGGER archive BEFORE DELETE ON artifacts WHEN OLD.r2_key < {until}
  BEGIN SELECT RAISE(ABORT, 'archive it first'); END;
"""
ONE_PER_OBJECT = "CREATE TABLE notes (about INTEGER UNIQUE REFERENCES artifacts (id));"


def doubled(groups: int, further: str = "", key: str = "k{:04}") -> World:
    """Return a database with two rows for each object, and a datapoint for each row."""
    world = SHAPE.world(further)
    for number in range(2, 2 * groups + 2):
        SHAPE.artifact(world, number, key.format(number // 2))
        SHAPE.datapoint(world, number, number)
    return world


def counted(world: World, **more: Any) -> tuple[dict[str, Any], int]:  # noqa: ANN401
    """Do one live call of the recovery; return its report and the statements it took."""
    database = RecordingDatabase(world.database)
    chunk_groups = more.pop("chunk_groups", 250)
    request = RecoverRequest(dry_run=False, **more)
    ports = replace(world.ports(), database=database)
    report = asyncio.run(recover(ports, SETTINGS, request, Sizes(chunk_objects=chunk_groups)))
    return report, sum(map(len, database.batches))


def calls(world: World, **more: Any) -> list[dict[str, Any]]:  # noqa: ANN401
    """Call the live recovery until it is done, each time within the limit."""
    reports: list[dict[str, Any]] = []
    while not reports or not reports[-1]["done"]:
        report, statements = counted(world, **more)
        assert statements <= LIMIT
        reports.append(report)
        assert len(reports) < 40
    return reports


def test_a_merge_of_many_chunks_stops_in_time_and_the_calls_after_come_to_its_end() -> None:
    world = doubled(150)
    reports = calls(world, chunk_groups=1)
    assert len(reports) > 1
    assert sum(steps(report)["dedupe"]["changed"] for report in reports) == 150
    assert reports[-1]["ok"]
    assert len(artifacts(world)) == 150


def test_objects_that_the_database_refuses_one_by_one_are_not_tried_for_ever() -> None:
    world = doubled(130, ARCHIVE.format(until="'k0101'"))
    reports = calls(world)
    assert len(reports) > 2
    for report in reports[:-1]:
        assert world.database.one("SELECT status FROM steward_runs WHERE id = ?", report["run_id"]) == "stopped"
    last = steps(reports[-1])["dedupe"]
    assert last["error"].startswith("100 objects are left whole")
    assert (len(last["left_whole"]), last["left_whole"][0]["r2_key"]) == (100, "k0001")
    assert "archive it first" in last["left_whole"][99]["why"]
    assert (last["after"], reports[-1]["ok"]) == (100, False)
    assert len(artifacts(world)) == 130 + 100


def test_once_it_came_to_the_end_the_next_call_begins_anew() -> None:
    world = doubled(130, ARCHIVE.format(until="'k0101'"))
    calls(world)
    world.database.script("DROP TRIGGER archive")
    [report] = calls(world)
    assert report["ok"]
    assert "left_whole" not in steps(report)["dedupe"]


@pytest.mark.parametrize("between", ["a dry run", "a refused run", "an undo"])
def test_what_comes_between_two_calls_is_heeded(between: str) -> None:
    world = doubled(130, ARCHIVE.format(until="'k0041'"))
    first, _ = counted(world, max_groups=30)
    second, _ = counted(world, max_groups=30)
    assert not second["done"]
    if between == "a dry run":
        recovered(world)
    elif between == "a refused run":
        with pytest.raises(Exception, match="may delete 0"):
            counted(world, max_deletes=0)
    else:
        assert undone(world, first["run_id"])["done"]
        assert undone(world, second["run_id"])["done"]
    report = calls(world)[-1]
    assert steps(report)["dedupe"]["error"].startswith("40 objects are left whole")
    assert len(artifacts(world)) == 130 + 40


def test_a_dry_run_stops_looking_for_conflicts_in_time_and_says_how_far_it_counted() -> None:
    world = doubled(520, ONE_PER_OBJECT.replace(")", "), word DEFAULT 1, UNIQUE (about, word)", 1))
    world.database.script("INSERT INTO notes (about) SELECT id FROM artifacts WHERE id < 1040")
    database = RecordingDatabase(world.database)
    report = recovered(replace(world.ports(), database=database), max_groups=1)
    assert sum(map(len, database.batches)) <= LIMIT
    told = steps(report)["dedupe"]
    assert (report["done"], told["groups"]) == (False, 0)
    assert told["error"].startswith(f"{int(told['counted_before'][1][1:]) - 1} objects are left whole")


def test_many_conflicts_before_a_few_groups_use_up_no_calls_queries() -> None:
    world = doubled(250, ONE_PER_OBJECT)
    world.database.script("INSERT INTO notes SELECT id FROM artifacts WHERE id < 480")
    reports = calls(world, max_groups=1)
    assert steps(reports[-1])["dedupe"]["error"].startswith("239 objects are left whole")
    assert numbers(reports[-1])["dedupe"][1] == 239
    assert len(artifacts(world)) == 250 + 239


def test_a_dry_run_that_cannot_list_what_is_left_whole_says_how_far_it_counted() -> None:
    long = "k{:04}" + "\1" * 1000
    world = doubled(400, ONE_PER_OBJECT, long)
    world.database.script("INSERT INTO notes SELECT id FROM artifacts WHERE id > 20")
    report = recovered(world)
    told = steps(report)["dedupe"]
    assert (report["done"], report["ok"]) == (False, False)
    assert (told["groups"], told["changed"]) == (10, 10)
    [bucket, key] = told["counted_before"]
    left = int(key[1:5]) - 11
    assert (bucket, key) == ("b", long.format(left + 11))
    assert told["error"].startswith(f"{left} objects are left whole")
    assert "this dry run counted what comes before them" in told["error"]
    live = healed(world)
    assert steps(live)["dedupe"]["error"].startswith("390 objects are left whole")
    assert len(artifacts(world)) == 400 + 390


# Undo


def test_an_undo_of_many_chunks_stops_in_time_and_the_calls_after_come_to_its_end() -> None:
    """Chunks in which every row is refused do not keep it from the others."""
    world = doubled(150)
    before = artifacts(world)
    assert healed(world)["ok"]
    world.database.script("UPDATE steward_merges SET chunk = id")
    world.database.script("UPDATE artifacts SET r2_key = r2_key || ' moved' WHERE r2_key > 'k0005'")
    reports: list[dict[str, Any]] = []
    while not reports or not reports[-1]["done"]:
        database = RecordingDatabase(world.database)
        reports.append(undone(replace(world.ports(), database=database), 1))
        assert sum(map(len, database.batches)) <= LIMIT
        assert len(reports) < 20
    assert len(reports) > 1
    assert sum(report["restored"] for report in reports) == sum(report["children_restored"] for report in reports) == 5
    assert [row for row in artifacts(world) if str(row[2]) <= "k0005"] == [
        row for row in before if str(row[2]) <= "k0005"
    ]
    assert len(datapoints(world)) == 300
    assert len(reports[-1]["refused"]) == 100
