"""A table too large for one query is checked in ranges, over as many slices as it takes."""

from __future__ import annotations

import asyncio
from collections.abc import Sequence
from dataclasses import dataclass, replace
from datetime import datetime, timedelta

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from invariants.runner import Outcome, check, full_check_due
from invariants.walking import Walked
from ports import Database, Result, Statement
from settings import Settings, read_settings
from tests.databases import SETTINGS, Shape, every_shape, unguarded
from tests.fakes import ManualClock, World, migrate

EMPTY_ROW = "CREATE TABLE tags (artifact_id, tag TEXT, PRIMARY KEY (artifact_id, tag)) WITHOUT ROWID;"
TAGGED = read_settings({"CHILDREN": ["datapoints.artifact_id", "tags.artifact_id", "marks.about"]})
MARKS = EMPTY_ROW + "CREATE TABLE marks (about, source_url TEXT);"


@dataclass(frozen=True)
class SlowDatabase:
    """A database on which every batch takes a second."""

    database: Database
    clock: ManualClock

    async def batch(self, statements: Sequence[Statement]) -> list[Result]:
        """Run the batch and let a second pass."""
        results = await self.database.batch(statements)
        self.clock.advance(seconds=1)
        return results

    async def bookmark(self) -> str | None:
        """Return no bookmark."""
        return None


BATCHES_BEFORE = 4
"""Two that read the schema, one each for the check under way and the open findings."""


def sliced(world: World, range_rows: int, seconds: int, setting: Settings = SETTINGS) -> Outcome:
    """Do one slice of a full check, with time for so many batches once it begins."""
    ports = replace(world.ports(), database=SlowDatabase(world.database, world.clock))
    deadline = world.clock.moment + timedelta(seconds=BATCHES_BEFORE + seconds)
    return asyncio.run(check(ports, setting, "full", deadline, range_rows=range_rows))


def to_its_end(world: World, range_rows: int, seconds: int, setting: Settings = SETTINGS) -> tuple[Outcome, int]:
    for slices in range(1, 200):
        outcome = sliced(world, range_rows, seconds, setting)
        if outcome.complete:
            return outcome, slices
    raise AssertionError("the check does not come to an end")


def told(outcome: Outcome) -> dict[str, tuple[str, int | None]]:
    return {one.name: (one.outcome, one.violations) for one in outcome.verdicts}


def in_one_pass(world: World, setting: Settings = SETTINGS) -> Outcome:
    return asyncio.run(check(world.ports(), setting, "full", world.clock.moment + timedelta(hours=1)))


def populated(shape: Shape, orphans: list[int], homepages: list[int], rows: int = 40) -> World:
    world = shape.world(MARKS)
    world.clock.per_look = timedelta(0)
    for number in range(1, rows + 1):
        shape.artifact(world, number * 3, f"k{number:04}", "unknown" if number % 7 == 0 else "raw")
        shape.datapoint(world, number * 5, number * 3, "https://x.org/" if number in homepages else None)
        world.database.script(f"INSERT INTO marks VALUES ('{shape.id(number * 3)}', 'https://x.org/a.pdf')")
    with unguarded(world.database):
        for number in orphans:
            shape.datapoint(world, number * 5 + 1, number * 3 + 1)
            world.database.script(f"INSERT INTO marks VALUES ('{shape.id(number * 3 + 2)}', NULL)")
            world.database.script(f"INSERT INTO tags VALUES ('{shape.id(number * 3 + 2)}', 'x')")
    return world


some = st.lists(st.integers(1, 40), max_size=12, unique=True)


@settings(max_examples=25, deadline=None)
@given(
    shape=st.builds(Shape, ids=st.sampled_from(["INTEGER", "TEXT"]), unique_index=st.booleans()),
    orphans=some,
    homepages=some,
    range_rows=st.integers(4, 50),
    seconds=st.integers(1, 30),
)
def test_many_ranges_over_many_slices_say_what_one_pass_says(
    shape: Shape, orphans: list[int], homepages: list[int], range_rows: int, seconds: int
) -> None:
    world = populated(shape, orphans, homepages)
    whole = told(in_one_pass(world, TAGGED))
    outcome, _ = to_its_end(world, range_rows, seconds, TAGGED)
    assert told(outcome) == whole
    assert whole["no_orphan_datapoints"][1] == 3 * len(orphans)
    assert whole["no_directory_citations"][1] == len(homepages)


@every_shape
def test_a_slice_says_how_far_it_is_and_the_next_goes_on_there(shape: Shape) -> None:
    world = populated(shape, [1, 2], [])
    first = sliced(world, 10, 2)
    assert not first.complete
    found = {one.name: one for one in first.verdicts}["no_orphan_datapoints"]
    assert found.outcome == "not_checked"
    assert found.violations is None
    assert "Not done yet" in str(found.reason)
    _, slices = to_its_end(world, 10, 2)
    assert slices > 1


def test_a_check_under_way_is_due_until_it_is_done() -> None:
    world = populated(Shape(), [], [])
    hours = SETTINGS.full_check_hours
    assert due(world, hours)
    sliced(world, 10, 2)
    assert due(world, hours)
    to_its_end(world, 10, 2)
    assert not due(world, hours)
    world.clock.advance(hours=hours)
    assert due(world, hours)


def due(world: World, hours: int) -> bool:
    return asyncio.run(full_check_due(world.database, world.clock.now(), hours))


def test_what_is_not_done_yet_opens_and_closes_no_finding() -> None:
    world = populated(Shape(), [1], [])
    in_one_pass(world)
    opened = world.database.all("SELECT * FROM steward_findings WHERE invariant = 'no_orphan_datapoints'")
    assert len(opened) == 1
    sliced(world, 5, 1)
    assert world.database.all("SELECT * FROM steward_findings WHERE invariant = 'no_orphan_datapoints'") == opened


def test_a_slice_of_yesterday_is_not_told_as_todays_news() -> None:
    world = populated(Shape(), [], [])
    assert not sliced(world, 5, 3).complete
    world.database.script("DROP INDEX mine; DROP TRIGGER steward_guard_known_type")
    world.clock.advance(hours=SETTINGS.full_check_hours)
    found = told(in_one_pass(world))
    assert found["guards_present"] == ("violated", 1)


def test_a_deadline_that_has_passed_checks_nothing_and_holds_nothing() -> None:
    world = populated(Shape(), [], [])
    outcome = asyncio.run(check(world.ports(), SETTINGS, "full", datetime.fromisoformat("2000-01-01T00:00:00Z")))
    assert {one.outcome for one in outcome.verdicts} == {"not_checked"}
    assert not outcome.ok


@pytest.mark.parametrize("range_rows", [1, 2, 39, 40, 41])
def test_the_last_uneven_range_is_looked_at_too(range_rows: int) -> None:
    world = populated(Shape(), [40], [40])
    outcome, _ = to_its_end(world, range_rows, 3)
    found = told(outcome)
    assert found["no_orphan_datapoints"] == ("violated", 1)
    assert found["no_directory_citations"] == ("violated", 1)


NULL_KEYS = """
  CREATE TABLE artifacts (
    id {kind} PRIMARY KEY, r2_bucket TEXT NOT NULL, r2_key TEXT NOT NULL, source_type TEXT NOT NULL, fetched_at,
    source_url
  );
  CREATE TABLE datapoints (id {kind} PRIMARY KEY, artifact_id {kind});
"""


@pytest.mark.parametrize("range_rows", [1, 7, 30, 33, 1000])
@pytest.mark.parametrize("kind", ["TEXT", "INT"])
def test_rows_whose_key_is_null_are_looked_at_too(kind: str, range_rows: int) -> None:
    world = World()
    world.database.script(NULL_KEYS.format(kind=kind))
    migrate(world.database)
    ids = [f"id-{number:03}" if kind == "TEXT" else number for number in range(30)]
    home, gone = "https://x.org/", "gone" if kind == "TEXT" else 77
    with unguarded(world.database):
        insert = world.database.connection.executemany
        insert("INSERT INTO artifacts VALUES (?, 'b', ?, 'raw', NULL, NULL)", [(one, f"k{one}") for one in ids])
        insert("INSERT INTO artifacts VALUES (NULL, 'b', ?, 'raw', NULL, ?)", [("n1", home), ("n2", home)])
        insert("INSERT INTO datapoints VALUES (?, ?)", [(one, one) for one in ids[:-1]] + [(ids[-1], gone)])
        insert("INSERT INTO datapoints VALUES (NULL, ?)", [(gone,)] * 3)
    outcome, _ = to_its_end(world, range_rows, 5)
    found = told(outcome)
    assert found["no_orphan_datapoints"] == ("violated", 4)
    assert found["no_directory_citations"] == ("violated", 2)


@pytest.mark.parametrize("kind", ["TEXT PRIMARY KEY", "INTEGER PRIMARY KEY", "INT PRIMARY KEY"])
def test_the_first_range_of_many_reads_no_more_than_its_rows(kind: str) -> None:
    world = World()
    world.database.script(f"CREATE TABLE big (id {kind}, note)")
    insert = world.database.connection.executemany
    insert("INSERT INTO big VALUES (?, 1)", [(f"id-{n:05}" if "TEXT" in kind else n,) for n in range(20_000)])
    rows, params = Walked("big", ("id",)).rows(None, ("id-00009" if "TEXT" in kind else 9,), first=1)
    steps = 0

    def step() -> None:
        nonlocal steps
        steps += 1

    world.database.connection.set_progress_handler(step, 1)
    assert world.database.one(f"SELECT count(note) FROM {rows}", *params) == 10
    world.database.connection.set_progress_handler(None, 1)
    assert steps < 1_000
