"""The migrations are harmless on any database, and the guards are installed only after the schema was looked at."""

from __future__ import annotations

import json
import re
import sqlite3
from typing import Any

import pytest

import sql
from recovery.guards_run import GuardsRequest
from tests.support.actions import TOKEN, Api, tick
from tests.support.databases import recovered, verdicts
from tests.support.fakes import MIGRATIONS, World, apply_migrations, migrated_world

SCHEMAS: dict[str, tuple[str, tuple[str, ...]]] = {
    "nothing": ("", ()),
    "datapoints without a reference": (
        "CREATE TABLE datapoints (id INTEGER PRIMARY KEY, value REAL)",
        ("INSERT INTO datapoints VALUES (1, 2.5)", "UPDATE datapoints SET value = 3", "DELETE FROM datapoints"),
    ),
    "artifacts without an id": (
        "CREATE TABLE artifacts (r2_bucket TEXT, r2_key TEXT, source_type TEXT)",
        ("INSERT INTO artifacts VALUES ('b', 'k', 'raw')", "UPDATE artifacts SET r2_key = 1", "DELETE FROM artifacts"),
    ),
    "artifacts of a build system": (
        "CREATE TABLE artifacts (name TEXT PRIMARY KEY, version TEXT, sha TEXT)",
        ("INSERT INTO artifacts VALUES ('n', '1', 'f')", "UPDATE artifacts SET sha = 'e'", "DELETE FROM artifacts"),
    ),
    "artifacts whose id is not unique": (
        "CREATE TABLE artifacts (id TEXT, r2_bucket, r2_key, source_type, fetched_at)",
        ("INSERT INTO artifacts VALUES ('a', 'b', 'k', 'raw', NULL)", "DELETE FROM artifacts"),
    ),
    "artifacts with a composite key": (
        "CREATE TABLE artifacts (tenant TEXT, id TEXT, r2_key TEXT, PRIMARY KEY (tenant, id))",
        ("INSERT INTO artifacts VALUES ('t', 'a', 'k')", "DELETE FROM artifacts"),
    ),
    "artifacts without rowid": (
        "CREATE TABLE artifacts (id TEXT PRIMARY KEY, r2_bucket, r2_key, source_type) WITHOUT ROWID",
        ("INSERT INTO artifacts VALUES ('a', 'b', 'k', 'raw')", "DELETE FROM artifacts"),
    ),
    "artifacts is strict": (
        "CREATE TABLE artifacts (id INTEGER PRIMARY KEY, r2_key TEXT) STRICT",
        ("INSERT INTO artifacts VALUES (1, 'k')", "DELETE FROM artifacts"),
    ),
    "artifacts in capitals": (
        "CREATE TABLE Artifacts (ID INTEGER PRIMARY KEY, R2_Bucket, R2_Key, Source_Type, Fetched_At)",
        ("INSERT INTO Artifacts VALUES (1, 'b', 'k', 'raw', NULL)", "DELETE FROM Artifacts"),
    ),
    "artifacts is a view": (
        "CREATE TABLE files (id INTEGER PRIMARY KEY, r2_key); CREATE VIEW artifacts AS SELECT * FROM files",
        ("INSERT INTO files VALUES (1, 'k')", "DELETE FROM files"),
    ),
    "datapoints is a view": (
        "CREATE TABLE facts (id INTEGER PRIMARY KEY, artifact_id); CREATE VIEW datapoints AS SELECT * FROM facts",
        ("INSERT INTO facts VALUES (1, 7)", "DELETE FROM facts"),
    ),
    "artifacts is a full-text table": (
        "CREATE VIRTUAL TABLE artifacts USING fts5 (r2_key, body)",
        ("INSERT INTO artifacts VALUES ('k', 'text')", "DELETE FROM artifacts"),
    ),
    "rules of another shape": (
        "CREATE TABLE source_type_rules (glob TEXT, kind TEXT)",
        ("INSERT INTO source_type_rules VALUES ('*', 'raw')", "DELETE FROM source_type_rules"),
    ),
    "datapoints that refer to another table": (
        ("CREATE TABLE series (id INTEGER PRIMARY KEY);"
        "CREATE TABLE datapoints (id INTEGER PRIMARY KEY, series_id INTEGER REFERENCES series (id))"),
        ("INSERT INTO series VALUES (1)", "INSERT INTO datapoints VALUES (1, 1)", "DELETE FROM datapoints"),
    ),
    "datapoints whose reference dangles": (
        "CREATE TABLE datapoints (id INTEGER PRIMARY KEY, artifact_id INTEGER)",
        ("INSERT INTO datapoints VALUES (1, 99)", "UPDATE datapoints SET artifact_id = 98", "DELETE FROM datapoints"),
    ),
    "datapoints with a reference of their own": (
        ("CREATE TABLE artifacts (id INTEGER PRIMARY KEY, r2_bucket, r2_key, source_type, fetched_at);"
        "CREATE TABLE datapoints (id INTEGER PRIMARY KEY, artifact_id REFERENCES artifacts (id) ON DELETE CASCADE)"),
        (
            "INSERT INTO artifacts VALUES (1, 'b', 'k', 'x', 1)",
            "INSERT INTO datapoints VALUES (1, 1)",
            "DELETE FROM artifacts",
        ),
    ),
    "other triggers": (
        ("CREATE TABLE artifacts (id INTEGER PRIMARY KEY, r2_bucket, r2_key, source_type, fetched_at);"
        "CREATE TABLE log (what);"
        "CREATE TRIGGER mine AFTER DELETE ON artifacts BEGIN INSERT INTO log VALUES (OLD.id); END"),
        ("INSERT INTO artifacts VALUES (1, 'b', 'k', 'x', 1)", "DELETE FROM artifacts"),
    ),
    "duplicates": (
        ("CREATE TABLE artifacts (id INTEGER PRIMARY KEY, r2_bucket, r2_key, source_type, fetched_at);"
        "INSERT INTO artifacts VALUES (1, 'b', 'k', 'unknown', 1), (2, 'b', 'k', 'x', 1)"),
        ("UPDATE artifacts SET source_type = 'y'", "DELETE FROM artifacts"),
    ),
    "an index of the same name": (
        "CREATE TABLE artifacts (id INTEGER PRIMARY KEY, key TEXT); CREATE INDEX artifacts_unknown ON artifacts (key)",
        ("INSERT INTO artifacts VALUES (1, 'k')", "DELETE FROM artifacts"),
    ),
    "other migrations": (
        ("CREATE TABLE d1_migrations (id INTEGER PRIMARY KEY AUTOINCREMENT, name TEXT UNIQUE, applied_at TEXT);"
        "INSERT INTO d1_migrations (name) VALUES ('0001_tables.sql'), ('0003_guards.sql')"),
        ("INSERT INTO d1_migrations (name) VALUES ('0004_more.sql')",),
    ),
}  # fmt: skip
SCHEMAS |= {
    f"a table called {name}": (
        f'CREATE TABLE "{name}" (id INTEGER PRIMARY KEY, artifact_id INTEGER, r2_key TEXT)',
        (f'INSERT INTO "{name}" VALUES (1, 5, \'k\')', f'UPDATE "{name}" SET artifact_id = 6', f'DELETE FROM "{name}"'),
    )
    for name in (
        "files", "media", "documents", "uploads", "attachments", "images", "photos", "media_assets", "notifications",
        "order", "select", 'quo""ted', "Ünïcode", "sessions", "users",
    )
}  # fmt: skip

RELYING = {"no_directory_citations", "objects_present", "objects_unchanged"}
"""Invariants that rely on a column or a pass that a fresh database does not have."""


def foreign(world: World) -> list[tuple[object, ...]]:
    """Return the texts of all that is not the steward's own, nor what the migrations bring to a fresh database."""
    return world.database.all(
        "SELECT type, name, sql FROM sqlite_schema WHERE name NOT GLOB 'steward_*' AND tbl_name NOT GLOB 'steward_*'"
        " AND name NOT GLOB 'sqlite_*' ORDER BY name"
    )


def test_there_are_thirty_schemas() -> None:
    assert len(SCHEMAS) >= 30


@pytest.mark.parametrize("name", SCHEMAS)
def test_the_migrations_change_nothing_of_others_and_every_writer_still_writes(name: str) -> None:
    schema, writes = SCHEMAS[name]
    world = World()
    world.database.script(schema)
    before = foreign(world)
    apply_migrations(world.database)
    assert [one for one in foreign(world) if one in before] == before
    assert {str(one[1]) for one in foreign(world)} - {str(one[1]) for one in before} <= {
        "artifacts", "datapoints", "source_type_rules",
    }  # fmt: skip
    for write in writes:
        world.database.script(write)
    assert world.database.all("SELECT name FROM sqlite_schema WHERE type = 'trigger' AND name GLOB 'steward_*'") == []


@pytest.mark.parametrize("name", SCHEMAS)
def test_a_tick_installs_nothing_on_a_database_that_is_not_fresh(name: str) -> None:
    schema, writes = SCHEMAS[name]
    world = World()
    world.database.script(schema)
    apply_migrations(world.database)
    before = foreign(world)
    tick(world, BACKFILL_MODE="dry")
    touches = re.search(r"artifacts|datapoints", schema, re.IGNORECASE)
    assert (foreign(world) == before) == bool(touches)
    for write in writes:
        world.database.script(write)


def test_every_statement_of_the_first_three_migrations_can_be_run_again() -> None:
    world = migrated_world()
    before = foreign(world)
    for path in sorted(MIGRATIONS.glob("000[123]_*.sql")):
        world.database.script(path.read_text(encoding="utf-8"))
    assert foreign(world) == before


@pytest.mark.parametrize("path", sorted(MIGRATIONS.glob("*.sql")), ids=lambda path: path.stem)
def test_a_migration_has_the_shape_that_the_remote_splitter_takes(path: Any) -> None:  # noqa: ANN401  # a Path
    raw = path.read_bytes()
    text = raw.decode("utf-8")
    words = re.sub(r"--[^\n]*", "", text)
    assert b"\r" not in raw
    assert text.endswith(";\n")
    assert not re.search(r"\bbegin\b", words)
    assert not re.search(r"CREATE\s+(TRIGGER|VIEW)|\bCASE\b|DROP (?!TABLE steward_)|DELETE ", words, re.IGNORECASE)
    assert re.findall(r"CREATE (?:UNIQUE )?INDEX (?!IF NOT EXISTS steward_)", words) == []
    assert all(sqlite3.complete_statement(part + ";") for part in words.split(";") if part.strip())


def test_what_a_fresh_database_is_compared_with_is_what_the_migration_makes() -> None:
    world = World()
    apply_migrations(world.database)
    own = world.database.one("SELECT sql FROM sqlite_schema WHERE name = 'artifacts'")
    assert own == sql.load("set_up/artifacts")


def test_the_first_tick_sets_a_fresh_database_up_with_key_index_and_guards() -> None:
    world = World()
    apply_migrations(world.database)
    tick(world)
    found = verdicts(world, "fast")
    assert {one["outcome"] for name, one in found.items() if name not in RELYING} == {"holds"}
    assert found["no_orphan_datapoints"]["method"] == "proof"
    assert world.database.all("SELECT 1 FROM sqlite_schema WHERE name = 'artifacts_unknown'") == [(1,)]


def test_datapoints_that_hold_a_row_are_never_made_again() -> None:
    world = World()
    apply_migrations(world.database)
    world.database.script("INSERT INTO datapoints VALUES (1, 99)")
    outcome = tick(world)
    assert world.database.all("SELECT * FROM datapoints") == [(1, 99)]
    assert len(outcome["counts"]["guards"]["installed"]) == 7
    assert outcome["status"] == "succeeded"
    found = verdicts(world)
    assert (found["no_orphan_datapoints"]["violations"], found["guards_present"]["outcome"]) == (1, "holds")


def test_a_guard_dropped_from_a_database_that_was_set_up_is_a_finding_and_no_tick_hides_it() -> None:
    world = World()
    apply_migrations(world.database)
    tick(world)
    world.database.script("DROP TRIGGER steward_guard_known_type")
    tick(world)
    assert verdicts(world)["guards_present"]["violations"] == 1


def guards(world: World, **body: object) -> Any:  # noqa: ANN401  # an answer's JSON
    answer = Api(world, ALERTING).json("POST", "/guards", body)
    return answer.status_code, answer.json()


ALERTING = {
    "STEWARD_TOKEN": TOKEN,
    "ALERT_WEBHOOK_URL": "https://alerts.example/steward",
    "ALERT_WEBHOOK_SECRET": "a-secret-of-the-tests",
}
REBUILD = """
CREATE TABLE artifacts_new (id INTEGER PRIMARY KEY, r2_bucket TEXT NOT NULL, r2_key TEXT NOT NULL,
  source_type TEXT NOT NULL, fetched_at TEXT, size INTEGER, UNIQUE (r2_bucket, r2_key));
INSERT INTO artifacts_new SELECT id, r2_bucket, r2_key, source_type, fetched_at, NULL FROM artifacts;
DROP TABLE artifacts;
ALTER TABLE artifacts_new RENAME TO artifacts;
"""


def fired(world: World) -> dict[str, Any]:
    """Fire a tick with alerts configured."""
    return tick(world, **{name: ALERTING[name] for name in ALERTING if name != "STEWARD_TOKEN"})


def sent(world: World) -> list[str]:
    """Return the kinds of the alerts that were sent."""
    return [json.loads(body)["kind"] for _, _, body, _ in world.poster.sent]


def test_guards_are_lifted_for_a_rebuild_shown_alerted_and_restored_by_a_tick() -> None:
    world = migrated_world()
    world.database.script("PRAGMA foreign_keys = OFF")
    with pytest.raises(sqlite3.OperationalError, match="error in trigger"):
        world.database.script(REBUILD)
    world.database.script("DROP TABLE IF EXISTS artifacts_new; ")
    world = migrated_world()
    status, lifted = guards(world, lift=True, minutes=30, reason="INC-7: a column")
    assert (status, len(lifted["lifted"])) == (200, 7)
    world.database.script(f"PRAGMA foreign_keys = OFF; {REBUILD} PRAGMA foreign_keys = ON")
    summary = Api(world).json("GET", "/summary").json()
    assert summary["guards"] == {"lifted_until": lifted["lifted_until"], "lifted_reason": "INC-7: a column"}
    found = verdicts(world)["guards_present"]
    assert (found["outcome"], found["violations"]) == ("violated", 7)
    assert found["sample"][0]["state"] == f"lifted until {lifted['lifted_until']}"
    assert fired(world)["counts"]["guards"] == {"lifted_until": lifted["lifted_until"]}
    world.clock.advance(minutes=31)
    assert len(fired(world)["counts"]["guards"]["restored"]) == 7
    assert verdicts(world)["guards_present"]["outcome"] == "holds"
    assert {"guards_lifted", "guards_restored"} <= set(sent(world))
    assert Api(world).json("GET", "/summary").json()["guards"]["lifted_until"] is None


def test_guards_are_restored_at_once_when_asked() -> None:
    world = migrated_world()
    guards(world, lift=True, reason="a migration")
    status, answer = guards(world)
    assert (status, len(answer["installed"]), answer["lifted_until"]) == (200, 7, None)
    assert verdicts(world)["guards_present"]["outcome"] == "holds"


def test_while_guards_are_lifted_a_live_recovery_is_refused_and_a_dry_one_is_not() -> None:
    world = migrated_world()
    guards(world, lift=True, reason="a migration")
    answer = Api(world).json("POST", "/recover", {"dry_run": False})
    assert (answer.status_code, answer.json()["reason"]) == (409, "guards_lifted")
    assert world.database.one("SELECT paused_by FROM steward_control") is None
    assert recovered(world)["done"]


@pytest.mark.parametrize(
    ("body", "field"),
    [
        ({"lift": True}, "reason"),
        ({"lift": True, "reason": " "}, "reason"),
        ({"lift": True, "reason": "x", "minutes": 0}, "minutes"),
        ({"lift": True, "reason": "x", "minutes": 1441}, "minutes"),
        ({"raise": True}, "raise"),
    ],
)
def test_a_wrong_request_about_guards_is_refused_and_changes_nothing(body: dict[str, object], field: str) -> None:
    world = migrated_world()
    status, answer = guards(world, **body)
    assert (status, answer["field"]) == (422, field)
    assert verdicts(world)["guards_present"]["outcome"] == "holds"


@pytest.mark.parametrize("name", ["artifacts without an id", "artifacts of a build system", "artifacts is a view"])
def test_guards_are_refused_on_a_table_that_is_not_of_this_product(name: str) -> None:
    world = World()
    world.database.script(SCHEMAS[name][0])
    apply_migrations(world.database)
    before = foreign(world)
    status, answer = guards(world)
    assert (status, answer["reason"]) == (409, "schema")
    assert foreign(world) == before


def test_the_defaults_of_a_request_are_those_of_its_schema() -> None:
    assert GuardsRequest() == GuardsRequest(lift=False, minutes=None, reason=None)


def test_what_the_dropped_tables_held_is_carried_over() -> None:
    world = World()
    for path in sorted(MIGRATIONS.glob("*.sql")):
        if path.stem == "0017_fewer_tables":
            world.database.script(
                """
                UPDATE steward_events SET received = 7, puts = 4, dead = 2, lag_ms = 30, held_why = 'paused';
                INSERT INTO steward_flows VALUES ('a "b"', '2026-11-29T00:00:00.000Z', 3, '2026-11-29T01:00:00.000Z')
                """
            )
        world.database.script(path.read_text(encoding="utf-8"))
    state = world.database.all(sql.load("events/read_state"))
    assert state[0][:3] == (7, 4, 0)
    assert (state[0][7], state[0][10], state[0][14]) == (2, 30, "paused")
    flows = world.database.all(sql.load("flow/read_instances"))
    assert flows == [('a "b"', "2026-11-29T00:00:00.000Z", 3, "2026-11-29T01:00:00.000Z")]
