from __future__ import annotations

from dataclasses import replace

import pytest
from hypothesis import given, settings

from errors import InputError, RefusedError
from tests.support.actions import everything, tick
from tests.support.databases import (
    SETTINGS,
    Shape,
    artifacts,
    broken,
    datapoints,
    every_dirty_shape,
    healed,
    recovered,
    undone,
    unguarded,
    verdicts,
)
from tests.support.dirty import SAMPLE, Dirt, clean_sample, dirt
from tests.support.fakes import World, migrate, migrated_world
from tests.support.shapes import examples

DIRTY = Shape(unique_index=False)


def merged(shape: Shape = DIRTY) -> World:
    """Return a database after a recovery in which 1 and 2 lost to 3, and 4 to 5."""
    world = shape.world()
    for number, key in enumerate(["a", "a", "a", "b", "b", "c"], start=1):
        shape.artifact(world, number, key, fetched_at=f"2026-01-0{number}", note=f"note {number}")
        shape.datapoint(world, number, number)
    assert healed(world)["ok"]
    return world


def contents(world: World) -> list[object]:
    return [artifacts(world), datapoints(world)]


@every_dirty_shape
def test_losers_return_with_their_ids_and_their_children_point_at_them_again(shape: Shape) -> None:
    world = merged(shape)
    report = undone(world, 1)
    whole = replace_run(shape)
    assert contents(world) == contents(whole)
    assert report == {
        "run_id": 2,
        "undone_run": 1,
        "done": True,
        "restored": 3,
        "children_restored": 3,
        "refused": [],
    }


def replace_run(shape: Shape) -> World:
    """Return what `merged` was before its recovery."""
    world = shape.world()
    for number, key in enumerate(["a", "a", "a", "b", "b", "c"], start=1):
        shape.artifact(world, number, key, fetched_at=f"2026-01-0{number}", note=f"note {number}")
        shape.datapoint(world, number, number)
    return world


def test_every_column_returns_as_it_was_whatever_is_in_it() -> None:
    columns = [f"c{number}" for number in range(40)]
    odd = [
        2**62 + 1,
        -(2**63),
        0.1 + 0.2,
        1e-300,
        5.0,
        b"\0\xff",
        b"",
        "steward:blob:00",
        "",
        None,
        "null",
        'a"b',
        "é\n",
    ]
    values = (odd * 4)[: len(columns)]
    world = World()
    world.database.script(f"""
      CREATE TABLE artifacts (
        id INTEGER PRIMARY KEY, r2_bucket TEXT NOT NULL, r2_key TEXT NOT NULL, source_type TEXT NOT NULL,
        fetched_at TEXT, {", ".join(columns)}
      )
    """)
    migrate(world.database)
    marks = ", ".join("?" * (len(columns) + 5))
    for number in (2**60 + 1, 2**60 + 2):
        world.database.connection.execute(
            f"INSERT INTO artifacts VALUES ({marks})", (number, "b", "k", "raw", None, *values)
        )
    before = artifacts(world)
    healed(world)
    undone(world, 1)
    after = artifacts(world)
    assert after == before
    assert [[type(value) for value in row] for row in after] == [[type(value) for value in row] for row in before]


@pytest.mark.parametrize("name", ["steward:blob:00", "steward:x", "a\tb", 'quo"te'])
def test_a_bucket_and_a_key_of_any_name_return(name: str) -> None:
    world = DIRTY.world()
    for number in (1, 2):
        DIRTY.artifact(world, number, name, bucket=name)
    before = artifacts(world)
    healed(world)
    assert undone(world, 1)["refused"] == []
    assert artifacts(world) == before


def test_a_type_that_the_winner_took_stays_for_it_is_knowledge() -> None:
    world = DIRTY.world()
    DIRTY.artifact(world, 1, "k", "report")
    DIRTY.artifact(world, 2, "k", "unknown", fetched_at="2026-01-01")
    healed(world)
    undone(world, 1)
    assert [(row[0], row[3]) for row in artifacts(world)] == [(1, "report"), (2, "report")]


@every_dirty_shape
def test_undoing_twice_changes_nothing(shape: Shape) -> None:
    world = merged(shape)
    undone(world, 1)
    once = contents(world), world.database.all("SELECT * FROM steward_merges"), index_names(world)
    report = undone(world, 1)
    assert (report["restored"], report["children_restored"], report["refused"]) == (0, 0, [])
    assert (contents(world), world.database.all("SELECT * FROM steward_merges"), index_names(world)) == once


def index_names(world: World) -> list[tuple[object, ...]]:
    return world.database.all("SELECT name FROM sqlite_schema WHERE type = 'index' ORDER BY name")


def test_after_an_undo_backfill_is_paused_and_the_checks_say_what_is_back() -> None:
    world = merged()
    undone(world, 1)
    assert world.database.all("SELECT paused_by, pause_reason FROM steward_control") == [("undo", "undo of run 1")]
    assert broken(verdicts(world)) == {"one_artifact_per_object": 2, "unique_index_present": 1}
    assert "paused by undo" in str(tick(world)["counts"]["backfill"])


def test_a_recovery_after_an_undo_ends_where_the_first_one_did() -> None:
    world = merged()
    once = contents(world)
    undone(world, 1)
    assert healed(world)["ok"]
    assert contents(world) == once
    undone(world, 3)
    assert contents(world) == contents(replace_run(DIRTY))


MOVED_ON = {
    "the loser's id is in use again": (
        "INSERT INTO artifacts VALUES (1, 'b', 'new', 'raw', NULL, NULL)",
        {"loser_id": 1, "winner_id": 3, "r2_bucket": "b", "r2_key": "a", "why": "the id is in use again"},
        {2, 4},
    ),
    "the loser's id was another row's meanwhile": (
        "INSERT INTO artifacts VALUES (1, 'b', 'new', 'raw', NULL, NULL); DELETE FROM artifacts WHERE id = 1",
        {"loser_id": 1, "winner_id": 3, "r2_bucket": "b", "r2_key": "a", "why": "the id was another row's meanwhile"},
        {2, 4},
    ),
    "the winner is gone": (
        "DELETE FROM datapoints WHERE artifact_id = 5; DELETE FROM artifacts WHERE id = 5",
        {"loser_id": 4, "winner_id": 5, "r2_bucket": "b", "r2_key": "b", "why": "the winner is gone"},
        {1, 2},
    ),
    "the winner stands for another object": (
        "UPDATE artifacts SET r2_key = 'moved' WHERE id = 5",
        {
            "loser_id": 4,
            "winner_id": 5,
            "r2_bucket": "b",
            "r2_key": "b",
            "why": "the winner is the row of another object now",
        },
        {1, 2},
    ),
}


@pytest.mark.parametrize(("meanwhile", "refused", "back"), MOVED_ON.values(), ids=MOVED_ON.keys())
def test_what_moved_on_is_left_as_it_is_and_told_and_the_rest_returns(
    meanwhile: str, refused: dict[str, object], back: set[int]
) -> None:
    world = merged()
    world.database.script(meanwhile)
    report = undone(world, 1)
    assert report["refused"] == [refused]
    assert report["restored"] == len(back)
    assert back <= {row[0] for row in artifacts(world)}


def test_a_child_that_points_elsewhere_by_now_is_left_there_and_told() -> None:
    world = merged()
    world.database.script("""
      UPDATE datapoints SET artifact_id = 6 WHERE id = 1;
      DELETE FROM datapoints WHERE id = 4;
    """)
    report = undone(world, 1)
    assert (report["restored"], report["children_restored"]) == (3, 1)
    assert report["refused"] == [
        {"child_table": "datapoints", "child_column": "artifact_id", "row_key": 1, "points_at": 6},
        {"child_table": "datapoints", "child_column": "artifact_id", "row_key": 4, "points_at": None},
    ]
    assert (1, 6) in [row[:2] for row in datapoints(world)]


def test_a_merge_whose_winner_lost_in_a_later_run_is_undone_after_that_one() -> None:
    world = merged()
    world.database.script("DROP INDEX artifacts_one_per_object")
    DIRTY.artifact(world, 9, "a", fetched_at="2027-01-01")
    healed(world)
    first = undone(world, 1)
    assert [one["why"] for one in first["refused"]] == ["the winner is gone"] * 2
    assert undone(world, 2)["restored"] == 1
    assert undone(world, 1)["restored"] == 2
    assert {row[:2] for row in datapoints(world)} == {(number, number) for number in range(1, 7)}


CHILDREN = {
    "a key of several columns": """
      CREATE TABLE tags (word TEXT, about {ids} REFERENCES artifacts (id), PRIMARY KEY (word, about)) WITHOUT ROWID;
      INSERT INTO tags VALUES ('x', {1}), ('y', {2}), ('z', {3}), ('x', {6});
    """,
    "a key of several columns, the reference first": """
      CREATE TABLE tags (
        about {ids} REFERENCES artifacts (id), word TEXT, page INTEGER, PRIMARY KEY (about, word, page)
      ) WITHOUT ROWID;
      INSERT INTO tags VALUES ({1}, 'x', 1), ({1}, 'x', 2), ({3}, 'x', 3), ({6}, 'x', 1);
    """,
    "the reference as its key": """
      CREATE TABLE details (about {ids} PRIMARY KEY REFERENCES artifacts (id), word TEXT);
      INSERT INTO details VALUES ({1}, 'x'), ({4}, 'y'), ({6}, 'z');
    """,
    "no key at all": """
      CREATE TABLE marks (about {ids} REFERENCES artifacts (id), word TEXT);
      INSERT INTO marks VALUES ({1}, 'x'), ({1}, 'x'), ({3}, 'x'), (NULL, 'x');
    """,
    "two references in one key": """
      CREATE TABLE links (
        a {ids} REFERENCES artifacts (id), b {ids} REFERENCES artifacts (id), PRIMARY KEY (a, b)
      ) WITHOUT ROWID;
      INSERT INTO links VALUES ({1}, {4}), ({4}, {2}), ({6}, {1}), ({2}, {6});
    """,
    "a text key": """
      CREATE TABLE notes (name TEXT PRIMARY KEY, about {ids} REFERENCES artifacts (id));
      INSERT INTO notes VALUES ('n1', {1}), ('n2', {2}), ('n3', {3}), ('5', {4});
    """,
}


@pytest.mark.parametrize("ids", ["INTEGER", "TEXT"])
@pytest.mark.parametrize("child", CHILDREN.values(), ids=CHILDREN.keys())
def test_children_return_however_their_rows_are_named(child: str, ids: str) -> None:
    shape = replace(DIRTY, ids=ids)
    text = child.replace("{ids}", ids)
    for number in range(1, 7):
        value = shape.id(number)
        text = text.replace(f"{{{number}}}", str(value) if isinstance(value, int) else f"'{value}'")
    create, insert = text.split("INSERT", 1)
    [name] = [word for word in ("tags", "details", "marks", "links", "notes") if f"TABLE {word} " in create]
    world = shape.world(create)
    for number, key in enumerate(["a", "a", "a", "b", "b", "c"], start=1):
        shape.artifact(world, number, key, fetched_at=f"2026-01-0{number}")
    world.database.script("INSERT" + insert)
    before = sorted(world.database.all(f"SELECT * FROM {name}"), key=str)
    assert healed(world)["ok"]
    assert sorted(world.database.all(f"SELECT * FROM {name}"), key=str) != before
    report = undone(world, 1)
    assert report["refused"] == []
    assert sorted(world.database.all(f"SELECT * FROM {name}"), key=str) == before


def test_losers_that_point_at_losers_return_in_whatever_order() -> None:
    world = World()
    world.database.script("""
      CREATE TABLE artifacts (
        id INTEGER PRIMARY KEY, r2_bucket TEXT NOT NULL, r2_key TEXT NOT NULL, source_type TEXT NOT NULL,
        fetched_at TEXT, parent INTEGER REFERENCES artifacts (id)
      );
      INSERT INTO artifacts VALUES
        (2, 'b', 'x', 'raw', NULL, NULL), (3, 'b', 'x', 'raw', '2026-01-01', NULL),
        (1, 'b', 'k', 'raw', NULL, 2), (4, 'b', 'k', 'raw', '2026-01-01', 2);
    """)
    migrate(world.database)
    before = world.database.all("SELECT * FROM artifacts")
    assert healed(world)["ok"]
    assert world.database.all("SELECT id, parent FROM artifacts") == [(3, None), (4, 3)]
    assert undone(world, 1)["restored"] == 2
    assert world.database.all("SELECT * FROM artifacts") == before
    assert "guards_present" not in broken(verdicts(world))


@settings(max_examples=examples(40), deadline=None)
@given(database=dirt())
def test_undoing_gives_back_every_row_and_every_reference(database: Dirt) -> None:
    world = database.world()
    before, points = {row[0]: row for row in artifacts(world)}, datapoints(world)
    report = recovered(world, dry_run=False)
    undone(world, report["run_id"])
    after = {row[0]: row for row in artifacts(world)}
    assert after.keys() == before.keys()
    for number, row in before.items():
        # The type may have become known meanwhile: carried to the winner, or by a rule.
        assert after[number][:3] + after[number][4:] == row[:3] + row[4:]
        assert after[number][3] == row[3] or row[3] == "unknown"
    # A declared key lets no row point at an id that is still missing.
    missing = {row[0] for row in points if row[1] not in before} if database.shape.foreign_keys else set()
    assert [row for row in datapoints(world) if row[0] not in missing] == [
        row for row in points if row[0] not in missing
    ]


def pointed_orphans() -> World:
    """Return a database after run 2 gave 1 and 2, who came back with a loser's id, to its winner."""
    world = DIRTY.world()
    DIRTY.artifact(world, 1, "k", fetched_at="2026-02-01")
    DIRTY.artifact(world, 2, "k", fetched_at="2026-01-01")
    healed(world)
    with unguarded(world.database):
        DIRTY.datapoint(world, 1, 2)
        DIRTY.datapoint(world, 2, 2)
        DIRTY.datapoint(world, 3, 1)
    assert healed(world)["ok"]
    assert [row[1] for row in datapoints(world)] == [1, 1, 1]
    return world


def test_where_a_recovery_pointed_orphans_is_journalled_and_undone_with_its_guards_in_place() -> None:
    world = pointed_orphans()
    journal = "SELECT run, child_table, child_column, row_key, loser_id, winner_id FROM steward_remaps"
    assert world.database.all(journal) == [(2, "datapoints", "artifact_id", key, 2, 1) for key in (1, 2)]
    report = undone(world, 2)
    assert (report["restored"], report["children_restored"], report["refused"]) == (0, 2, [])
    assert [row[1] for row in datapoints(world)] == [2, 2, 1]
    assert broken(verdicts(world)) == {"no_orphan_datapoints": 2}
    assert "paused by undo" in str(tick(world)["counts"]["backfill"])
    again = undone(world, 2)
    assert (again["children_restored"], again["refused"]) == (0, [])
    assert undone(world, 1)["restored"] == 1
    assert broken(verdicts(world)).keys() == {"one_artifact_per_object", "unique_index_present"}


def test_an_orphan_that_moved_on_is_left_there_and_told() -> None:
    world = pointed_orphans()
    DIRTY.artifact(world, 9, "else")
    world.database.script("UPDATE datapoints SET artifact_id = 9 WHERE id = 1")
    report = undone(world, 2)
    assert [row[1] for row in datapoints(world)] == [9, 2, 1]
    assert report["children_restored"] == 1
    assert report["refused"] == [
        {"child_table": "datapoints", "child_column": "artifact_id", "row_key": 1, "points_at": 9}
    ]


def test_an_orphan_of_a_loser_that_is_back_points_at_it_again() -> None:
    world = merged()
    with unguarded(world.database):
        world.database.script("UPDATE datapoints SET artifact_id = 1 WHERE id = 6; DROP INDEX artifacts_one_per_object")
    DIRTY.artifact(world, 7, "c")
    assert healed(world)["ok"]
    assert undone(world, 1)["restored"] == 3
    report = undone(world, 2)
    assert (report["restored"], report["children_restored"], report["refused"]) == (1, 1, [])
    assert (6, 1) in [row[:2] for row in datapoints(world)]


# What is refused


def test_a_run_that_is_not_there_is_not_found() -> None:
    with pytest.raises(InputError, match="There is no run 7") as refused:
        undone(migrated_world(), 7)
    assert refused.value.status == 404


def test_only_a_live_recovery_can_be_undone() -> None:
    world = SAMPLE.world()
    recovered(world)
    verdicts(world)
    before = everything(world)
    for run in (1, 2):
        with pytest.raises(RefusedError, match=r"is a (dry recovery|full check)") as refused:
            undone(world, run)
        assert refused.value.reason == "not_a_recovery"
    assert everything(world) == before


def test_an_index_that_is_part_of_the_table_cannot_be_dropped_and_the_way_out_is_named() -> None:
    world = merged()
    rebuilt(world)
    with pytest.raises(RefusedError, match="part of the table's declaration") as refused:
        undone(world, 1)
    assert "Time Travel" in refused.value.hint
    assert world.database.one("SELECT paused_by FROM steward_control") is None


def rebuilt(world: World) -> None:
    """Build the table again with its constraint inline, as one does who was told to."""
    with unguarded(world.database):
        world.database.script("""
          CREATE TABLE tight (
            id INTEGER PRIMARY KEY, r2_bucket TEXT NOT NULL, r2_key TEXT NOT NULL, source_type TEXT NOT NULL,
            fetched_at, note, UNIQUE (r2_bucket, r2_key)
          );
          INSERT INTO tight SELECT id, r2_bucket, r2_key, source_type, fetched_at, note FROM artifacts;
          DROP TABLE artifacts;
          ALTER TABLE tight RENAME TO artifacts;
        """)


def test_an_undo_is_refused_while_a_deleted_artifact_would_take_rows_of_a_child_with_it() -> None:
    world = merged()
    world.database.script("""
      CREATE UNIQUE INDEX notes_of ON artifacts (note);
      CREATE TABLE pages (about TEXT REFERENCES artifacts (note) ON DELETE SET NULL);
    """)
    with pytest.raises(RefusedError, match=r"pages\.about ON DELETE SET NULL"):
        undone(world, 1)
    assert world.database.one("SELECT paused_by FROM steward_control") is None


def test_an_undo_beside_a_live_run_is_refused() -> None:
    world = merged()
    world.database.script("UPDATE steward_control SET lease_token = 'other', lease_run = 9, lease_until = '2999'")
    before = contents(world)
    with pytest.raises(RefusedError, match="Run 9 is in progress"):
        undone(world, 1)
    assert contents(world) == before


def test_a_recovery_that_merged_nothing_has_nothing_to_undo() -> None:
    world = clean_sample(Shape()).shape.world()
    healed(world)
    names = index_names(world)
    report = undone(world, 1, SETTINGS)
    assert (report["done"], report["restored"]) == (True, 0)
    assert index_names(world) == names
