"""The next repairs of a plan, where one call has few queries; each tells whether that was all of its kind."""

from __future__ import annotations

from database.schema import Schema
from plans.recovery_repaired import RepairByPlan
from plans.work import Work
from recovery.call import Call
from recovery.steps import ClassifyStep, Step
from stepwise.repairs import repair_of


async def types_by_plan(call: Call, schema: Schema, work: Work) -> tuple[ClassifyStep, bool]:
    """Give the next unknown rows the types that the plan says."""
    repairs = RepairByPlan(await repair_of(call, schema), work)
    return await repairs.types(repairs.repair), not repairs.more


async def orphans_by_plan(call: Call, schema: Schema, work: Work) -> tuple[Step, bool]:
    """Point the next orphans at the winners that the plan says."""
    repairs = RepairByPlan(await repair_of(call, schema), work)
    return await repairs.orphans(repairs.repair), not repairs.more
