"""Whether duplicates may be merged in this database: the cap on deletes, and what is not understood."""

from __future__ import annotations

from dataclasses import dataclass, replace

from database.sampling import Sampled, refuse_unknown_references, sample
from database.schema import Schema
from errors import RefusedError
from recovery.call import Call
from recovery.forecasting import refuse_beyond_day
from recovery.plan import Plan, plan_merge
from recovery.refusals import refuse_beyond_cap
from recovery.tombstones import deleted_columns, refuse_deleted_rows

AFTER = 7
"""Queries that follow in the call that judges, at least: the pause, the bookmark, what the next call begins with."""


@dataclass(frozen=True)
class Judged:
    """A plan, why a live call would refuse it, and what the values of the columns say."""

    plan: Plan
    refusal: RefusedError | None = None
    sampled: Sampled | None = None
    deleted_columns: tuple[str, ...] = ()
    """The columns that may mark a row as deleted."""


async def planned(call: Call, schema: Schema) -> Judged:
    """Return the plan of the merge. Raises RefusedError where a live call would delete more than it may, or may not.

    Nothing is changed by then.
    """
    plan = await plan_merge(call, schema)
    if call.live:
        hint = f"Look at a dry run first, then send max_deletes: {plan.losers} with this request."
        refuse_beyond_cap(plan.losers, call.max_deletes, hint)
    if refusal := await refuse_beyond_day(call, schema, plan):
        raise refusal
    judgement = Judged(plan, deleted_columns=tuple(sorted(deleted_columns(schema))))
    return await judged(call, schema, judgement) if plan.losers else judgement


async def judged(call: Call, schema: Schema, judgement: Judged) -> Judged:
    """Return why no row may be deleted in this database, if that is so; a live call raises it."""
    sampled = judgement.sampled or await sample(call.database, schema, call.budget.asked, AFTER)
    refusal = schema.mismatch() or refuse_unknown_references(sampled, schema.names)
    if refusal is None and not call.settings.live_where and not call.request.include_deleted:
        refusal = await refuse_deleted_rows(call.database, schema)
    if refusal and call.live:
        raise refusal
    return replace(judgement, refusal=refusal, sampled=sampled)


async def planned_again(call: Call, schema: Schema, judgement: Judged) -> Judged:
    """Return the judgement with the plan of a further round."""
    return replace(judgement, plan=await plan_merge(call, schema))
