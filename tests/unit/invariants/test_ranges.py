"""A table too large for one query is checked in ranges, over as many slices as it takes."""

from __future__ import annotations

import asyncio
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import datetime, timedelta
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from database.key_ranges import KeyRanges
from invariants.catalogue import read_catalogue
from invariants.full_check import EVIDENCE, full_check_due
from invariants.outcome import Outcome
from invariants.spec import Checking
from invariants.work import check
from log import timestamp
from ports import Database, Result, Statement
from recovery.call import RecoverRequest
from recovery.run import recover
from reporting.summary import summarise
from runs.budget import Budget
from settings import Settings, read_settings
from tests.support.actions import tick
from tests.support.databases import Shape, checked, every_shape, full_for, recovered, unguarded
from tests.support.fakes import ManualClock, World, migrate
from tests.support.shapes import examples

EMPTY_ROW = "CREATE TABLE tags (artifact_id, tag TEXT, PRIMARY KEY (artifact_id, tag)) WITHOUT ROWID;"
TAGGED = read_settings({"CHILDREN": ["datapoints.artifact_id", "tags.artifact_id", "marks.about"]})
SETTINGS = read_settings({"NOT_CHILDREN": ["tags.artifact_id"], "MAX_DELETES": 1_000_000})
MARKS = EMPTY_ROW + "CREATE TABLE marks (about, source_url TEXT);"


@dataclass
class SlowDatabase:
    """A database on which every batch takes a second."""

    database: Database
    clock: ManualClock
    queries: int = 0

    async def batch(self, statements: Sequence[Statement]) -> list[Result]:
        """Run the batch and let a second pass."""
        self.queries += len(statements)
        results = await self.database.batch(statements)
        self.clock.advance(seconds=1)
        return results

    async def bookmark(self) -> str | None:
        """Return no bookmark."""
        return None


BATCHES_BEFORE = 5
"""Two that read the schema, one each for the check under way, the open findings and the latest passes."""


def sliced(world: World, range_rows: int, seconds: int, setting: Settings = SETTINGS, *, go_on: bool = True) -> Outcome:
    """Do one slice of a full check as a tick does, with time for so many batches once it begins."""
    ports = replace(world.ports(), database=SlowDatabase(world.database, world.clock))
    budget = Budget(world.clock, world.clock.moment + timedelta(seconds=BATCHES_BEFORE + seconds)).part("check")
    return asyncio.run(check(ports, setting, Checking("full", budget, resume=go_on, range_rows=range_rows)))


def to_its_end(world: World, range_rows: int, seconds: int, setting: Settings = SETTINGS) -> tuple[Outcome, int]:
    for slices in range(1, 200):
        outcome = sliced(world, range_rows, seconds, setting)
        if outcome.complete:
            return outcome, slices
    raise AssertionError("the check does not come to an end")


def told(outcome: Outcome) -> dict[str, tuple[str, int | None]]:
    return {one.name: (one.outcome, one.violations) for one in outcome.verdicts}


def all_but_passes(outcome: Mapping[str, Any]) -> set[str]:
    """Return the outcomes of the invariants that rely on no pass."""
    relying = {one.name for one in read_catalogue() if one.evidence}
    return {one["outcome"] for one in outcome["invariants"] if one["name"] not in relying}


def in_one_pass(world: World, setting: Settings = SETTINGS) -> Outcome:
    return asyncio.run(check(world.ports(), setting, full_for(world, hours=1)))


def populated(shape: Shape, orphans: list[int], homepages: list[int], rows: int = 40) -> World:
    world = shape.world(MARKS)
    world.clock.per_look = timedelta(0)
    world.rules((1, "k*", "raw"))
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


def test_a_slice_stops_before_it_uses_up_the_platforms_queries_and_the_next_goes_on() -> None:
    world = populated(Shape(), [3], [], rows=600)
    slow = SlowDatabase(world.database, world.clock)
    ports = replace(world.ports(), database=slow)
    first = asyncio.run(check(ports, SETTINGS, full_for(world, hours=1, range_rows=1)))
    assert not first.complete
    assert slow.queries < 500
    assert any("neither time nor queries" in str(one.reason) for one in first.verdicts)
    outcome, _ = to_its_end(world, 1, 3600)
    assert told(outcome)["no_orphan_datapoints"] == ("violated", 1)


some = st.lists(st.integers(1, 40), max_size=12, unique=True)


@settings(max_examples=examples(25), deadline=None)
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


def orphans_seen_to_hold(world: World) -> datetime:
    """Do slices until the orphans' scan is done and the check is not; return when the scan began."""
    began = world.clock.moment
    for _ in range(100):
        outcome = sliced(world, 10, 1)
        assert not outcome.complete
        if told(outcome)["no_orphan_datapoints"] == ("holds", 0):
            return began
    raise AssertionError("the orphans' scan does not come to an end")


def break_every_reference(world: World) -> None:
    with unguarded(world.database):
        world.database.script("UPDATE datapoints SET artifact_id = 77777")


def test_a_manual_full_check_looks_at_everything_anew() -> None:
    world = populated(Shape(), [], [])
    orphans_seen_to_hold(world)
    world.clock.advance(minutes=1)
    break_every_reference(world)
    report = checked(world)
    assert not report["ok"]
    [found] = [one for one in report["invariants"] if one["name"] == "no_orphan_datapoints"]
    assert (found["outcome"], found["violations"]) == ("violated", 40)
    assert "since" not in found


def test_a_ticks_verdict_from_an_earlier_slice_tells_when_its_scan_began() -> None:
    world = populated(Shape(), [], [])
    before = orphans_seen_to_hold(world)
    scanned = world.clock.moment
    world.clock.advance(minutes=15)
    world.database.script("DROP INDEX mine")
    later = tick(world, BACKFILL_MODE="off", NOT_CHILDREN=["tags.artifact_id"])["counts"]["check"]
    found = {one["name"]: one for one in later["invariants"]}
    assert found["no_orphan_datapoints"]["outcome"] == "holds"
    assert timestamp(before) <= found["no_orphan_datapoints"]["since"] <= timestamp(scanned)
    assert found["unique_index_present"]["outcome"] == "violated"
    assert "since" not in found["unique_index_present"]
    told_of = asyncio.run(summarise(world.ports(), SETTINGS))["orphans"]
    assert isinstance(told_of, dict)
    assert told_of["as_of"] == found["no_orphan_datapoints"]["since"]


def test_what_was_seen_too_long_ago_is_scanned_again() -> None:
    world = populated(Shape(), [], [])
    orphans_seen_to_hold(world)
    break_every_reference(world)
    world.clock.advance(seconds=EVIDENCE.total_seconds())
    found = {
        one["name"]: one
        for one in tick(world, BACKFILL_MODE="off", NOT_CHILDREN=["tags.artifact_id"])["counts"]["check"]["invariants"]
    }
    assert found["no_orphan_datapoints"]["violations"] == 40
    assert "since" not in found["no_orphan_datapoints"]


def under_way(world: World) -> object:
    return world.database.one("SELECT full_check FROM steward_control")


def test_a_manual_check_without_time_leaves_its_work_to_the_ticks_unless_they_have_their_own() -> None:
    world = populated(Shape(), [], [])
    assert not sliced(world, 10, 8, go_on=False).complete
    of_the_manual = under_way(world)
    assert of_the_manual
    sliced(world, 10, 1)
    of_the_ticks = under_way(world)
    assert of_the_ticks != of_the_manual
    sliced(world, 10, 1, go_on=False)
    assert under_way(world) == of_the_ticks
    assert in_one_pass(world).complete
    assert under_way(world) is None


def orphaned_world() -> World:
    """Return a world with one orphan that a recovery can point at its winner, found by a check that is not done."""
    world = populated(Shape(), [], [])
    with unguarded(world.database):
        world.database.script("""
          UPDATE datapoints SET artifact_id = 99999 WHERE id = 5;
          INSERT INTO steward_merges (run, chunk, loser_id, winner_id, loser)
          SELECT 0, 1, 99999, id, json_object('r2_bucket', r2_bucket, 'r2_key', r2_key) FROM artifacts WHERE id = 3;
        """)
    for _ in range(100):
        outcome = sliced(world, 10, 1)
        [found] = [one for one in outcome.verdicts if one.name == "no_orphan_datapoints"]
        if "1 violations so far" in str(found.reason):
            return world
    raise AssertionError("no slice finds the orphan")


def test_what_a_recovery_repaired_since_a_slice_opens_no_finding() -> None:
    world = orphaned_world()
    assert recovered(world, SETTINGS, dry_run=False)["ok"]
    assert under_way(world) is None
    world.clock.advance(minutes=15)
    outcome = tick(world, BACKFILL_MODE="off", NOT_CHILDREN=["tags.artifact_id"])["counts"]["check"]
    assert outcome["changes"] == []
    assert all_but_passes(outcome) == {"holds"}
    assert world.database.all("SELECT * FROM steward_findings") == []


def test_a_slice_from_before_a_recovery_is_not_gone_on_with_whoever_kept_it() -> None:
    world = orphaned_world()
    kept = under_way(world)
    assert recovered(world, SETTINGS, dry_run=False)["ok"]
    world.database.connection.execute("UPDATE steward_control SET full_check = ?", (kept,))
    world.clock.advance(minutes=15)
    outcome = tick(world, BACKFILL_MODE="off", NOT_CHILDREN=["tags.artifact_id"])["counts"]["check"]
    assert all_but_passes(outcome) == {"holds"}


def test_a_check_that_a_recovery_overtook_opens_no_finding() -> None:
    world = populated(Shape(unique_index=False), [], [])
    Shape().artifact(world, 500, "k0001")

    @dataclass
    class Overtaken(SlowDatabase):
        async def batch(self, statements: Sequence[Statement]) -> list[Result]:
            results = await super().batch(statements)
            if any("lowest_id" in one.sql for one in statements):
                report = await recover(world.ports(), SETTINGS, RecoverRequest(dry_run=False))
                assert report["ok"]
            return results

    ports = replace(world.ports(), database=Overtaken(world.database, world.clock))
    outcome = asyncio.run(check(ports, SETTINGS, full_for(world, hours=1)))
    assert told(outcome)["one_artifact_per_object"] == ("violated", 1)
    assert outcome.changes == []
    assert world.database.all("SELECT * FROM steward_findings WHERE resolved_at IS NULL") == []


def test_the_summary_tells_of_a_recoverys_own_check() -> None:
    world = populated(Shape(unique_index=False), [], [])
    Shape().artifact(world, 500, "k0001")
    assert not checked(world)["ok"]
    world.clock.advance(hours=1)
    assert recovered(world, SETTINGS, dry_run=False)["ok"]
    last = asyncio.run(summarise(world.ports(), SETTINGS))
    assert isinstance(last["last_check"], dict)
    assert (last["last_check"]["ok"], last["last_check"]["mode"]) == (True, "full")
    assert last["last_check"]["checked_at"] == timestamp(world.clock.moment)
    assert isinstance(last["duplicates"], dict)
    assert last["duplicates"]["outcome"] == "holds"


def test_a_deadline_that_has_passed_checks_nothing_and_holds_nothing() -> None:
    world = populated(Shape(), [], [])
    outcome = asyncio.run(check(world.ports(), SETTINGS, full_for(world, hours=-1)))
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
    rows = KeyRanges("big", ("id",)).rows(None, (f"t:{b'id-00009'.hex()}" if "TEXT" in kind else "i:9",))
    steps = 0

    def step() -> None:
        nonlocal steps
        steps += 1

    world.database.connection.set_progress_handler(step, 1)
    assert world.database.run(f"SELECT count(note) FROM {rows.text}", rows) == [(10,)]
    world.database.connection.set_progress_handler(None, 1)
    assert steps < 1_000
