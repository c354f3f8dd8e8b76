"""The repairs after the merge, each in a call of its own."""

from __future__ import annotations

from collections.abc import Collection

from backfill.rules import read_rules
from database.schema import Schema
from recovery.call import Call
from recovery.classify import classify
from recovery.duplicates import EVERY_OBJECT, ObjectKey, all_objects, count_duplicates
from recovery.index import guards, index
from recovery.orphans import orphans
from recovery.repair import Repair
from recovery.steps import ClassifyStep, IndexStep, Step


async def make_index(call: Call, schema: Schema) -> IndexStep:
    """Create the unique index where it is missing, and no object has several rows."""
    left = (await count_duplicates(call.database)).losers
    return await index(await repair_of(call, schema, clean=left == 0))


async def guard(call: Call, schema: Schema) -> Step:
    """Install the guards."""
    return await guards(await repair_of(call, schema))


async def classify_some(call: Call, schema: Schema, start: ObjectKey | None) -> ClassifyStep:
    """Give unknown rows their types, from an object on, as far as there are queries for."""
    return await classify(await repair_of(call, schema, classify_from=start))


async def point_orphans(call: Call, schema: Schema) -> Step:
    """Point orphans at the winners that the journal knows."""
    return await orphans(await repair_of(call, schema))


async def repair_of(
    call: Call,
    schema: Schema,
    *,
    left: Collection[ObjectKey] | None = None,
    clean: bool = True,
    classify_from: ObjectKey | None = None,
) -> Repair:
    """Return what the repairs work from; `left` are the objects that a dry merge leaves."""
    merged = all_objects(0) if left is None else all_objects(EVERY_OBJECT, left)
    return Repair(call, schema, await read_rules(call.database), merged, clean, classify_from)
