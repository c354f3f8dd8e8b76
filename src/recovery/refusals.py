"""What ends a delete before it is done: the cap on how many rows may go, and the triggers that were there."""

from __future__ import annotations

import json
from collections.abc import Iterable

import sql
from database.batch import ask
from errors import PlatformError, RefusedError
from ports import Database

GREW = "Rows appeared meanwhile. Run it dry again, and pass max_deletes with the number it shows."


def refuse_beyond_cap(losers: int, most: int, hint: str) -> None:
    """Raise RefusedError where a recovery would delete more rows than it may."""
    if losers > most:
        message = f"The recovery would delete {losers} duplicate rows, and may delete {most}."
        raise RefusedError("max_deletes", message, hint=hint)


def refuse_at_cap(error: PlatformError, what: str, hint: str = GREW) -> None:
    """Raise RefusedError where the failed constraint is the cap on deletes, which `what` reached."""
    if "deletes_left" in str(error):
        raise RefusedError("max_deletes", f"{what} reached the cap on deletes.", hint=hint) from error


async def triggers_on(database: Database, tables: Iterable[str]) -> list[str]:
    """Return the names of the triggers of these tables."""
    rows = await ask(database, sql.statement("recovery/triggers", tables=json.dumps(list(tables))))
    return [str(row["name"]) for row in rows]


def with_triggers(why: str, triggers: Iterable[str]) -> str:
    """Return why the database refused something, with the triggers that may have been the cause."""
    names = ", ".join(triggers)
    return f"{why} Triggers there: {names}." if names else why
