"""The guards bind every writer: here they meet plain SQL from outside the Worker."""

from __future__ import annotations

import re
import sqlite3

import pytest

from database.guards import expected_guards
from tests.support.databases import Shape, artifacts, datapoints, every_shape, healed
from tests.support.fakes import World, migrated_world
from tests.support.shapes import chosen

NOT_THERE = "there is no artifact with that id"
REFERENCED = "still referenced"
FINAL = "a known source_type is final"


def guarded(shape: Shape) -> World:
    """Return a database with a known artifact that has a datapoint, an unknown one, and one without datapoints."""
    world = shape.world()
    shape.artifact(world, 1, "known", "report")
    shape.artifact(world, 2, "unknown", "unknown")
    shape.artifact(world, 3, "free", "memo")
    shape.datapoint(world, 1, 1)
    shape.datapoint(world, 2, None)
    return world


def literal(shape: Shape, number: int) -> str:
    value = shape.id(number)
    return str(value) if isinstance(value, int) else f"'{value}'"


def write(world: World, shape: Shape, statement: str) -> None:
    """Run a statement in which {n} stands for an id."""
    world.database.connection.execute(re.sub(r"\{(\d+)\}", lambda found: literal(shape, int(found[1])), statement))


def refused(why: str) -> pytest.RaisesExc[sqlite3.IntegrityError]:
    """Expect the refusal of a guard, which speaks of the columns by the names that the database has."""
    return pytest.raises(sqlite3.IntegrityError, match=re.escape(chosen().said(why)))


REFUSED = {
    "delete before the children are remapped": ("DELETE FROM artifacts WHERE id = {1}", REFERENCED),
    "delete everything": ("DELETE FROM artifacts", REFERENCED),
    "drop below a known type": ("UPDATE artifacts SET source_type = 'unknown' WHERE id = {1}", FINAL),
    "change a known type": ("UPDATE artifacts SET source_type = 'other' WHERE id = {1}", FINAL),
    "change every type": ("UPDATE artifacts SET source_type = 'other'", FINAL),
    "empty a known type": ("UPDATE artifacts SET source_type = '' WHERE id = {1}", FINAL),
    "an upsert that changes a known type": (
        (
            "INSERT INTO artifacts VALUES ({9}, 'b', 'known', 'other', NULL, NULL)"
            " ON CONFLICT (r2_bucket, r2_key) DO UPDATE SET source_type = excluded.source_type"
        ),
        FINAL,
    ),
    "a child of nothing": ("INSERT INTO datapoints (artifact_id) VALUES ({77})", NOT_THERE),
    "a child turned to nothing": ("UPDATE datapoints SET artifact_id = {77} WHERE id = 1", NOT_THERE),
    "a NULL turned to nothing": ("UPDATE datapoints SET artifact_id = {77} WHERE artifact_id IS NULL", NOT_THERE),
    "another id for a referenced artifact": ("UPDATE artifacts SET id = {78} WHERE id = {1}", REFERENCED),
}

ALLOWED = {
    "delete what nothing references": "DELETE FROM artifacts WHERE id IN ({2}, {3})",
    "classify what is unknown": "UPDATE artifacts SET source_type = 'raw' WHERE id = {2}",
    "set the type it has": "UPDATE artifacts SET source_type = 'report' WHERE id = {1}",
    "change another column": "UPDATE artifacts SET fetched_at = '2026-01-01', note = 'n' WHERE id = {1}",
    "insert an artifact": "INSERT INTO artifacts VALUES ({4}, 'b', 'new', 'unknown', NULL, NULL)",
    "insert a child": "INSERT INTO datapoints (artifact_id) VALUES ({1}), (NULL)",
    "turn a child elsewhere": "UPDATE datapoints SET artifact_id = {3} WHERE id = 1",
    "turn a child to none": "UPDATE datapoints SET artifact_id = NULL WHERE id = 1",
    "delete a child": "DELETE FROM datapoints WHERE id = 1",
    "another id for what nothing references": "UPDATE artifacts SET id = {5} WHERE id = {3}",
    "set the id it has": "UPDATE artifacts SET id = id",
}


@every_shape
@pytest.mark.parametrize(("statement", "why"), REFUSED.values(), ids=REFUSED.keys())
def test_what_the_runbook_forbids_the_database_refuses(statement: str, why: str, shape: Shape) -> None:
    world = guarded(shape)
    before = artifacts(world), datapoints(world)
    with refused(why):
        write(world, shape, statement)
    assert (artifacts(world), datapoints(world)) == before


@every_shape
@pytest.mark.parametrize("statement", ALLOWED.values(), ids=ALLOWED.keys())
def test_the_guards_are_not_in_the_way_of_anything_else(statement: str, shape: Shape) -> None:
    write(guarded(shape), shape, statement)


# The journal hears of an id that is used again


@every_shape
def test_an_insert_marks_the_merges_of_its_id_and_writes_nothing_where_there_is_none(shape: Shape) -> None:
    world = guarded(shape)
    rows = [(shape.id(loser), undone) for loser, undone in ((7, None), (7, None), (7, 3), (8, None))]
    world.database.connection.executemany(
        "INSERT INTO steward_merges (run, chunk, loser_id, winner_id, loser, undone_by) VALUES (1, 1, ?, 1, '{}', ?)",
        rows,
    )
    before = world.database.connection.total_changes
    write(world, shape, "INSERT INTO artifacts VALUES ({4}, 'b', 'new', 'raw', NULL, NULL)")
    assert world.database.connection.total_changes - before == 1
    write(world, shape, "INSERT INTO artifacts VALUES ({7}, 'b', 'newer', 'raw', NULL, NULL)")
    assert world.database.all("SELECT reused FROM steward_merges ORDER BY id") == [(1,), (1,), (0,), (0,)]


@pytest.mark.parametrize("declared", ["INTEGER", "TEXT"])
def test_the_journal_is_searched_by_its_index_for_ids_of_either_type(declared: str) -> None:
    world = Shape(declared).world()
    world.database.script(f"CREATE TABLE fresh (id {declared})")
    search = "SELECT 1 FROM fresh AS NEW CROSS JOIN steward_merges WHERE loser_id = +NEW.id AND undone_by IS NULL"
    assert search.partition("WHERE ")[2] in next(
        guard.create for guard in expected_guards([]) if guard.name == "steward_guard_reused_id"
    )
    plan = world.database.all(f"EXPLAIN QUERY PLAN {search}")
    assert "USING INDEX steward_merges_by_loser (loser_id=?)" in str(plan[-1][-1])


# Correcting a wrong known type


def allow(world: World, shape: Shape, number: int, before: str, after: str) -> None:
    world.database.script(f"""
      INSERT INTO steward_overrides (artifact_id, from_type, to_type, reason)
      VALUES ({literal(shape, number)}, '{before}', '{after}', 'it was misfiled')
    """)


def correct(world: World, shape: Shape, number: int, source_type: str) -> None:
    write(world, shape, f"UPDATE artifacts SET source_type = '{source_type}' WHERE id = {{{number}}}")


@every_shape
def test_an_override_lets_exactly_its_change_through_and_keeps_a_record_of_it(shape: Shape) -> None:
    world = guarded(shape)
    allow(world, shape, 1, "report", "memo")
    for number, source_type in ((1, "other"), (1, "unknown"), (3, "report")):
        with refused(FINAL):
            correct(world, shape, number, source_type)
    assert world.database.all("SELECT used_at FROM steward_overrides") == [(None,)]
    correct(world, shape, 1, "memo")
    assert world.database.one("SELECT source_type FROM artifacts WHERE r2_key = 'known'") == "memo"
    [row] = world.database.all("SELECT artifact_id, from_type, to_type, reason, used_at FROM steward_overrides")
    assert row[:4] == (shape.id(1), "report", "memo", "it was misfiled")
    assert re.fullmatch(r"\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d\.\d{3}Z", str(row[4]))


@every_shape
def test_an_override_is_used_up_by_the_change_it_allowed(shape: Shape) -> None:
    world = guarded(shape)
    allow(world, shape, 1, "report", "memo")
    correct(world, shape, 1, "memo")
    with refused(FINAL):
        correct(world, shape, 1, "report")
    allow(world, shape, 1, "memo", "report")
    correct(world, shape, 1, "report")
    with refused(FINAL):
        correct(world, shape, 1, "memo")


def test_an_override_may_even_admit_that_the_type_is_not_known() -> None:
    shape = Shape()
    world = guarded(shape)
    allow(world, shape, 1, "report", "unknown")
    correct(world, shape, 1, "unknown")
    assert world.database.one("SELECT source_type FROM artifacts WHERE r2_key = 'known'") == "unknown"


def test_an_override_given_as_text_fits_a_whole_number_id() -> None:
    shape = Shape()
    world = guarded(shape)
    world.database.script("""
      INSERT INTO steward_overrides (artifact_id, from_type, to_type, reason) VALUES ('1', 'report', 'memo', 'why')
    """)
    correct(world, shape, 1, "memo")


# The text


def test_the_schema_keeps_the_text_that_a_check_compares_with() -> None:
    found = migrated_world().database.all("SELECT name, sql FROM sqlite_schema WHERE type = 'trigger'")
    stored = {name: text for name, text in found}  # noqa: C416  # mypy knows no pairs in `tuple[object, ...]`
    assert stored == {guard.name: guard.stored for guard in expected_guards([("datapoints", "artifact_id")])}


NAMES = [("data points", "the id"), ('a"b', "x"), ("naïve", "ü"), ("select", "from"), ("it's", "so")]


@pytest.mark.parametrize(("table", "column"), NAMES, ids=[table for table, _ in NAMES])
def test_a_child_of_any_name_is_guarded(table: str, column: str) -> None:
    quoted = ['"' + name.replace('"', '""') + '"' for name in (table, column)]
    world = Shape().world(f"CREATE TABLE {quoted[0]} ({quoted[1]} INTEGER REFERENCES artifacts (id));")
    assert healed(world)["ok"]
    with pytest.raises(sqlite3.IntegrityError, match=NOT_THERE):
        world.database.connection.execute(f"INSERT INTO {quoted[0]} VALUES (5)")


def test_children_whose_names_run_together_have_guards_of_their_own() -> None:
    world = Shape().world("""
      CREATE TABLE a_b (c INTEGER REFERENCES artifacts (id));
      CREATE TABLE a (b_c INTEGER REFERENCES artifacts (id));
    """)
    assert healed(world)["ok"]
    for table in ("a_b", "a"):
        with pytest.raises(sqlite3.IntegrityError, match=NOT_THERE):
            world.database.connection.execute(f"INSERT INTO {table} VALUES (5)")


def test_a_changed_guard_is_put_right_by_recovery() -> None:
    shape = Shape()
    world = guarded(shape)
    world.database.script("""
      DROP TRIGGER steward_guard_known_type;
      CREATE TRIGGER steward_guard_known_type BEFORE UPDATE ON artifacts BEGIN SELECT 1; END;
    """)
    world.rules((1, "*", "raw"))
    assert healed(world)["ok"]
    with refused(FINAL):
        correct(world, shape, 1, "unknown")
