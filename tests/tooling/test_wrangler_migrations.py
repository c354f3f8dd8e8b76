"""docs/deploy.md on an existing database, with wrangler's own commands: its tables, triggers and migrations stay."""

from __future__ import annotations

import json
import os
import subprocess
from pathlib import Path

import pytest

from tooling.paths import NODE_MODULES, ROOT, VENV

OLD = """
CREATE TABLE artifacts (id TEXT, name TEXT);
CREATE INDEX by_name ON artifacts (name);
CREATE TABLE datapoints (id INTEGER PRIMARY KEY, value REAL);
CREATE TABLE log (what);
CREATE TRIGGER mine AFTER DELETE ON artifacts BEGIN INSERT INTO log VALUES (OLD.id); END;
CREATE TABLE d1_migrations (id INTEGER PRIMARY KEY AUTOINCREMENT, name TEXT UNIQUE, applied_at TIMESTAMP);
INSERT INTO d1_migrations (name) VALUES ('0001_tables.sql'), ('0003_guards.sql');
"""
WRITES = "INSERT INTO artifacts VALUES ('a', 'n'); INSERT INTO datapoints VALUES (1, 2.5); DELETE FROM artifacts;"
COUNTS = """
SELECT (SELECT count(*) FROM log) AS logged, (SELECT count(*) FROM datapoints) AS datapoints,
  (SELECT count(*) FROM steward_migrations) AS ours, (SELECT count(*) FROM d1_migrations) AS theirs,
  (SELECT count(*) FROM sqlite_schema WHERE type = 'trigger') AS triggers
"""


@pytest.fixture
def wrangler(tmp_path: Path) -> object:
    """Return what runs `wrangler d1` on a local database of its own."""

    def run(*arguments: str) -> str:
        path = os.pathsep.join([str(VENV / "bin"), str(NODE_MODULES / ".bin"), os.environ["PATH"]])
        environment = {**os.environ, "PATH": path, "WRANGLER_SEND_METRICS": "false", "CI": "true"}
        command = ["wrangler", "d1", *arguments, "--local", "--persist-to", str(tmp_path / "state")]
        done = subprocess.run(  # noqa: S603  # our own wrangler, our own words
            command, cwd=ROOT, env=environment, capture_output=True, text=True, check=False, stdin=subprocess.DEVNULL
        )
        assert done.returncode == 0, done.stdout + done.stderr
        return done.stdout

    return run


def test_the_migrations_apply_beside_those_of_an_existing_database(wrangler: object, tmp_path: Path) -> None:
    assert callable(wrangler)
    old = tmp_path / "old.sql"
    old.write_text(OLD)
    wrangler("execute", "DB", "--file", str(old))
    wrangler("migrations", "apply", "DB")
    found = json.loads(wrangler("execute", "DB", "--json", "--command", WRITES + COUNTS))
    files = len(list((ROOT / "src" / "sql" / "migrations").glob("*.sql")))
    [counts] = found[-1]["results"]
    assert counts == {"logged": 1, "datapoints": 1, "ours": files, "theirs": 2, "triggers": 1}
    assert "No migrations to apply" in wrangler("migrations", "apply", "DB")


def test_a_file_that_was_applied_by_itself_is_recorded_as_the_docs_say(wrangler: object) -> None:
    assert callable(wrangler)
    wrangler("migrations", "apply", "DB")
    wrangler("execute", "DB", "--command", "DELETE FROM steward_migrations WHERE name = '0008_refused.sql'")
    wrangler("execute", "DB", "--file", "src/sql/migrations/0008_refused.sql")
    wrangler("execute", "DB", "--command", "INSERT INTO steward_migrations (name) VALUES ('0008_refused.sql')")
    assert "No migrations to apply" in wrangler("migrations", "apply", "DB")
