"""The beginning of a recovery by a plan, under the lease: what may still refuse it, and the work that is to be done."""

from __future__ import annotations

from database.schema import Schema
from errors import RefusedError
from plans.opening import begin_plan, ready_for
from plans.work import Work, begin_work
from recovery.call import Call
from recovery.judging import Judged, judged
from recovery.plan import Plan as Foretold


async def begin_recovery(call: Call, schema: Schema, plan_id: int) -> tuple[Work, Judged]:
    """Begin the plan, and return the work and what may be merged.

    Raises RefusedError, before anything is changed, where the plan may not be applied, or would delete more rows than
    the call may.
    """
    plan = await ready_for(call.database, call.run, call.settings, plan_id, schema)
    deletes = plan.totals.get("rows_deleted", 0)
    if deletes > call.max_deletes and not plan.begun:
        raise _over_cap(plan_id, deletes, call.max_deletes)
    judgement = Judged(Foretold(plan.totals.get("merge", 0), deletes, 0, 0, {}, None, (), ()))
    judgement = await judged(call, schema, judgement) if deletes else judgement
    await begin_plan(call.database, call.run, call.run.id, call.settings, plan)
    return await begin_work(call.database, call.run, plan), judgement


async def continue_recovery(call: Call, schema: Schema, plan_id: int) -> Work:
    """Return the work on a plan that a call before began; raises RefusedError where it may not be applied any more."""
    plan = await ready_for(call.database, call.run, call.settings, plan_id, schema)
    return await begin_work(call.database, call.run, plan)


def _over_cap(plan: int, deletes: int, most: int) -> RefusedError:
    message = f"Plan {plan} would delete {deletes} duplicate rows, and the request may delete {most}."
    return RefusedError("max_deletes", message, hint=f"Send max_deletes: {deletes} with this request.")
