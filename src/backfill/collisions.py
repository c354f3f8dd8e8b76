"""What a dry run foresees of further unique indexes: rows that would collide with one that is there."""

from __future__ import annotations

import json
from collections.abc import Sequence

import sql
from database.rows import text
from database.schema import covers_object
from ports import Row

_VALUES = {"r2_bucket": ":bucket", "r2_key": "page.r2_key", "source_type": "page.source_type"}
"""What a new row holds, by its column, in the terms of `backfill/decisions`; fetched_at has a form of its own."""


def collisions(keys: Sequence[Row]) -> str:
    """Return the SQL condition of an object whose new row a further unique index would refuse.

    `keys` are the rows of `schema/unique_keys`. Foreseen is a collision with a row that is there, by an index over
    columns that the insert fills; not one between two new rows, nor by an expression.
    """
    terms = [_collision(columns) for row in keys if (columns := _columns(row)) is not None]
    return " OR ".join(terms) or "0"


def _columns(row: Row) -> list[tuple[str, str]] | None:
    """Return the columns of an index with their collations, where it is a further one that can be foreseen."""
    covered = text(row, "covered")
    if covers_object(covered):
        return None
    # An expression is null, and has no name.
    names = [(one or " ").partition(" ") for one in json.loads(covered)]
    columns = [(name, collation) for name, _, collation in names]
    return columns if all(name in _VALUES for name, _ in columns) else None


def _collision(columns: list[tuple[str, str]]) -> str:
    same = [f"there.{sql.quote(name)} COLLATE {collation} = {_VALUES[name]}" for name, collation in columns]
    return f"EXISTS (SELECT 1 FROM artifacts AS there WHERE {' AND '.join(same)})"  # noqa: S608  # names alone
