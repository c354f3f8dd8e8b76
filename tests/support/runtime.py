"""The state of a running Worker between two tests: an empty bucket, an empty store, a fresh database."""

from __future__ import annotations

from sql import quote
from tests.support.fakes import set_up_texts
from tooling.harness import Harness


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
    harness.r2_delete(found["key"] for found in harness.r2_list())


def wipe_records(harness: Harness) -> None:
    """Remove every table and KV value, and leave the objects."""
    tables = [row["name"] for row in harness.d1("SELECT name FROM sqlite_master WHERE type = 'table'").rows]
    dropped = [f"DROP TABLE {quote(name)}" for name in tables if not name.startswith(("sqlite_", "_cf_"))]
    triggers = [row["name"] for row in harness.d1("SELECT name FROM sqlite_master WHERE type = 'trigger'").rows]
    views = [row["name"] for row in harness.d1("SELECT name FROM sqlite_master WHERE type = 'view'").rows]
    untied = [*(f"DROP TRIGGER {quote(name)}" for name in triggers), *(f"DROP VIEW {quote(name)}" for name in views)]
    if dropped:
        harness.d1_batch((sql, ()) for sql in ["PRAGMA defer_foreign_keys = on", *untied, *dropped])
    for key in harness.kv_list():
        harness.kv_delete(key)
