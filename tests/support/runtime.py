"""The state of a running Worker between two tests: an empty bucket, an empty store, a fresh database."""

from __future__ import annotations

from dataclasses import dataclass
from weakref import WeakKeyDictionary

from sql import quote
from tests.support.fakes import set_up_texts
from tooling.harness import Harness, Statement

_SCHEMA = "SELECT type, name, sql FROM sqlite_schema WHERE name NOT LIKE '\\_cf\\_%' ESCAPE '\\' ORDER BY type, name"
_DEFERRED = "PRAGMA defer_foreign_keys = on"


@dataclass(frozen=True)
class _Made:
    """What an empty database became when it was migrated: its schema, and the statements that bring it back there."""

    schema: list[dict[str, object]]
    emptied: list[Statement]


_made: WeakKeyDictionary[Harness, _Made] = WeakKeyDictionary()


def fresh(harness: Harness) -> None:
    """Do what `wipe` and `migrate` do; tables that are there as they were made are only emptied."""
    made = _made.get(harness)
    if made and harness.d1(_SCHEMA).rows == made.schema:
        harness.d1_batch(made.emptied)
        _wipe_values(harness)
        _wipe_objects(harness)
        return
    wipe(harness)
    migrate(harness)
    schema = harness.d1(_SCHEMA).rows
    tables = [str(found["name"]) for found in schema if found["type"] == "table"]
    # The guards refuse to delete an artifact before what refers to it.
    tables.sort(key="artifacts".__eq__)
    deletes: list[Statement] = [(f"DELETE FROM {quote(name)}", ()) for name in tables]
    inserts = [insert for name in tables for insert in _inserts(harness, name)]
    _made[harness] = _Made(schema, [(_DEFERRED, ()), *deletes, *inserts])


def _inserts(harness: Harness, table: str) -> list[Statement]:
    """Return the statements that insert the rows of a table."""
    found = harness.d1(f"SELECT * FROM {quote(table)}").rows
    columns = [quote(name) for name in found[0]] if found else []
    into = f"INSERT INTO {quote(table)} ({', '.join(columns)}) VALUES ({', '.join('?' * len(columns))})"
    return [(into, tuple(row.values())) for row in found]


def migrate(harness: Harness) -> list[str]:
    """Apply the migrations, and set the database up as the first tick or POST /guards does for its datapoints."""
    applied = harness.apply_migrations()
    [found] = harness.d1(
        "SELECT (SELECT count(*) FROM pragma_table_info('datapoints') WHERE name = 'artifact_id') AS referenced,"
        " (SELECT sql FROM sqlite_schema WHERE name = 'datapoints') NOT LIKE '%REFERENCES%'"
        " AND (SELECT sql FROM sqlite_schema WHERE name = 'artifacts') LIKE '%DEFAULT ''unknown''%'"
        " AND NOT EXISTS (SELECT 1 FROM datapoints) AS fresh"
    ).rows
    texts = set_up_texts(fresh=bool(found["fresh"]), referenced=bool(found["referenced"]))
    harness.d1_batch((text, ()) for text in texts)
    return applied


def wipe(harness: Harness) -> None:
    """Remove every table, object and KV value."""
    wipe_records(harness)
    _wipe_objects(harness)


def wipe_records(harness: Harness) -> None:
    """Remove every table and KV value, and leave the objects."""
    tables = [row["name"] for row in harness.d1("SELECT name FROM sqlite_master WHERE type = 'table'").rows]
    dropped = [f"DROP TABLE {quote(name)}" for name in tables if not name.startswith(("sqlite_", "_cf_"))]
    triggers = [row["name"] for row in harness.d1("SELECT name FROM sqlite_master WHERE type = 'trigger'").rows]
    views = [row["name"] for row in harness.d1("SELECT name FROM sqlite_master WHERE type = 'view'").rows]
    untied = [*(f"DROP TRIGGER {quote(name)}" for name in triggers), *(f"DROP VIEW {quote(name)}" for name in views)]
    if dropped:
        harness.d1_batch((sql, ()) for sql in [_DEFERRED, *untied, *dropped])
    _wipe_values(harness)


def _wipe_values(harness: Harness) -> None:
    for key in harness.kv_list():
        harness.kv_delete(key)


def _wipe_objects(harness: Harness) -> None:
    harness.r2_delete(found["key"] for found in harness.r2_list())
