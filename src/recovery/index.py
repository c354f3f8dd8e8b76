"""The steps that make the schema keep duplicates and orphans out: the unique index, and the guards."""

from __future__ import annotations

from dataclasses import replace

import sql
from errors import ConstraintError
from recovery.guarding import install, prepared, wrong_guards
from recovery.repair import Repair
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
            why = f"{error} A writer added a duplicate meanwhile; the next round merges it."
            return replace(step, error=why, overtaken=True)
    return replace(step, after=1, changed=1)


async def guards(repair: Repair) -> Step:
    """Install every guard that is missing or has another text, and drop those of references that are gone."""
    call, schema = repair.call, repair.schema
    wrong = wrong_guards(schema)
    if call.live:
        await install(call.database, call.run, schema, await prepared(call.database, call.run))
    wanted = len(schema.guards)
    return Step("guards", wanted - len(wrong), wanted, len(wrong), tuple(guard.name for guard in wrong[:SAMPLE]))
