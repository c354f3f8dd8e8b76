"""What can be undone: a live recovery or forgetting, in a database whose children are where they were."""

from __future__ import annotations

from database.reading import read_schema
from database.schema import Schema
from errors import RefusedError
from ports import Database
from runs.history import require_run
from settings import Settings

FORGET = "forget"


async def kind_of(database: Database, target: int) -> object:
    """Return the kind of a run that can be undone.

    Raises InputError (404) where there is no such run, RefusedError where it deleted nothing.
    """
    found = await require_run(database, target)
    if found["kind"] not in ("recovery", FORGET) or found["mode"] != "live":
        hint = "Only a live recovery or forget deletes rows; GET /runs?kind=recovery lists the former."
        raise RefusedError("not_a_recovery", f"Run {target} is a {found['mode']} {found['kind']}.", hint=hint)
    return found["kind"]


async def undoable_schema(database: Database, settings: Settings) -> Schema:
    """Return the schema; raises RefusedError where nothing can be undone in it."""
    schema = await read_schema(database, settings.children, settings.not_children)
    schema.refuse_missing_children()
    schema.refuse_cascades()
    return schema
