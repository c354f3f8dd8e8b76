"""What a merge needs of the database before its first chunk."""

from __future__ import annotations

import sql
from database.batch import ask
from database.schema import Schema
from ports import Database, Statement
from recovery.call import Call
from recovery.guarding import drop_stale_guards
from runs.lease import Holder, write_held


async def prepare(call: Call, schema: Schema, *, may_delete: int) -> None:
    """Create the indexes that the merge is served by, where they are missing, and let it delete so many rows."""
    await write_held(call.database, call.run, sql.statement("recovery/create_object_index"))
    await serve_children(call.database, call.run, schema)
    await write_held(call.database, call.run, allow_deletes(may_delete))


def allow_deletes(most: int) -> Statement:
    """Return the statement that lets a merge delete so many rows."""
    return sql.statement("recovery/allow_deletes", most=most)


async def serve_children(database: Database, run: Holder, schema: Schema) -> None:
    """Create an index on each reference where there is none, and drop the guards that would fail every delete."""
    for reference in schema.references:
        named = {"table_name": reference.table, "column_name": reference.column}
        if not await ask(database, sql.statement("recovery/child_index", **named)):
            name = sql.quote(f"steward_children_{reference.table}_{reference.column}")
            create = sql.statement("recovery/create_child_index", name=name, **reference.slots)
            await write_held(database, run, create)
    await drop_stale_guards(database, run, schema)
