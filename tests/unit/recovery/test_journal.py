from __future__ import annotations

import sqlite3

from hypothesis import given, settings
from hypothesis import strategies as st

from recovery.journal import restored, whole_row
from tests.support.fakes import SqliteDatabase
from tests.support.shapes import examples

# Near the ends of the exponent the SQLite of CPython 3.11 reads back another last digit; D1's does not, and
# tests/worker/test_recovery.py has such a number.
reals = st.floats(allow_nan=False, allow_infinity=False).filter(lambda real: real == 0 or 1e-100 < abs(real) < 1e100)
values = st.one_of(
    st.none(),
    st.integers(-(2**63), 2**63 - 1),
    reals,
    st.binary(max_size=20),
    st.text(st.characters(exclude_categories=["Cs"], exclude_characters="\0"), max_size=20),
    st.sampled_from(
        ["steward:blob:zz", "steward:real:1", "steward:text:x", "steward:", "{}", "[1]", '"', "null", "5", "1.0"]
    ),
)
names = st.one_of(
    st.sampled_from(["id", "r2 key", "it's", "a.b", "a[0]", "$", "Ünï", "select", "?1", "{{slot}}"]),
    st.text("abcdefg_", min_size=1, max_size=6),
)
rows = st.dictionaries(names, values, min_size=1, max_size=40)


def same(one: object, other: object) -> bool:
    return type(one) is type(other) and one == other


@settings(max_examples=examples(200), deadline=None)
@given(row=rows)
def test_a_row_that_was_journalled_is_restored_with_every_column_and_type(row: dict[str, object]) -> None:
    folded = {name.lower(): name for name in row}
    columns = list(folded.values())
    database = SqliteDatabase()
    connection = database.connection
    connection.setlimit(sqlite3.SQLITE_LIMIT_FUNCTION_ARG, 32)
    declared = ", ".join('"' + name.replace('"', '""') + '"' for name in columns)
    connection.execute(f"CREATE TABLE kept ({declared})")
    marks = ", ".join("?" * len(columns))
    connection.execute(f"INSERT INTO kept VALUES ({marks})", [row[name] for name in columns])
    connection.execute(f"CREATE TABLE journal AS SELECT {whole_row(columns, 'kept')} AS loser FROM kept")
    assert connection.execute("SELECT json_valid(loser) FROM journal").fetchone()[0] == 1
    [found] = connection.execute(f"SELECT {restored(columns, 'loser')} FROM journal").fetchall()
    for name, value in zip(columns, tuple(found), strict=True):
        assert same(value, row[name]), name
