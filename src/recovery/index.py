"""The steps that make the schema keep duplicates and orphans out: the unique index, and the guards."""

from __future__ import annotations

from dataclasses import replace

import sql
from errors import ConstraintError
from log import timestamp
from recovery.guarding import drop_stale_guards
from recovery.repair import Repair
from recovery.set_up import read_set_up, unknown_index
from recovery.steps import SAMPLE, IndexStep, Step
from runs.lease import write_held


async def index(repair: Repair) -> IndexStep:
    """Create the unique index where it is missing; the index that it replaces goes."""
    call, schema = repair.call, repair.schema
    present = int(schema.unique_index is not None)
    step = IndexStep("index", present, present, nullable=schema.nullable_key)
    drop = sql.statement("recovery/drop_object_index")
    if present:
        if call.live:
            await write_held(call.database, call.run, drop)
        return step
    if not repair.clean_of_duplicates:
        return replace(step, error="Objects are left with several rows, so the unique index cannot be created.")
    if call.live:
        try:
            await write_held(call.database, call.run, sql.statement("recovery/create_unique_index"), drop)
        except ConstraintError as error:
            return replace(step, error=f"{error} A writer added a duplicate meanwhile; the next round merges it.")
    return replace(step, after=1, changed=1)


async def guards(repair: Repair) -> Step:
    """Install every guard that is missing or has another text, and drop those of references that are gone."""
    call, schema = repair.call, repair.schema
    wrong = [guard for guard in schema.guards if schema.triggers.get(guard.name) != guard.stored]
    if call.live:
        await drop_stale_guards(call.database, call.run, schema)
        noted = sql.statement("set_up/note_set_up", now=timestamp(call.run.clock.now()))
        further = (*unknown_index(await read_set_up(call.database)), noted)
        install = [statement for guard in wrong for statement in guard.install()]
        await write_held(call.database, call.run, *install, *further)
    wanted = len(schema.guards)
    return Step("guards", wanted - len(wrong), wanted, len(wrong), tuple(guard.name for guard in wrong[:SAMPLE]))
