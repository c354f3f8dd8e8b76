"""The next repairs of a plan, where one call has few queries; each tells whether that was all of its kind."""

from __future__ import annotations

from dataclasses import replace

from database.schema import Schema
from plans.applying import Applying, Change
from plans.repairing import Back, Types
from plans.work import Work
from recovery.call import Call
from recovery.classify import counted_types
from recovery.orphans import counted_orphans
from recovery.steps import ClassifyStep, Step
from stepwise.repairs import repair_of


async def types_by_plan(call: Call, schema: Schema, work: Work) -> tuple[ClassifyStep, bool]:
    """Give the next unknown rows the types that the plan says."""
    await work.pass_over("schema")
    repair = await repair_of(call, schema)
    step, applying = await counted_types(repair), await _applied(call, work, Types(repair))
    return replace(step, after=step.before - applying.rows, changed=applying.rows), not applying.more


async def orphans_by_plan(call: Call, schema: Schema, work: Work) -> tuple[Step, bool]:
    """Point the next orphans at the winners that the plan says."""
    repair = await repair_of(call, schema)
    step, applying = await counted_orphans(repair), await _applied(call, work, Back(repair))
    return replace(step, after=step.before - applying.rows, changed=applying.rows), not applying.more


async def _applied(call: Call, work: Work, change: Change) -> Applying:
    applying = Applying(work, change, call.budget.part("merge"))
    await applying.run()
    return applying
