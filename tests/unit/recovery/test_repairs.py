"""The steps beside the merge: classify and orphans."""

from __future__ import annotations

import pytest

from tests.support.databases import (
    Shape,
    artifacts,
    datapoints,
    every_dirty_shape,
    every_shape,
    healed,
    numbers,
    recovered,
    steps,
    unguarded,
)
from tests.support.fakes import World

KEYS = ["raw/a.pdf", "raw/b", "mail/1", "elsewhere", "raw/A.PDF"]


def types(world: World) -> dict[object, object]:
    return {row[2]: row[3] for row in artifacts(world)}


DIRTY = Shape(unique_index=False)


# Classify


@every_shape
def test_unknown_rows_get_the_type_of_the_winning_rule_whether_or_not_their_object_exists(shape: Shape) -> None:
    world = shape.world()
    world.rules((5, "raw/*", "raw"), (5, "raw/*.pdf", "report"), (1, "mail/*", "mail"), (9, "raw/b", "late"))
    for number, key in enumerate(KEYS, start=1):
        shape.artifact(world, number, key, "unknown")
    report = recovered(world, dry_run=False)
    assert types(world) == {
        "raw/a.pdf": "report",
        "raw/b": "raw",
        "mail/1": "mail",
        "elsewhere": "unknown",
        "raw/A.PDF": "raw",
    }
    assert numbers(report)["classify"] == (5, 1, 4)
    [left] = steps(report)["classify"]["sample"]
    assert left["r2_key"] == "elsewhere"


@every_shape
def test_a_known_row_is_never_changed_whatever_the_rules_say(shape: Shape) -> None:
    world = shape.world()
    world.rules((1, "*", "everything"))
    for number, source_type in enumerate(["raw", "Unknown", "unknown ", "", "memo"], start=1):
        shape.artifact(world, number, f"k{number}", source_type)
    before = artifacts(world)
    assert numbers(recovered(world, dry_run=False))["classify"] == (0, 0, 0)
    assert artifacts(world) == before


def test_without_rules_nothing_is_classified_and_everything_is_sampled() -> None:
    shape = Shape()
    world = shape.world()
    for number in range(1, 31):
        shape.artifact(world, number, f"k{number}", "unknown")
    report = recovered(world, dry_run=False)
    assert numbers(report)["classify"] == (30, 30, 0)
    assert len(steps(report)["classify"]["sample"]) == 20


def test_more_unknowns_than_one_batch_takes_are_all_classified() -> None:
    shape = Shape()
    world = shape.world()
    world.rules((1, "k*", "raw"))
    world.database.script("""
      INSERT INTO artifacts (r2_bucket, r2_key, source_type)
      WITH RECURSIVE n (i) AS (SELECT 1 UNION ALL SELECT i + 1 FROM n WHERE i < 45000)
      SELECT CASE i % 3 WHEN 0 THEN 'b' ELSE 'c' END, printf('k%05d', i), 'unknown' FROM n
    """)
    assert numbers(recovered(world))["classify"] == (45000, 0, 45000)
    assert numbers(recovered(world, dry_run=False))["classify"] == (45000, 0, 45000)
    assert world.database.all("SELECT DISTINCT source_type FROM artifacts") == [("raw",)]


def test_the_type_a_winner_took_goes_before_the_rules() -> None:
    shape = Shape(unique_index=False)
    world = shape.world()
    world.rules((1, "*", "by rule"))
    shape.artifact(world, 1, "k", "memo")
    shape.artifact(world, 2, "k", "unknown", fetched_at="2026-01-01")
    dry, live = recovered(world), healed(world)
    assert types(world) == {"k": "memo"}
    assert numbers(dry)["classify"] == numbers(live)["classify"] == (0, 0, 0)


# Orphans


def journalled(world: World, shape: Shape, *merges: tuple[int, int], undone: bool = False) -> None:
    loser_row = '{"r2_bucket": "b", "r2_key": "k"}'
    rows = [(shape.id(loser), shape.id(winner), loser_row, 9 if undone else None) for loser, winner in merges]
    world.database.connection.executemany(
        "INSERT INTO steward_merges (run, chunk, loser_id, winner_id, loser, undone_by) VALUES (0, 1, ?, ?, ?, ?)",
        rows,
    )


def orphaned(shape: Shape, *missing: int) -> World:
    """Return a database with artifact 1 and a datapoint for each missing id."""
    world = shape.world()
    shape.artifact(world, 1, "k")
    with unguarded(world.database):
        for number, artifact in enumerate(missing, start=1):
            shape.datapoint(world, number, artifact)
    return world


def pointed(world: World) -> list[object]:
    return [row[1] for row in datapoints(world)]


@every_dirty_shape
def test_an_orphan_is_pointed_along_the_chain_of_merges_at_the_row_that_is_left(shape: Shape) -> None:
    world = orphaned(shape, 5, 6, 7, 8)
    journalled(world, shape, (5, 6), (6, 7), (7, 1))
    report = recovered(world, dry_run=False)
    assert pointed(world) == [shape.id(1), shape.id(1), shape.id(1), shape.id(8)]
    assert numbers(report)["orphans"] == (4, 1, 3)
    assert not report["ok"]


@every_shape
def test_an_orphan_nobody_knows_of_is_listed_and_never_deleted(shape: Shape) -> None:
    world = orphaned(shape, 5)
    report = recovered(world, dry_run=False)
    assert pointed(world) == [shape.id(5)]
    assert steps(report)["orphans"]["sample"] == [
        {"child": "datapoints.artifact_id", "row_key": 1, "missing_id": shape.id(5), "winner_id": None}
    ]


@pytest.mark.parametrize(
    "merges",
    [[(5, 5)], [(5, 6), (6, 5)], [(5, 6)], [(6, 1)]],
    ids=["itself", "a circle", "a winner that is gone too", "another's merge"],
)
def test_a_chain_that_leads_nowhere_leaves_the_orphan(merges: list[tuple[int, int]]) -> None:
    shape = Shape()
    world = orphaned(shape, 5)
    journalled(world, shape, *merges)
    assert numbers(recovered(world, dry_run=False))["orphans"] == (1, 1, 0)
    assert pointed(world) == [5]


def test_a_merge_that_was_undone_leads_nowhere() -> None:
    shape = Shape()
    world = orphaned(shape, 5)
    journalled(world, shape, (5, 1), undone=True)
    assert numbers(recovered(world, dry_run=False))["orphans"] == (1, 1, 0)


def test_a_datapoint_that_came_back_for_a_deleted_loser_finds_the_winner() -> None:
    """A writer that remembers the old id is what the journal is kept for."""
    shape = Shape(unique_index=False)
    world = shape.world()
    shape.artifact(world, 1, "k")
    shape.artifact(world, 2, "k", fetched_at="2026-01-01")
    healed(world)
    with unguarded(world.database):
        shape.datapoint(world, 1, 1)
    assert healed(world)["ok"]
    assert pointed(world) == [2]


def remembered(shape: Shape, winner: int, loser: int) -> World:
    """Return a database in which `loser` was merged into `winner`; both stood for the object k."""
    world = shape.world()
    shape.artifact(world, loser, "k", fetched_at="2026-01-01")
    shape.artifact(world, winner, "k", fetched_at="2026-02-01")
    assert healed(world)["ok"]
    return world


def dangling(world: World, shape: Shape, artifact: int) -> None:
    with unguarded(world.database):
        shape.datapoint(world, 1, artifact)


@every_dirty_shape
def test_a_child_of_another_artifact_that_had_the_losers_id_since_is_not_given_to_the_winner(shape: Shape) -> None:
    world = remembered(shape, 1, 2)
    shape.artifact(world, 2, "another")
    world.database.script("DELETE FROM artifacts WHERE r2_key = 'another'")
    dangling(world, shape, 2)
    report = recovered(world, dry_run=False)
    assert numbers(report)["orphans"] == (1, 1, 0)
    assert pointed(world) == [shape.id(2)]


@every_dirty_shape
def test_a_child_is_not_given_to_another_object_that_has_the_winners_id_by_now(shape: Shape) -> None:
    world = remembered(shape, 2, 1)
    world.database.script("DELETE FROM artifacts")
    shape.artifact(world, 2, "another")
    dangling(world, shape, 1)
    assert numbers(recovered(world, dry_run=False))["orphans"] == (1, 1, 0)


@every_dirty_shape
def test_a_trail_goes_on_past_a_winner_that_lost_later_and_whose_id_is_anothers_by_now(shape: Shape) -> None:
    world = remembered(shape, 2, 1)
    world.database.script("DROP INDEX artifacts_one_per_object")
    shape.artifact(world, 3, "k", fetched_at="2026-03-01")
    assert healed(world)["ok"]
    shape.artifact(world, 2, "another")
    dangling(world, shape, 1)
    assert healed(world)["ok"]
    assert pointed(world) == [shape.id(3)]


def test_a_writer_that_replaces_rows_hands_no_child_to_another_object() -> None:
    """An INTEGER PRIMARY KEY without AUTOINCREMENT hands out the deleted highest id again."""
    world = remembered(DIRTY, 1, 2)
    insert = "INSERT INTO artifacts (r2_bucket, r2_key, source_type) VALUES ('b', 'another', 'raw')"
    world.database.script(insert)
    DIRTY.datapoint(world, 1, 2)
    replacing = insert.replace("INSERT", "INSERT OR REPLACE").replace(
        "('b', 'another'", "('b', 'third', 'raw'), ('b', 'another'"
    )
    world.database.script(replacing)
    assert [row[:3:2] for row in artifacts(world)] == [(1, "k"), (3, "third"), (4, "another")]
    assert numbers(recovered(world, dry_run=False))["orphans"] == (1, 1, 0)
    assert pointed(world) == [2]


def test_of_two_merges_of_one_id_the_newest_counts() -> None:
    shape = Shape()
    world = orphaned(shape, 5)
    shape.artifact(world, 2, "l")
    world.database.script("""
      INSERT INTO steward_merges (run, chunk, loser_id, winner_id, loser) VALUES
        (0, 1, 5, 1, '{"r2_bucket": "b", "r2_key": "k"}'), (0, 1, 5, 2, '{"r2_bucket": "b", "r2_key": "l"}');
    """)
    assert healed(world)["ok"]
    assert pointed(world) == [2]


@pytest.mark.parametrize("key", ["PRIMARY KEY (word, about)", "PRIMARY KEY (about, word)"])
def test_rows_beside_an_orphan_stay_where_they_are(key: str) -> None:
    shape = Shape()
    world = shape.world(f"CREATE TABLE tags (about INTEGER REFERENCES artifacts (id), word TEXT, {key}) WITHOUT ROWID;")
    for number, name in enumerate(["k", "l", "m"], start=1):
        shape.artifact(world, number, name)
    with unguarded(world.database):
        world.database.script("INSERT INTO tags VALUES (2, 'x'), (3, 'x'), (5, 'x'), (5, 'y')")
    journalled(world, shape, (5, 1))
    assert healed(world)["ok"]
    assert world.database.all("SELECT about, word FROM tags ORDER BY 1, 2") == [(1, "x"), (1, "y"), (2, "x"), (3, "x")]


def test_an_orphan_that_a_constraint_keeps_from_its_winner_is_left_and_the_others_are_not() -> None:
    shape = Shape()
    world = shape.world(
        "CREATE TABLE notes (about INTEGER REFERENCES artifacts (id), word TEXT, UNIQUE (about, word));"
    )
    shape.artifact(world, 1, "k")
    with unguarded(world.database):
        world.database.script("INSERT INTO notes VALUES (1, 'x'), (5, 'x'), (5, 'y'), (5, NULL), (6, 'z'), (7, 'z')")
    journalled(world, shape, (5, 1), (6, 1), (7, 1))
    dry, live = recovered(world), recovered(world, dry_run=False)
    assert numbers(dry)["orphans"] == numbers(live)["orphans"] == (5, 3, 2)
    assert world.database.all("SELECT about FROM notes ORDER BY rowid") == [(1,), (5,), (1,), (1,), (6,), (7,)]
    assert live["done"]


def test_an_orphan_that_a_trigger_keeps_from_its_winner_stops_no_other_step() -> None:
    shape = Shape()
    world = orphaned(shape, 5)
    journalled(world, shape, (5, 1))
    world.database.script("""
      CREATE TRIGGER no BEFORE UPDATE ON datapoints BEGIN SELECT RAISE(ABORT, 'hands off'); END;
    """)
    report = recovered(world, dry_run=False)
    assert "hands off" in steps(report)["orphans"]["error"]
    assert numbers(report)["orphans"] == (1, 1, 0)
    assert (report["done"], report["ok"]) == (True, False)
