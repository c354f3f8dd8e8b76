"""A statement in a database's own names means what it means in the words, costs as much, and returns the words."""

from __future__ import annotations

import sqlite3

import pytest

import sql
from naming.names import Names, read_names
from naming.renaming import direct, renamed, rows

OWN = read_names(
    {
        "artifacts": 'my "Files"',
        "id": "order",
        "r2_bucket": "from",
        "r2_key": "Größe",
        "source_type": "it's",
        "fetched_at": "at",
    }
)
BARE = read_names(
    {
        "artifacts": "files",
        "id": "uuid",
        "r2_bucket": "literal:it's",
        "source_type": "literal:up",
        "fetched_at": "literal:",
    }
)


TABLE = '"my ""Files"""'

WRITES = {
    'DELETE FROM artifacts WHERE EXISTS (SELECT 1 FROM t JOIN "artifacts" AS c ON c."up" = artifacts.id)': (
        f"DELETE FROM {TABLE} AS artifacts WHERE EXISTS "
        f'(SELECT 1 FROM t JOIN {rows(OWN)} AS c ON c."up" = artifacts."order")'
    ),
    "WITH t AS (SELECT id) UPDATE artifacts SET id = t.id FROM t WHERE artifacts.id = 1": (
        f'WITH t AS (SELECT id) UPDATE {TABLE} AS artifacts SET "order" = t.id FROM t WHERE artifacts."order" = 1'
    ),
    "DELETE FROM artifacts WHERE id IN (SELECT id FROM t)": (
        f'DELETE FROM {TABLE} AS artifacts WHERE "order" IN (SELECT id FROM t)'
    ),
    "UPDATE artifacts SET source_type = p.id FROM (SELECT id FROM t) AS p WHERE artifacts.id = p.id": (
        f'UPDATE {TABLE} AS artifacts SET "it\'s" = p.id FROM (SELECT id FROM t) AS p WHERE artifacts."order" = p.id'
    ),
    "INSERT INTO artifacts (id, r2_key) SELECT id, r2_key FROM page": (
        f'INSERT INTO {TABLE} AS artifacts ("order", "Größe") SELECT id, r2_key FROM page'
    ),
    "INSERT INTO artifacts (id) SELECT 1 ON CONFLICT (r2_key) DO UPDATE SET id = excluded.id WHERE artifacts.id > 0": (
        f'INSERT INTO {TABLE} AS artifacts ("order") SELECT 1 ON CONFLICT ("Größe") DO UPDATE SET "order" = '
        'excluded."order" WHERE artifacts."order" > 0'
    ),
    "CREATE INDEX i ON artifacts (lower(r2_key)) WHERE id > 1": (
        f'CREATE INDEX i ON {TABLE} (lower("Größe")) WHERE "order" > 1'
    ),
    "SELECT r2_key, id FROM steward_missing -- artifacts": "SELECT r2_key, id FROM steward_missing -- artifacts",
    "SELECT 'FROM artifacts', count(*) AS artifacts FROM t": "SELECT 'FROM artifacts', count(*) AS artifacts FROM t",
    "SELECT 1 FROM pragma_table_info('artifacts') WHERE name = lower('r2_key') AND 'r2_key' = name": (
        "SELECT 1 FROM pragma_table_info('my \"Files\"') WHERE name = lower('Größe') AND 'r2_key' = name"
    ),
}
ABSENT = {
    "INSERT INTO artifacts (id, r2_bucket, r2_key, source_type) SELECT f(1, 2), ?1, k, (3) FROM t": (
        'INSERT INTO "files" AS artifacts ("uuid", "r2_key") SELECT f(1, 2), k FROM t'
    ),
    "INSERT INTO artifacts (id, r2_bucket, r2_key) WITH n AS (SELECT 1 AS i) SELECT i, 'b', i FROM n": (
        'INSERT INTO "files" AS artifacts ("uuid", "r2_key") WITH n AS (SELECT 1 AS i) SELECT i, i FROM n'
    ),
    "INSERT INTO artifacts (r2_bucket, id) VALUES (1, 2), (3, 4)": (
        'INSERT INTO "files" AS artifacts ( "uuid") VALUES ( 2), ( 4)'
    ),
    "UPDATE artifacts SET source_type = 'x' WHERE id = 1 OR source_type = 'unknown'": (
        "UPDATE \"files\" AS artifacts SET \"r2_key\" = 'x' WHERE 0 AND ( \"uuid\" = 1 OR 'up' = 'unknown')"
    ),
    "SELECT (?1, k) IN (SELECT r2_bucket, r2_key FROM artifacts)": (
        "SELECT (?1 = 'it''s' AND k IN (SELECT \"r2_key\" FROM \"files\"))"
    ),
    "SELECT lower('r2_bucket'), lower('id'), lower('other')": "SELECT lower(NULL), lower('uuid'), lower('other')",
}


@pytest.mark.parametrize("text", WRITES)
def test_what_is_written_is_named_in_the_databases_own_names(text: str) -> None:
    assert renamed(text, OWN) == WRITES[text]
    assert renamed(text, Names()) == text


@pytest.mark.parametrize("text", ABSENT)
def test_a_column_that_the_table_does_not_have_is_stood_in_for(text: str) -> None:
    assert renamed(text, BARE) == ABSENT[text]


def test_an_update_of_a_column_that_is_not_there_changes_nothing() -> None:
    database = sqlite3.connect(":memory:")
    database.execute("CREATE TABLE files (uuid, r2_key)")
    database.execute("INSERT INTO files VALUES (1, 'k')")
    assert database.execute(renamed("UPDATE artifacts SET source_type = 'x' WHERE id = 1 OR 1", BARE)).rowcount == 0
    assert database.execute("SELECT * FROM files").fetchall() == [(1, "k")]


def test_what_is_read_has_the_words_and_every_further_column() -> None:
    database = sqlite3.connect(":memory:")
    database.execute("CREATE TABLE files (uuid, r2_key, note)")
    database.execute("INSERT INTO files VALUES (1, 'k', 'n')")
    said = renamed(
        "SELECT id, r2_bucket, r2_key, source_type, fetched_at, note FROM artifacts AS a WHERE a.id = 1", BARE
    )
    assert database.execute(said).fetchall() == [(1, "it's", "k", "up", None, "n")]


NAMED = sorted(str(path.relative_to(sql.ROOT).with_suffix("")) for path in sql.ROOT.rglob("*.sql"))


@pytest.mark.parametrize("name", [name for name in NAMED if not name.startswith(("migrations/", "guards/", "set_up/"))])
@pytest.mark.parametrize("names", [OWN, BARE], ids=["own", "bare"])
def test_no_file_names_the_table_in_a_way_that_is_not_renamed(name: str, names: Names) -> None:
    """What is left of the word is an alias, a column of an answer, or a comment."""
    text = "\n".join(
        line for line in (sql.ROOT / f"{name}.sql").read_text(encoding="utf-8").splitlines() if line[:2] != "--"
    )
    said = renamed(text, names)
    for before in ("FROM", "JOIN", "INTO", "UPDATE", "IGNORE", "ON"):
        assert f"{before} artifacts " not in f"{said} ".replace("\n", " ").replace(")", " ")


def test_a_trigger_speaks_of_the_table_in_its_own_names() -> None:
    said = direct(sql.load("guards/known_type"), OWN)
    assert said.startswith(
        'CREATE TRIGGER IF NOT EXISTS steward_guard_known_type\nBEFORE UPDATE OF "it\'s" ON "my ""Files"""'
    )
    assert 'artifact_id = OLD."order"' in said
    assert renamed(said, OWN) == said
