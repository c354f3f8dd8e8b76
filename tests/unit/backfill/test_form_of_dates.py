"""A new row's fetched_at has the form that the column has: numbers among numbers, text elsewhere."""

from __future__ import annotations

import pytest

from tests.support.actions import live
from tests.support.fakes import World, migrate

UPLOADED = "2026-01-02T03:04:05.000Z"
SECONDS = 1767323045
TABLE = """CREATE TABLE artifacts (id INTEGER PRIMARY KEY, r2_bucket TEXT NOT NULL, r2_key TEXT NOT NULL,
  source_type TEXT NOT NULL, fetched_at {declared}, UNIQUE (r2_bucket, r2_key)){strict};"""


@pytest.mark.parametrize(
    ("declared", "strict", "there", "written"),
    [
        ("TEXT", "", None, UPLOADED),
        ("TEXT", "", "2025-01-01", UPLOADED),
        ("", "", None, UPLOADED),
        ("INTEGER", "", None, SECONDS),
        ("INTEGER", " STRICT", None, SECONDS),
        ("INTEGER", " STRICT", SECONDS - 5, SECONDS),
        ("BIGINT", "", SECONDS * 1000, SECONDS * 1000),
        ("", "", SECONDS - 5, SECONDS),
        ("", "", (SECONDS - 5) * 10**6, SECONDS * 10**6),
        ("INTEGER", "", (SECONDS - 5) * 10**9, SECONDS * 10**9),
        ("INTEGER", "", "2025-01-01", UPLOADED),
    ],
)
def test_the_form_of_the_column_is_kept(declared: str, strict: str, there: object, written: object) -> None:
    world = World()
    world.database.script(TABLE.format(declared=declared, strict=strict))
    migrate(world.database)
    world.rules((1, "*", "raw"))
    if there is not None:
        world.database.connection.execute("INSERT INTO artifacts VALUES (1, 'b', 'k', 'raw', ?)", (there,))
    world.bucket.put("new")
    assert live(world)["inserted"] == 1
    assert world.database.one("SELECT fetched_at FROM artifacts WHERE r2_key = 'new'") == written
