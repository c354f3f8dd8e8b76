"""What refers to artifacts is found before a merge deletes the rows that it refers to."""

from __future__ import annotations

import pytest

from errors import RefusedError
from settings import read_settings
from tests.support.actions import everything, live
from tests.support.databases import Shape, artifacts, broken, healed, recovered, steps, undone, verdicts
from tests.support.fakes import World, migrate
from tests.support.shapes import chosen
from words import CheckMode

NOTIFICATIONS = "CREATE TABLE notifications (id INTEGER PRIMARY KEY, {column}, sent INTEGER);"
UUIDS = [f"3f2504e0-4f89-41d3-9a0c-0305e82c33{number:02}" for number in range(10)]


def doubled(further: str, ids: str = "INTEGER") -> World:
    """Return a database with one object of two rows, 1 and 2, and three objects of one row."""
    shape = Shape(ids, unique_index=False)
    world = shape.world(further)
    for number, key in enumerate(("k", "k", "l", "m", "n"), start=1):
        shape.artifact(world, number, key)
    return world


def uuid_world(further: str) -> World:
    world = Shape("TEXT", unique_index=False).world(further)
    for number, uuid in enumerate(UUIDS):
        key = "k" if number < 2 else f"k{number}"
        world.database.connection.execute("INSERT INTO artifacts VALUES (?, 'b', ?, 'raw', NULL, NULL)", (uuid, key))
    return world


def suspects(world: World, mode: CheckMode = "full", **variables: object) -> list[str]:
    found = verdicts(world, mode, read_settings(variables))["references_known"]
    assert found["outcome"] in ("holds", "violated"), found
    return [f"{row['table']}.{row['column']}" for row in found["sample"]]


def mentions(world: World, mode: CheckMode = "full", **variables: object) -> list[str]:
    found = verdicts(world, mode, read_settings(variables))["references_by_id"]
    assert found["outcome"] in ("holds", "violated"), found
    return [f"{row['table']}.{row['column']}" for row in found["sample"]]


def refused_and_unchanged(world: World, reason: str, match: str, **variables: object) -> RefusedError:
    """Return the refusal of a live recovery, which neither paused nor changed anything but its own run's row."""
    rows = artifacts(world)
    control = world.database.all("SELECT paused_by FROM steward_control")
    with pytest.raises(RefusedError, match=match) as refused:
        recovered(world, read_settings(variables), dry_run=False)
    assert refused.value.reason == reason
    assert refused.value.hint
    assert artifacts(world) == rows
    assert world.database.all("SELECT paused_by FROM steward_control") == control
    return refused.value


@pytest.mark.parametrize("mode", ["fast", "full"])
@pytest.mark.parametrize(
    "column",
    ["artifact_id", "source_artifact_id", "artifact", "artifacts_id", "artifactId", "ArtifactID", "ARTIFACT_ID"],
)
def test_a_column_whose_name_says_reference_is_told_and_stops_the_merge(column: str, mode: CheckMode) -> None:
    world = doubled(NOTIFICATIONS.format(column=f"{column} INTEGER"))
    world.database.script("INSERT INTO notifications VALUES (1, 1, 0)")
    assert suspects(world, mode) == [f"notifications.{column}"]
    refused_and_unchanged(world, "references", f"notifications.{column}")
    dry = recovered(world)
    assert dry["ok"] is False
    assert f"notifications.{column}" in steps(dry)["dedupe"]["error"]


def test_a_suspect_in_children_is_moved_and_one_in_not_children_is_left() -> None:
    world = doubled(NOTIFICATIONS.format(column="artifactId INTEGER"))
    world.database.script("INSERT INTO notifications VALUES (1, 1, 0)")
    excused = read_settings({"NOT_CHILDREN": ["Notifications.ARTIFACTID"]})
    assert broken(verdicts(world, settings=excused)).keys() == {"one_artifact_per_object", "unique_index_present"}
    children = read_settings({"CHILDREN": ["datapoints.artifact_id", "NOTIFICATIONS.artifactid"]})
    assert healed(world, children)["ok"]
    assert world.database.one("SELECT artifactId FROM notifications") == 2
    assert broken(verdicts(world, "fast", children)) == {}


def test_not_children_lets_the_merge_go_on() -> None:
    world = doubled(NOTIFICATIONS.format(column="artifact_id INTEGER"))
    world.database.script("INSERT INTO notifications VALUES (1, 1, 0)")
    assert healed(world, read_settings({"NOT_CHILDREN": ["notifications.artifact_id"]}))["ok"]
    assert world.database.one("SELECT artifact_id FROM notifications") == 1


def test_a_recovery_without_duplicates_goes_on_but_is_not_ok() -> None:
    shape = Shape(unique_index=False)
    world = shape.world(NOTIFICATIONS.format(column="artifact_id INTEGER"))
    shape.artifact(world, 1, "k")
    report = recovered(world, dry_run=False)
    assert (report["done"], report["ok"]) == (True, False)
    assert verdicts(world)["unique_index_present"]["outcome"] == "holds"


def test_long_ids_are_found_by_value_whatever_the_column_is_called() -> None:
    world = uuid_world(NOTIFICATIONS.format(column="about TEXT, kind TEXT"))
    world.database.script(f"INSERT INTO notifications VALUES (1, '{UUIDS[0]}', 'mail', 0), (2, 'other', 'push', 1)")
    assert suspects(world, "full") == ["notifications.about"]
    refused_and_unchanged(world, "references", r"notifications\.about")


def test_a_value_far_from_the_begin_of_a_table_is_found() -> None:
    world = uuid_world("CREATE TABLE log (about TEXT);")
    world.database.script("""
      WITH RECURSIVE n(i) AS (SELECT 1 UNION ALL SELECT i + 1 FROM n WHERE i < 2000)
      INSERT INTO log SELECT NULL FROM n
    """)
    world.database.script(f"INSERT INTO log VALUES ('{UUIDS[0]}')")
    assert suspects(world) == ["log.about"]


@pytest.mark.parametrize("base", [1_200_000_000_000_000_000, 5_000_000])
def test_large_ids_are_found_by_value(base: int) -> None:
    shape = Shape(unique_index=False)
    world = shape.world("CREATE TABLE log (about INTEGER, at INTEGER);")
    for number in range(5):
        shape.artifact(world, base + number, f"k{number}")
    world.database.script(f"INSERT INTO log VALUES ({base + 1}, 1700000000), ({base + 2}, 1700000001)")
    assert suspects(world) == ["log.about"]


def test_small_numbers_raise_no_alarm_by_value() -> None:
    world = doubled("""
      CREATE TABLE users (id INTEGER PRIMARY KEY, age INTEGER, active INTEGER, grade TEXT);
      CREATE TABLE posts (id INTEGER PRIMARY KEY, user_id INTEGER REFERENCES users (id), views INTEGER, stars TEXT);
      CREATE TABLE pairs (a INTEGER, b INTEGER, PRIMARY KEY (a, b)) WITHOUT ROWID;
    """)
    world.database.script("""
      INSERT INTO users VALUES (1, 3, 1, '1'), (2, 4, 0, '2'), (3, 5, 1, '3');
      INSERT INTO posts VALUES (1, 1, 2, '4'), (2, 2, 3, '5');
      INSERT INTO pairs VALUES (1, 2), (2, 3);
    """)
    assert suspects(world) == []
    assert healed(world)["ok"]


def test_sizes_among_ids_that_lie_close_together_raise_no_alarm() -> None:
    world = Shape().world("CREATE TABLE files (size INTEGER);")
    world.database.script("""
      WITH RECURSIVE n(i) AS (SELECT 1 UNION ALL SELECT i + 1 FROM n WHERE i < 100)
      INSERT INTO artifacts (id, r2_bucket, r2_key, source_type) SELECT i, 'b', 'k' || i, 'raw' FROM n
      UNION ALL SELECT 1000000 + i, 'b', 'm' || i, 'raw' FROM n;
      INSERT INTO files VALUES (1000010), (1000020), (1000030);
    """)
    assert suspects(world) == []


@pytest.mark.parametrize("column", ["parent_id", "supersedes", "replacedBy"])
def test_a_row_that_names_another_of_its_own_table_is_found(column: str) -> None:
    world = doubled("")
    world.database.script(f"ALTER TABLE artifacts ADD COLUMN {column} INTEGER")
    world.database.script(f"UPDATE artifacts SET {column} = 1 WHERE id = 2")
    assert suspects(world) == [f"{chosen().table}.{column}"]
    refused_and_unchanged(world, "references", column)


def test_a_column_that_repeats_its_own_rows_id_is_no_reference() -> None:
    world = uuid_world("")
    world.database.script("ALTER TABLE artifacts ADD COLUMN digest TEXT")
    world.database.script("UPDATE artifacts SET digest = id")
    assert suspects(world) == []


def test_a_key_on_another_table_is_no_suspect_and_neither_is_a_view() -> None:
    world = doubled("""
      CREATE TABLE museum (id INTEGER PRIMARY KEY);
      CREATE TABLE loans (artifact_id INTEGER REFERENCES museum (id));
      CREATE VIEW shown AS SELECT artifact_id FROM datapoints;
    """)
    assert suspects(world, "fast") == suspects(world, "full") == []


def test_ids_inside_json_and_keys_of_objects_are_told_and_stop_nothing() -> None:
    world = doubled("""
      CREATE TABLE notes (cites TEXT, doc TEXT, tags TEXT);
      CREATE TABLE files (bucket TEXT, object_key TEXT);
    """)
    world.database.script("""
      INSERT INTO notes VALUES ('[1,2]', '{"artifact_id": 3}', '["x", "y"]'), ('[3]', '{"n": 1}', '[broken');
    """)
    assert mentions(world) == ["files.object_key", "notes.cites", "notes.doc"]
    assert mentions(world, "fast", CHILDREN=[]) != []
    assert suspects(world) == []
    assert healed(world)["ok"]
    assert mentions(world, NOT_CHILDREN=["files.object_key", "notes.cites", "notes.doc"]) == []


@pytest.mark.parametrize("dry_run", [True, False])
@pytest.mark.parametrize("ids", ["TEXT", "TEXT, PRIMARY KEY (id, r2_key)"])
def test_nothing_is_merged_while_ids_may_repeat(ids: str, *, dry_run: bool) -> None:
    world = World()
    kind, _, key = ids.partition(", ")
    world.database.script(f"""
      CREATE TABLE artifacts (
        id {kind}, r2_bucket TEXT NOT NULL, r2_key TEXT NOT NULL, source_type TEXT NOT NULL, fetched_at TEXT
        {", " + key if key else ""}
      );
      CREATE TABLE datapoints (id INTEGER PRIMARY KEY, artifact_id TEXT);
      INSERT INTO artifacts VALUES ('a1', 'b', 'j', 'raw', NULL), ('a2', 'b', 'k', 'raw', NULL);
    """)
    migrate(world.database)
    if not key:
        world.database.script("DROP INDEX IF EXISTS artifacts_one_per_object")
        world.database.script(
            "INSERT INTO artifacts VALUES ('a2', 'b', 'k', 'unknown', NULL), (NULL, 'b', 'm', 'raw', 0)"
        )
        found = verdicts(world, "fast")["ids_are_unique"]
        assert (found["method"], found["violations"]) == ("scan", 2)
        assert found["sample"] == [{"id": None, "artifacts": 1}, {"id": "a2", "artifacts": 2}]
    rows = artifacts(world)
    with pytest.raises(RefusedError, match="the same id") as refused:
        recovered(world, dry_run=dry_run)
    assert refused.value.reason == "schema"
    assert artifacts(world) == rows


def test_a_unique_index_on_the_id_alone_is_enough_unless_an_id_is_null() -> None:
    world = World()
    world.database.script("""
      CREATE TABLE artifacts (id TEXT, r2_bucket TEXT, r2_key TEXT, source_type TEXT, fetched_at TEXT);
      CREATE TABLE datapoints (id INTEGER PRIMARY KEY, artifact_id TEXT);
      CREATE UNIQUE INDEX by_id ON artifacts (id);
      INSERT INTO artifacts VALUES ('a1', 'b', 'k', 'raw', '2026-01-01'), ('a2', 'b', 'k', 'raw', NULL);
    """)
    migrate(world.database)
    world.database.script("INSERT INTO artifacts VALUES (NULL, 'b', 'm', 'raw', NULL)")
    refused_and_unchanged(world, "schema", "the same id")
    world.database.script("DELETE FROM artifacts WHERE id IS NULL")
    healed(world)
    assert [row[0] for row in artifacts(world)] == ["a1"]


PAIR = """
  CREATE TABLE copies (
    r2_bucket TEXT, r2_key TEXT, FOREIGN KEY (r2_bucket, r2_key) REFERENCES artifacts (r2_bucket, r2_key)
  );
"""


def test_a_key_on_bucket_and_key_without_the_index_is_foreseen_and_refused_before_the_pause() -> None:
    world = doubled("")
    world.database.script(PAIR)
    dry = recovered(world)
    assert dry["ok"] is False
    assert "copies (r2_bucket, r2_key)" in steps(dry)["dedupe"]["error"]
    assert "Rebuild that table" in refused_and_unchanged(world, "schema", r"copies \(r2_bucket, r2_key\)").hint
    world.database.script("DROP TABLE copies")
    assert healed(world)["ok"]


def test_such_a_key_without_duplicates_gets_its_index() -> None:
    shape = Shape(unique_index=False)
    world = shape.world()
    shape.artifact(world, 1, "k")
    world.database.script(PAIR)
    assert recovered(world, dry_run=False)["ok"]
    assert verdicts(world)["unique_index_present"]["outcome"] == "holds"


def test_undo_does_not_drop_the_index_that_such_a_key_needs() -> None:
    world = doubled("")
    run = healed(world)["run_id"]
    world.database.script(PAIR)
    with pytest.raises(RefusedError, match="copies"):
        undone(world, run)
    assert verdicts(world)["unique_index_present"]["outcome"] == "holds"


@pytest.mark.parametrize(
    ("child", "what"),
    [
        ("CREATE TABLE notes (doc TEXT, about INTEGER AS (json_extract(doc, '$.a')) STORED);", "a generated column"),
        ("CREATE TABLE notes (doc TEXT, about INTEGER AS (json_extract(doc, '$.a')) VIRTUAL);", "a generated column"),
        ("CREATE VIEW notes AS SELECT artifact_id AS about FROM datapoints;", "a view"),
    ],
)
def test_a_child_that_cannot_be_written_is_said_to_be_there_and_is_refused(child: str, what: str) -> None:
    world = doubled(child)
    for dry_run in (True, False):
        before = artifacts(world)
        with pytest.raises(RefusedError, match=rf"notes\.about \({what}\).*exists") as refused:
            recovered(world, read_settings({"CHILDREN": ["notes.about"]}), dry_run=dry_run)
        assert "NOT_CHILDREN" in refused.value.hint
        assert artifacts(world) == before


CASED = """
  CREATE TABLE Artifacts (
    ID {ids} PRIMARY KEY, R2_Bucket TEXT NOT NULL, R2_Key TEXT NOT NULL, Source_Type TEXT NOT NULL,
    Fetched_At TEXT, Note
  );
  CREATE TABLE DataPoints (Id INTEGER PRIMARY KEY, Artifact_ID {ids}, Source_URL TEXT);
"""


@pytest.mark.parametrize("ids", ["INTEGER", "TEXT"])
def test_names_in_another_case_are_the_same_names_for_backfill_recovery_and_undo(ids: str) -> None:
    world = World()
    world.database.script(CASED.format(ids=ids))
    world.database.script("""
      INSERT INTO Artifacts VALUES (1, 'artifacts', 'k', 'unknown', '2026-01-01', 'n1');
      INSERT INTO Artifacts VALUES (2, 'artifacts', 'k', 'unknown', '2026-02-01', 'n2');
      INSERT INTO Artifacts VALUES (3, 'artifacts', 'l', 'unknown', NULL, NULL);
      INSERT INTO DataPoints VALUES (1, 1, 'https://x.org/'), (2, 2, NULL);
    """)
    migrate(world.database)
    world.rules((1, "*", "raw"))
    before = world.database.all("SELECT * FROM Artifacts WHERE ID < 3 ORDER BY ID")
    found = verdicts(world)
    assert {name for name, one in found.items() if one["outcome"] == "not_checked"} == {
        "objects_present",
        "objects_unchanged",
    }
    assert found["no_directory_citations"]["violations"] == 1
    report = healed(world)
    assert report["ok"], report
    assert [row[0] for row in world.database.all("SELECT Artifact_ID FROM DataPoints")] == [before[1][0]] * 2
    assert verdicts(world, "fast")["one_artifact_per_object"]["method"] == "proof"
    world.bucket.put("k", "l", "new")
    assert live(world)["inserted"] == 1
    back = undone(world, report["run_id"])
    assert (back["restored"], back["children_restored"], back["refused"]) == (1, 1, [])
    after = world.database.all("SELECT * FROM Artifacts WHERE ID IN (1, 2) ORDER BY ID")
    assert [row[0] for row in after] == [row[0] for row in before]
    assert after[0] == before[0]
    assert [row[0] for row in world.database.all("SELECT Artifact_ID FROM DataPoints")] == [row[0] for row in before]


def test_a_refused_recovery_leaves_the_whole_database_as_it_is_but_for_its_run() -> None:
    world = doubled(NOTIFICATIONS.format(column="artifact_id INTEGER"))
    before = [
        line for line in everything(world).splitlines() if "steward_runs" not in line and "steward_control" not in line
    ]
    refused_and_unchanged(world, "references", "notifications")
    after = [
        line for line in everything(world).splitlines() if "steward_runs" not in line and "steward_control" not in line
    ]
    assert [line for line in after if "sqlite_sequence" not in line] == [
        line for line in before if "sqlite_sequence" not in line
    ]


def test_long_texts_blobs_and_broken_json_fail_no_check() -> None:
    columns = ", ".join(f"c{number} TEXT" for number in range(40))
    world = doubled(f"CREATE TABLE pages ({columns}, body BLOB, deep TEXT);")
    row = ", ".join(["?"] * 42)
    long = ["\x01" * 100_000 + str(number) for number in range(40)]
    world.database.connection.execute(
        f"INSERT INTO pages VALUES ({row})", (*["\x01" * 7_000] * 40, b"\xff", "[" * 5000)
    )
    world.database.connection.execute(f"INSERT INTO pages VALUES ({row})", (*long[:15], *[None] * 25, b"", "[1,"))
    assert suspects(world) == []
    assert mentions(world) == ["(further tables).(further columns)"]
    assert healed(world)["ok"]


def test_more_tables_than_are_sampled_are_told() -> None:
    world = doubled("".join(f"CREATE TABLE t{number} (a TEXT);" for number in range(110)))
    [told] = verdicts(world)["references_by_id"]["sample"]
    assert told["why"] == "12 are too many to be sampled"


def test_a_row_without_an_id_in_a_text_primary_key_is_listed_and_stops_no_recovery() -> None:
    world = Shape("TEXT").world()
    world.database.script("INSERT INTO artifacts VALUES (NULL, 'b', 'k', 'raw', NULL, NULL)")
    for mode in ("fast", "full"):
        found = verdicts(world, mode)["ids_are_unique"]
        assert (found["violations"], found["sample"]) == (1, [{"id": None, "artifacts": 1}])
    assert recovered(world, dry_run=False)["done"]
