"""Events read by the indexes: their cost is that of what they name, whatever the size of the tables."""

from __future__ import annotations

import pytest

import sql
from ports import Statement
from tests.support.fakes import migrated_world

KEYS = '["raw/a"]'
STATEMENTS = {
    "note_deleted": sql.statement("events/note_deleted", bucket="artifacts", keys=KEYS, now="now"),
    "note_deletions": sql.statement("events/note_deletions", bucket="artifacts", keys=KEYS, now="now"),
    "drop_deletions": sql.statement("events/drop_deletions", since="then"),
    "open_marks": sql.statement("events/open_marks", bucket="artifacts", keys=KEYS),
}


@pytest.mark.parametrize("name", STATEMENTS)
def test_no_table_is_scanned(name: str) -> None:
    statement: Statement = STATEMENTS[name]
    plan = migrated_world().database.all(f"EXPLAIN QUERY PLAN {statement.sql}", *statement.params)
    steps = [str(step[3]) for step in plan]
    assert steps
    assert not [step for step in steps if step.startswith("SCAN") and "VIRTUAL TABLE" not in step], steps
