from __future__ import annotations

import asyncio
import json

import pytest

from errors import ConstraintError, PlatformError, TooBigError
from ports import Result, Statement, Value
from tests.contract.conftest import Engine
from tests.support.shapes import own_words

TABLE = "CREATE TABLE t (id INTEGER PRIMARY KEY, name TEXT UNIQUE, size REAL)"
TEXTS = ("", "text", "it's", 'a "quoted" text', "é", "e\u0301", "😀", "line\nbreak", "\x01\x7f", "0", " 1 ")
NUMBERS = (0, -1, 1.5, 2**31, 2**53 - 2, -(2**53) + 2, 1e-300)


def run(engine: Engine, *statements: str | tuple[str, *tuple[Value, ...]]) -> list[Result]:
    listed = [Statement(one) if isinstance(one, str) else Statement(one[0], one[1:]) for one in statements]
    return asyncio.run(engine.database.batch(listed))


def names(engine: Engine) -> list[Value]:
    return [row["name"] for row in run(engine, "SELECT name FROM t ORDER BY id")[0].rows]


@pytest.fixture
def table(engine: Engine) -> Engine:
    run(engine, TABLE)
    return engine


def test_a_batch_gives_one_result_per_statement_in_order(table: Engine) -> None:
    insert, select, nothing = run(
        table, ("INSERT INTO t (name) VALUES (?1)", "a"), "SELECT id, name FROM t", "SELECT id FROM t WHERE 0"
    )
    assert (insert.rows, select.rows, nothing.rows) == ([], [{"id": 1, "name": "a"}], [])


def test_a_batch_is_all_or_nothing(table: Engine) -> None:
    with pytest.raises(ConstraintError):
        run(table, "INSERT INTO t (name) VALUES ('a')", "INSERT INTO t (name) VALUES ('a')")
    with pytest.raises(PlatformError):
        run(table, "INSERT INTO t (name) VALUES ('b')", "SELECT broken FROM t")
    assert names(table) == []


def test_a_failed_batch_leaves_the_database_usable(table: Engine) -> None:
    with pytest.raises(ConstraintError):
        run(table, "INSERT INTO t (id) VALUES (1), (1)")
    run(table, "INSERT INTO t (name) VALUES ('a')")
    assert names(table) == ["a"]


@pytest.mark.parametrize(
    "value",
    [*TEXTS, *NUMBERS, None],
)
def test_a_value_comes_back_as_it_was_bound(table: Engine, value: Value) -> None:
    [result] = run(table, ("SELECT ?1 AS v, typeof(?1) AS t", value))
    assert result.rows[0]["v"] == value
    assert result.rows[0]["t"] == ("null" if value is None else "text" if isinstance(value, str) else "real")


@pytest.mark.parametrize("value", [2**53 - 1, 2**53, -(2**53), 2**63])
def test_an_integer_that_d1_cannot_take_is_a_platform_error_and_nothing_is_written(table: Engine, value: int) -> None:
    with pytest.raises(PlatformError):
        run(table, "INSERT INTO t (name) VALUES ('a')", ("SELECT ?1", value))
    assert names(table) == []


def test_whole_numbers_are_stored_as_integers_where_the_column_is_one(table: Engine) -> None:
    run(table, ("INSERT INTO t (id, size) VALUES (?1, ?1)", 7))
    [result] = run(table, "SELECT id, typeof(id) AS t, typeof(size) AS s FROM t")
    assert result.rows == [{"id": 7, "t": "integer", "s": "real"}]


def test_one_parameter_may_stand_in_several_places(table: Engine) -> None:
    [result] = run(table, ("SELECT ?2 AS b, ?1 AS a, ?2 AS c", "one", "two"))
    assert result.rows == [{"b": "two", "a": "one", "c": "two"}]


def test_an_empty_batch_is_refused(engine: Engine) -> None:
    with pytest.raises(PlatformError, match="No SQL statements detected"):
        run(engine)


@pytest.mark.parametrize("statement", ["selec 1", "SELECT 1 FROM", "SELECT nothing FROM nowhere", "SELECT nope()"])
def test_a_statement_that_is_not_right_is_a_platform_error(engine: Engine, statement: str) -> None:
    with pytest.raises(PlatformError) as failed:
        run(engine, statement)
    assert type(failed.value) is PlatformError
    assert "D1_ERROR" in str(failed.value)


@pytest.mark.parametrize(
    "statement",
    [
        "INSERT INTO t (name) VALUES ('taken')",
        "INSERT INTO t (id) VALUES (1)",
        "INSERT INTO strict_child (t_id) VALUES (99)",
        "INSERT INTO strict_child (t_id) VALUES (NULL)",
        "INSERT INTO strict_child (t_id) VALUES (-1)",
        "DELETE FROM t WHERE id = 1",
        "UPDATE t SET size = 13 WHERE id = 1",
    ],
)
def test_a_refused_row_is_a_constraint_error(table: Engine, statement: str) -> None:
    run(
        table,
        "INSERT INTO t (id, name) VALUES (1, 'taken')",
        "CREATE TABLE strict_child (t_id INTEGER NOT NULL CHECK (t_id >= 0) REFERENCES t (id))",
        "INSERT INTO strict_child VALUES (1)",
        "CREATE TRIGGER no_13 BEFORE UPDATE ON t WHEN new.size = 13 BEGIN SELECT raise(ABORT, 'no 13'); END",
    )
    with pytest.raises(ConstraintError):
        run(table, statement)
    assert run(table, "SELECT count(*) AS n FROM t")[0].rows == [{"n": 1}]


@pytest.mark.parametrize("value", ["hex(zeroblob(6000000))", "zeroblob(12000000)"])
def test_a_value_over_the_limit_is_too_big_and_nothing_is_written(table: Engine, value: str) -> None:
    with pytest.raises(TooBigError):
        run(table, "INSERT INTO t (name) VALUES ('first')", f"INSERT INTO t (name) VALUES ({value})")
    assert names(table) == []


def test_foreign_keys_can_be_deferred_to_the_end_of_a_batch(table: Engine) -> None:
    run(table, "CREATE TABLE child (t_id INTEGER REFERENCES t (id))")
    run(
        table,
        "PRAGMA defer_foreign_keys = on",
        "INSERT INTO child VALUES (5)",
        "INSERT INTO t (id, name) VALUES (5, 'e')",
    )
    assert names(table) == ["e"]


def test_a_statement_that_writes_can_return_rows(table: Engine) -> None:
    [result] = run(table, ("INSERT INTO t (name) VALUES (?1) RETURNING id, name", "a"))
    assert result.rows == [{"id": 1, "name": "a"}]


def test_changes_counts_the_rows_that_a_statement_changed(table: Engine) -> None:
    insert, repeat, update, read = run(
        table,
        "INSERT INTO t (name) VALUES ('a'), ('b')",
        "INSERT OR IGNORE INTO t (name) VALUES ('a')",
        "UPDATE t SET size = 1",
        "SELECT * FROM t",
    )
    assert (insert.changes, repeat.changes, update.changes) == (2, 0, 2)
    assert (repeat.rows_written, read.rows_written) == (0, 0)
    assert insert.rows_written >= 2


def test_a_whole_page_goes_through_one_json_parameter(table: Engine) -> None:
    listed = json.dumps([f"key {number} 'é😀" for number in range(1000)], ensure_ascii=False)
    insert = "INSERT INTO t (name) SELECT value FROM json_each(?1) WHERE true ON CONFLICT (name) DO NOTHING"
    assert run(table, (insert, listed))[0].changes == 1000
    assert run(table, (insert, listed))[0].changes == 0
    assert names(table)[999] == "key 999 'é😀"


def test_a_pattern_is_compared_byte_for_byte(engine: Engine) -> None:
    query = "SELECT 'caf\u00e9' = ?1 AS same, 'A' GLOB 'a' AS folded, 'a ' = 'a' AS trimmed"
    assert run(engine, (query, "cafe\u0301"))[0].rows == [{"same": 0, "folded": 0, "trimmed": 0}]


def test_text_is_ordered_by_its_utf8_bytes(table: Engine) -> None:
    texts = ["\U00010000", "\uffff", "\ue000", "é", "z", "Z", "\x01"]
    run(table, ("INSERT INTO t (name) SELECT value FROM json_each(?1)", json.dumps(texts)))
    [result] = run(table, "SELECT name FROM t ORDER BY name")
    assert [row["name"] for row in result.rows] == sorted(texts, key=str.encode)


def test_a_bookmark_is_text_where_the_database_has_time_travel(engine: Engine) -> None:
    bookmark = asyncio.run(engine.database.bookmark())
    assert bookmark is None or bookmark


ARTIFACTS = """
  CREATE TABLE artifacts (id INTEGER PRIMARY KEY, r2_bucket TEXT NOT NULL, r2_key TEXT NOT NULL,
    source_type TEXT NOT NULL, fetched_at TEXT, UNIQUE (r2_bucket, r2_key))
"""


def test_a_table_of_any_name_is_written_and_read_by_the_words(engine: Engine) -> None:
    run(engine, own_words(engine.names).said(ARTIFACTS))
    insert = (
        (
            "INSERT INTO artifacts (r2_bucket, r2_key, source_type) VALUES ('artifacts', ?1, 'upload')"
            " ON CONFLICT (r2_bucket, r2_key)"
            " DO UPDATE SET fetched_at = 'again' WHERE artifacts.r2_key = excluded.r2_key"
        ),
        "it's a key",
    )
    run(engine, insert)
    [again] = run(engine, insert)
    read = "SELECT id, r2_bucket, r2_key, source_type, fetched_at FROM artifacts WHERE r2_bucket = 'artifacts'"
    row = {"id": 1, "r2_bucket": "artifacts", "r2_key": "it's a key", "source_type": "upload", "fetched_at": "again"}
    assert (again.changes, run(engine, read)[0].rows) == (1, [row])
    [changed] = run(engine, "UPDATE artifacts SET r2_key = 'k' WHERE id = 1")
    assert (changed.changes, run(engine, read)[0].rows) == (1, [{**row, "r2_key": "k"}])
    run(engine, "DELETE FROM artifacts WHERE (r2_bucket, r2_key) IN (SELECT r2_bucket, r2_key FROM artifacts)")
    assert run(engine, read)[0].rows == []
