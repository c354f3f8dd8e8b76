"""The first call: whether anything may be merged, and by which tables that was judged."""

from __future__ import annotations

import hashlib

import sql
from database.batch import ask_one
from database.rows import text
from database.schema import Schema
from errors import RefusedError
from recovery.call import Call
from recovery.judging import planned

MOST_REFERENCES = 3
"""A chunk moves the children of each in its one transaction, of four statements more (docs/configuration.md)."""


async def judge(call: Call, schema: Schema) -> None:
    """Raise RefusedError as any recovery does, and where one chunk would take more queries than there are."""
    refuse_many(schema, MOST_REFERENCES)
    await planned(call, schema)


def refuse_many(schema: Schema, most: int) -> None:
    """Raise RefusedError where one chunk would take more queries than there are."""
    if len(schema.references) > most:
        cited = schema.names.said("references cite artifacts; the free plan's queries do for")
        message = f"{len(schema.references)} {cited} {most}."
        hint = "Recover on the paid plan (PLAN_LIMITS). A dry run is possible now."
        raise RefusedError("plan_limits", message, hint=hint)


async def tables(call: Call) -> str:
    """Return what tells the tables of this database from any others: a new one may refer to artifacts."""
    row = await ask_one(call.database, sql.statement("stepwise/tables_are"))
    return hashlib.sha256(text(row, "tables").encode()).hexdigest()
