"""What the repairs after a merge work from."""

from __future__ import annotations

from dataclasses import dataclass

import sql
from backfill.rules import RuleSet, read_rules
from database.schema import Schema
from recovery.call import Call
from recovery.checkpoint import Checkpoint
from recovery.duplicates import EVERY_OBJECT, ObjectKey, all_objects
from recovery.plan import Plan
from recovery.steps import MergeStep


@dataclass(frozen=True)
class Repair:
    """The state after a merge, or the one that a dry run foresees."""

    call: Call
    schema: Schema
    rules: RuleSet
    merged: sql.Fragment
    """The objects that a dry run counts as merged; none in a live one, which has merged them."""
    clean_of_duplicates: bool
    """Whether the unique index can be created: no object is, or would be, left with several rows."""
    classify_from: ObjectKey | None
    """The object after which the classification begins."""


async def repair_after(call: Call, schema: Schema, plan: Plan, merged: MergeStep, start: Checkpoint) -> Repair:
    """Return what the repairs work from once the merge is done, or shown."""
    objects = all_objects(0) if call.live else all_objects(EVERY_OBJECT, plan.left)
    rules = await read_rules(call.database)
    return Repair(call, schema, rules, objects, merged.after == 0, start.classify)
