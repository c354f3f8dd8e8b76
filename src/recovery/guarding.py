"""Guards that hinder: those of references that are gone."""

from __future__ import annotations

import sql
from database.schema import Schema
from ports import Database, Statement
from runs.lease import Holder, write_held


async def drop_stale_guards(database: Database, run: Holder, schema: Schema) -> None:
    """Drop the guards of references that are gone: one that names a dropped table fails every delete."""
    wanted = {guard.name for guard in schema.guards}
    stale = [Statement(f"DROP TRIGGER {sql.quote(name)}") for name in schema.triggers if name not in wanted]
    if stale:
        await write_held(database, run, *stale)
