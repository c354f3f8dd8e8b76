"""What became of each object is counted in the database, whatever a constraint or a trigger of the owner's does."""

from __future__ import annotations

import asyncio
from dataclasses import replace
from datetime import timedelta

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from backfill.slice import walk_slice
from backfill.spec import SliceReport, WalkSpec
from backfill.target import read_target
from runs.budget import Budget
from runs.record import Opening, open_run
from tests.support.actions import RecordingDatabase, backfill, counts, live, numbered, tick, types
from tests.support.fakes import World
from tests.support.shapes import examples
from tests.unit.backfill.test_refused_objects import ABORT, CHECK, IGNORE, refused, world_of

TAKEN_BACK = """CREATE TRIGGER back AFTER INSERT ON artifacts WHEN NEW.r2_key GLOB '*[37]'
  BEGIN DELETE FROM artifacts WHERE id = NEW.id; END;"""
SET_BACK = """CREATE TRIGGER back AFTER UPDATE OF source_type ON artifacts WHEN NEW.r2_key GLOB '*[37]'
  BEGIN UPDATE artifacts SET source_type = 'unknown' WHERE id = NEW.id; END;"""


def test_a_row_that_a_trigger_deletes_after_its_insert_is_refused_in_each_pass_and_inserted_in_none() -> None:
    world = world_of(TAKEN_BACK)
    world.bucket.put(*numbered(100))
    for _ in range(2):
        report = live(world)
        assert (report["refused"], len(types(world))) == (20, 80)
    assert "did not keep it. Triggers there: back." in str(refused(world)["raw/00003"])


def test_a_type_that_a_trigger_sets_back_is_refused() -> None:
    world = world_of("PRAGMA recursive_triggers = OFF;" + SET_BACK)
    for number in range(10):
        world.database.script(f"INSERT INTO artifacts VALUES ({number}, 'artifacts', 'raw/0000{number}', 'unknown', 1)")
    world.bucket.put(*numbered(10))
    # The guard keeps the type of a known artifact; without it the owner's trigger has its way.
    world.database.script("DROP TRIGGER IF EXISTS steward_guard_known_type")
    report = live(world)
    assert (report["upgraded"], report["refused"]) == (8, 2)


def test_what_a_guard_notes_of_a_new_row_is_no_row_that_was_not_written() -> None:
    world = world_of("INSERT INTO artifacts VALUES (6, 'artifacts', 'raw/before', 'raw', NULL)")
    # The ids that the next rows get are those of merged ones, which the guard marks in the journal.
    world.database.connection.executemany(
        "INSERT INTO steward_merges (run, chunk, loser_id, winner_id, loser) VALUES (1, 1, ?, 6, '{}')",
        [(number,) for number in range(7, 12)],
    )
    world.bucket.put(*numbered(10))
    report = live(world)
    assert world.database.one("SELECT sum(reused) FROM steward_merges") == 5
    assert (report["inserted"], report["refused"], refused(world)) == (10, 0, {})


def test_a_page_of_which_everything_is_refused_costs_a_few_statements() -> None:
    world = world_of(check=CHECK)
    world.bucket.put(*numbered(1000, "bad/"), *numbered(10))
    recorder = RecordingDatabase(world.database)
    report = live(replace(world.ports(), database=recorder), max_objects=5000)
    assert (report["stopped_because"], report["refused"], report["inserted"]) == ("end", 1000, 10)
    assert sum(map(len, recorder.batches)) < 40


def test_a_row_that_no_constraint_refuses_is_written_beside_those_that_one_does() -> None:
    world = world_of("CREATE UNIQUE INDEX one_key ON artifacts (r2_key);", CHECK)
    world.database.script("INSERT INTO artifacts VALUES (1, 'another', 'raw/00005', 'raw', NULL)")
    world.bucket.put(*numbered(10), *numbered(3, "bad/"))
    report = live(world)
    assert (report["inserted"], report["refused"], len(refused(world))) == (9, 4, 4)


def test_the_conflicts_within_an_owners_trigger_are_never_ignored() -> None:
    """`INSERT OR IGNORE` would reach into the trigger: its failed insert would be passed over, and the row stay."""
    world = world_of("""
      CREATE TABLE log (word TEXT UNIQUE);
      CREATE TRIGGER logging AFTER INSERT ON artifacts BEGIN INSERT INTO log VALUES (substr(NEW.r2_key, 1, 9)); END;
    """)
    world.bucket.put(*numbered(3))
    report = live(world)
    assert (report["inserted"], report["refused"]) == (3, 0)
    world.bucket.put("raw/00002x")
    report = live(world)
    assert (report["inserted"], report["refused"], "raw/00002x" in types(world)) == (0, 1, False)


def slice_of(world: World, queries: int) -> SliceReport:
    """Walk live with so many queries left, from the beginning."""
    world.clock.advance(hours=1)

    async def run() -> SliceReport:
        opened = await open_run(world.database, world.clock, Opening("backfill", "live", "http", {}, exclusive=True))
        target = await read_target(world.database, "artifacts", "", live=True)
        budget = replace(Budget.of_run(opened, 60), subrequests=queries)
        report = await walk_slice(opened, WalkSpec(target, world.database, world.bucket, budget), None)
        await opened.close("succeeded")
        return report

    return asyncio.run(run())


@pytest.mark.parametrize("queries", [5, 20, 50, 100])
def test_what_was_written_before_a_budget_ended_within_a_page_is_counted_and_the_rest_is_next(queries: int) -> None:
    world = world_of(ABORT)
    world.bucket.put(*numbered(100))
    report = slice_of(world, queries)
    assert report.stopped == "subrequests"
    assert report.counts.inserted == len(types(world))
    assert report.counts.scanned == report.counts.inserted + report.counts.refused > 0
    assert report.position.last_key == f"raw/{report.counts.scanned - 1:05}"
    rest = live(world, start_after=report.position.last_key)
    assert (rest["inserted"] + report.counts.inserted, len(types(world))) == (80, 80)
    assert rest["scanned"] + report.counts.scanned == 100


def test_a_page_whose_objects_a_trigger_refuses_stops_at_the_time_too() -> None:
    world = world_of(ABORT.replace("GLOB '*[37]'", "<> ''"))
    world.bucket.put(*numbered(400))
    world.clock.per_look = timedelta(milliseconds=200)
    report = live(world)
    assert (report["stopped_because"], report["inserted"]) == ("time", 0)
    assert 0 < report["scanned"] == report["refused"] < 400
    assert report["start_after"] == f"raw/{report['scanned'] - 1:05}"


@settings(max_examples=examples(30), deadline=None)
@given(queries=st.integers(1, 60), trigger=st.sampled_from([ABORT, IGNORE, TAKEN_BACK]))
def test_any_cuts_within_pages_give_the_table_of_one_walk(queries: int, trigger: str) -> None:
    world, whole = world_of(trigger), world_of(trigger)
    for one in (world, whole):
        one.bucket.put(*numbered(60))
    live(whole)
    report, seen = slice_of(world, queries), 0
    seen += report.counts.scanned
    while not report.complete:
        more = live(world, start_after=report.position.last_key)
        report = replace(report, complete=not more["truncated"])
        seen += more["scanned"]
    assert seen == 60
    assert types(world) == types(whole)
    assert set(refused(world)) == set(refused(whole))


def test_the_first_refusal_stays_beside_the_last() -> None:
    world = world_of(ABORT)
    world.bucket.put(*numbered(4))
    tick(world)
    world.clock.advance(hours=25)
    tick(world)
    [(first, last)] = world.database.all("SELECT first_refused_at, refused_at FROM steward_refused")
    assert str(first) < str(last)


UNIQUE_KEY = "CREATE UNIQUE INDEX one_key ON artifacts (r2_key);"


@pytest.mark.parametrize(
    ("index", "foreseen"),
    [
        (UNIQUE_KEY, 1),
        ("CREATE UNIQUE INDEX one_key ON artifacts (r2_key COLLATE NOCASE);", 2),
        ("CREATE UNIQUE INDEX typed ON artifacts (source_type, r2_key);", 1),
        ("CREATE UNIQUE INDEX partly ON artifacts (r2_key) WHERE source_type = 'never';", 0),
        ("CREATE UNIQUE INDEX expressed ON artifacts (substr(r2_key, 1));", 0),
        ("", 0),
    ],
)
def test_dry_foresees_the_collisions_of_a_further_unique_index(index: str, foreseen: int) -> None:
    world = world_of(index)
    world.database.script("INSERT INTO artifacts VALUES (1, 'another', 'raw/00005', 'raw', NULL)")
    world.database.script("INSERT INTO artifacts VALUES (2, 'another', 'RAW/00006', 'raw', NULL)")
    world.bucket.put(*numbered(10))
    dry = backfill(world)
    assert dry["refused"] == foreseen
    if "expressed" not in index:
        assert counts(live(world)) == counts(dry)


def test_a_foreseen_collision_is_looked_up_by_its_index() -> None:
    world = world_of(UNIQUE_KEY)
    world.bucket.put(*numbered(10))
    recorder = RecordingDatabase(world.database)
    backfill(replace(world.ports(), database=recorder))
    [page] = [one for batch in recorder.batches for one in batch if "AS there" in one.sql]
    steps = [str(row[-1]) for row in world.database.all(f"EXPLAIN QUERY PLAN {page.sql}", *page.params)]
    assert any(step.startswith("SEARCH there USING") and "one_key" in step for step in steps), steps
