"""The artifacts counted by bucket and type, few and short enough to be kept as one value."""

from __future__ import annotations

import json

import sql
from invariants.outcome import Outcome
from log import timestamp
from ports import Database, Statement

TYPE_CHARACTERS = 200
"""A longer bucket or type is shortened: 500 of both make at most 1.2 MB of JSON, of which D1 takes 2 MB."""


def whole_inventory() -> Statement:
    """Return the statement that counts every row."""
    return _folded(sql.fragment("summary/inventory"))


def small_inventory(most: int) -> Statement:
    """Return the statement that counts the rows of a table that has at most so many, and else returns no row."""
    return _folded(sql.fragment("summary/small_inventory", most=most))


def _folded(counted: sql.Fragment) -> Statement:
    bucket, source_type = (sql.shown(name, TYPE_CHARACTERS) for name in ("r2_bucket", "source_type"))
    return sql.statement("summary/folded", counted=counted, bucket=bucket, type=source_type)


async def inventory(database: Database, outcome: Outcome) -> str | None:
    """Count the rows by bucket and type, beside a full check that is complete."""
    if outcome.mode == "fast" or not outcome.complete:
        return None
    [counted] = await database.batch([whole_inventory()])
    return json.dumps({"as_of": timestamp(outcome.checked_at), "by_type": counted.rows}, ensure_ascii=False)
