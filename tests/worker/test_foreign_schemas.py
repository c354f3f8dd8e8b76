"""Databases of others on real D1: the migrations are harmless, and the guards fit or are refused."""

from __future__ import annotations

import pytest

from tests.unit.database.test_migrations import SCHEMAS
from tests.worker.conftest import Steward
from tests.worker.databases import script

WIDE = (
    "CREATE TABLE artifacts (id TEXT PRIMARY KEY, r2_bucket TEXT NOT NULL, r2_key TEXT NOT NULL,"
    " source_type TEXT NOT NULL, fetched_at TEXT, UNIQUE (r2_bucket, r2_key)) WITHOUT ROWID"
)
FITS = {
    "text ids": (WIDE, ("INSERT INTO artifacts VALUES ('a', 'b', 'k', 'raw', NULL)",)),
    "another thing of the index's name": (f"{WIDE}; CREATE TABLE artifacts_unknown (x)", ()),
}
NAMES = [
    "datapoints without a reference",
    "artifacts without an id",
    "artifacts of a build system",
    "artifacts whose id is not unique",
    "artifacts is a view",
]


@pytest.mark.parametrize("name", NAMES)
def test_the_migrations_leave_the_writers_of_others_as_they_are(empty: Steward, name: str) -> None:
    tables, writes = SCHEMAS[name]
    script(empty, tables)
    empty.harness.apply_migrations()
    for statement in writes:
        empty.sql(statement)
    empty.harness.scheduled()
    assert empty.send("GET", "/runs?kind=tick").json()["runs"][0]["finished_at"]
    for statement in writes:
        empty.sql(statement)
    if not name.startswith("datapoints"):
        answer = empty.send("POST", "/guards", {})
        assert (answer.status, answer.json()["reason"]) == (409, "schema")


@pytest.mark.parametrize("name", FITS)
def test_guards_are_installed_where_they_fit(empty: Steward, name: str) -> None:
    tables, writes = FITS[name]
    script(empty, tables)
    empty.harness.apply_migrations()
    answer = empty.send("POST", "/guards", {})
    assert (answer.status, len(answer.json()["installed"])) == (200, 7)
    for statement in writes:
        empty.sql(statement)
    report = empty.send("POST", "/check", {"mode": "full"}).json()
    assert {one["name"]: one["outcome"] for one in report["invariants"]}["guards_present"] == "holds"


def test_a_rebuild_works_while_the_guards_are_lifted_where_no_declared_key_refers_to_the_table(empty: Steward) -> None:
    """A declared key refuses the drop of its parent's rows; D1 ignores `PRAGMA foreign_keys = OFF` (docs/deploy.md)."""
    script(empty, FITS["text ids"][0])
    empty.harness.apply_migrations()
    empty.send("POST", "/guards", {})
    empty.sql("INSERT INTO artifacts VALUES ('a', 'b', 'k', 'raw', NULL)")
    rebuild = [
        "PRAGMA defer_foreign_keys = on",
        WIDE.replace("TABLE artifacts", "TABLE artifacts_new").replace("fetched_at TEXT", "fetched_at TEXT, size INT"),
        "INSERT INTO artifacts_new SELECT *, NULL FROM artifacts",
        "DROP TABLE artifacts",
        "ALTER TABLE artifacts_new RENAME TO artifacts",
    ]
    assert empty.send("POST", "/guards", {"lift": True, "reason": "a column"}).status == 200
    empty.harness.d1_batch((text, ()) for text in rebuild)
    answer = empty.send("POST", "/guards", {})
    assert (answer.status, len(answer.json()["installed"])) == (200, 7)
    assert empty.sql("SELECT id, size FROM artifacts") == [{"id": "a", "size": None}]
