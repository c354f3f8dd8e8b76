"""A fast check may leave a scan out only where the database makes a violation impossible."""

from __future__ import annotations

import pytest

from tests.support.databases import Shape, broken, every_shape, unguarded, verdicts
from tests.support.fakes import World
from tests.support.shapes import chosen
from words import CheckMode

PROVED_BY = {
    "one_artifact_per_object": "the unique index",
    "unique_index_present": "the unique index",
    "no_orphan_datapoints": "the foreign key",
    "no_unknown_source_type": "the partial index",
    "guards_present": "the guards' text",
    "ids_are_unique": "the primary key",
    "references_known": "the columns' names",
    "references_by_id": "the columns' names",
}


def fast(world: World) -> dict[str, tuple[str, str]]:
    found = verdicts(world, "fast")
    return {name: (found[name]["outcome"], found[name]["method"]) for name in PROVED_BY}


def with_index(text: str, *, loose: bool = False) -> World:
    world = Shape(unique_index=False, loose=loose).world()
    world.database.script(text)
    return world


@pytest.mark.parametrize("ids", ["INTEGER", "TEXT"])
def test_where_the_schema_proves_everything_nothing_is_scanned(ids: str) -> None:
    assert set(fast(Shape(ids, foreign_keys=True).world()).values()) == {("holds", "proof")}


@every_shape
def test_a_full_check_scans_everything_and_believes_no_proof(shape: Shape) -> None:
    assert {one["method"] for one in verdicts(shape.world(), "full").values()} == {"scan"}


@pytest.mark.parametrize(
    "index",
    [
        "",
        "CREATE INDEX plain ON artifacts (r2_bucket, r2_key)",
        "CREATE UNIQUE INDEX partly ON artifacts (r2_bucket, r2_key) WHERE source_type <> 'unknown'",
        "CREATE UNIQUE INDEX folded ON artifacts (r2_bucket, r2_key COLLATE NOCASE)",
        "CREATE UNIQUE INDEX trimmed ON artifacts (r2_bucket COLLATE RTRIM, r2_key)",
        "CREATE UNIQUE INDEX three ON artifacts (r2_bucket, r2_key, source_type)",
        "CREATE UNIQUE INDEX other ON artifacts (r2_key, source_type)",
        "CREATE UNIQUE INDEX one ON artifacts (r2_key)",
        "CREATE UNIQUE INDEX computed ON artifacts (r2_bucket, lower(r2_key))",
        "CREATE UNIQUE INDEX elsewhere ON datapoints (artifact_id, source_url)",
    ],
)
def test_an_index_that_does_not_make_duplicates_impossible_proves_nothing(index: str) -> None:
    world = with_index(index)
    found = fast(world)
    assert found["one_artifact_per_object"] == ("holds", "scan")
    assert found["unique_index_present"] == ("violated", "scan")
    assert broken(verdicts(world, "full")) == {"unique_index_present": 1}


@pytest.mark.parametrize("columns", ["r2_bucket, r2_key", "r2_key, r2_bucket", "r2_key DESC, r2_bucket"])
def test_the_unique_index_proves_it_in_whatever_order_its_columns_are(columns: str) -> None:
    found = fast(with_index(f"CREATE UNIQUE INDEX mine ON artifacts ({columns})"))
    assert found["one_artifact_per_object"] == found["unique_index_present"] == ("holds", "proof")


def test_a_nullable_column_is_no_proof_for_a_unique_index_lets_nulls_through() -> None:
    world = with_index("CREATE UNIQUE INDEX mine ON artifacts (r2_bucket, r2_key)", loose=True)
    world.database.script("INSERT INTO artifacts (id, r2_bucket, source_type) VALUES (1, 'b', 'x'), (2, 'b', 'x')")
    found = verdicts(world, "fast")
    assert found["one_artifact_per_object"]["method"] == "scan"
    nullable = [own for word in ("r2_bucket", "r2_key") if (own := chosen().of(word).own)]
    assert broken(found) == {"one_artifact_per_object": 1, "unique_index_present": len(nullable)}
    assert {row["missing"] for row in found["unique_index_present"]["sample"]} == {
        f"NOT NULL on {name}" for name in nullable
    }


def test_without_the_foreign_key_orphans_are_looked_for() -> None:
    world = Shape(foreign_keys=True).world()
    assert fast(world)["no_orphan_datapoints"] == ("holds", "proof")
    # Without a key as people do it: the table is copied, and the copy takes its place.
    with unguarded(world.database):
        world.database.script("""
          CREATE TABLE copy AS SELECT * FROM datapoints;
          DROP TABLE datapoints;
          ALTER TABLE copy RENAME TO datapoints;
          INSERT INTO datapoints (artifact_id) VALUES (77);
        """)
    assert fast(world)["no_orphan_datapoints"] == ("violated", "scan")


@pytest.mark.parametrize(
    "child",
    [
        "CREATE TABLE notes (about INTEGER REFERENCES artifacts (id));",
        "CREATE TABLE notes (about INTEGER REFERENCES Artifacts);",
        "CREATE TABLE notes (about INTEGER, FOREIGN KEY (about) REFERENCES artifacts (ID) ON DELETE SET NULL);",
    ],
)
def test_one_child_without_a_key_is_scanned_though_the_others_have_one(child: str) -> None:
    world = Shape(foreign_keys=False).world(child)
    found = verdicts(world, "fast")["no_orphan_datapoints"]
    assert (found["outcome"], found["method"]) == ("holds", "scan")
    with unguarded(world.database):
        world.database.script("INSERT INTO notes VALUES (5)")
    assert broken(verdicts(world, "full"))["no_orphan_datapoints"] == 1


def test_a_key_on_several_columns_is_no_reference_of_one() -> None:
    pair = "CREATE TABLE pair (a, b, FOREIGN KEY (a, b) REFERENCES artifacts (r2_bucket, r2_key));"
    assert broken(verdicts(Shape().world(pair), "full")) == {}


def test_a_partial_index_on_something_else_counts_no_unknowns() -> None:
    world = Shape().world()
    assert fast(world)["no_unknown_source_type"] == ("holds", "proof")
    world.database.script("""
      DROP INDEX artifacts_unknown;
      CREATE INDEX artifacts_unknown ON artifacts (r2_bucket, r2_key) WHERE source_type = 'Unknown';
    """)
    assert fast(world)["no_unknown_source_type"] == ("holds", "scan")
    world.database.script("DROP INDEX artifacts_unknown")
    assert fast(world)["no_unknown_source_type"] == ("holds", "scan")


def test_the_partial_index_counts_the_unknowns_there_are() -> None:
    shape = Shape()
    world = shape.world()
    for number in range(1, 31):
        shape.artifact(world, number, f"k{number}", "unknown")
    assert broken(verdicts(world, "fast")) == {"no_unknown_source_type": 30}


@pytest.mark.parametrize("mode", ["fast", "full"])
def test_a_trigger_with_another_text_is_not_the_guard(mode: CheckMode) -> None:
    world = Shape().world()
    [(text,)] = world.database.all("SELECT sql FROM sqlite_schema WHERE name = 'steward_guard_known_type'")
    world.database.script("DROP TRIGGER steward_guard_known_type")
    world.database.script(str(text).replace("'unknown'", "'UNKNOWN'"))
    found = verdicts(world, mode)["guards_present"]
    assert (found["outcome"], found["method"], found["violations"]) == ("violated", "scan", 1)


def test_an_open_finding_is_closed_by_a_scan_and_not_by_a_proof() -> None:
    shape = Shape(foreign_keys=True)
    world = shape.world()
    with unguarded(world.database):
        shape.datapoint(world, 1, 9)
    assert broken(verdicts(world, "full")) == {"no_orphan_datapoints": 1}
    found = verdicts(world, "fast")["no_orphan_datapoints"]
    assert (found["outcome"], found["method"]) == ("violated", "scan")
    world.database.script("DELETE FROM datapoints")
    found = verdicts(world, "fast")["no_orphan_datapoints"]
    assert (found["outcome"], found["method"]) == ("holds", "scan")
    assert verdicts(world, "fast")["no_orphan_datapoints"]["method"] == "proof"


def test_an_upsert_with_or_replace_by_another_writer_is_caught_where_it_broke_something() -> None:
    """INSERT OR REPLACE deletes the old row without firing a delete trigger, and the new one has another id."""
    shape = Shape()
    world = shape.world()
    shape.artifact(world, 1, "k", "report")
    shape.datapoint(world, 1, 1)
    assert broken(verdicts(world, "full")) == {}
    world.database.script("INSERT OR REPLACE INTO artifacts VALUES (2, 'b', 'k', 'unknown', NULL, NULL)")
    expected = {"no_orphan_datapoints": 1, "no_unknown_source_type": 1}
    assert broken(verdicts(world, "full")) == expected
    assert broken(verdicts(world, "fast")) == expected


def test_a_foreign_key_stops_the_or_replace_that_would_orphan() -> None:
    shape = Shape(foreign_keys=True)
    world = shape.world()
    shape.artifact(world, 1, "k", "report")
    shape.datapoint(world, 1, 1)
    with pytest.raises(Exception, match="FOREIGN KEY"):
        world.database.script("INSERT OR REPLACE INTO artifacts VALUES (2, 'b', 'k', 'unknown', NULL, NULL)")
    assert broken(verdicts(world, "full")) == {}
