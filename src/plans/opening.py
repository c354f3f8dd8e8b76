"""Whether a plan may be applied now, and the transaction that begins it."""

from __future__ import annotations

from datetime import timedelta

import sql
from database.schema import Schema
from errors import ConstraintError, InputError, RefusedError
from log import timestamp
from plans.basis import Basis, basis_now
from plans.plan import NEW, Plan
from plans.store import require_plan
from ports import Clock, Database
from runs.lease import Holder, write_held
from settings import Settings


async def ready_plan(database: Database, clock: Clock, settings: Settings, plan_id: int, kind: str) -> Plan:
    """Return the plan, which is of this kind and may be applied now.

    Raises InputError where there is none, RefusedError where it is used, expired, superseded, stale or not approved.
    """
    plan = await open_plan(database, clock, settings, plan_id, kind)
    await refuse_stale(database, clock, plan, await basis_now(database, settings))
    return plan


async def ready_for(database: Database, run: Holder, settings: Settings, plan_id: int, schema: Schema) -> Plan:
    """Return the plan as it is under the lease, where it may be applied in this schema; raises as `ready_plan` does."""
    found = await open_plan(database, run.clock, settings, plan_id)
    await refuse_stale(database, run.clock, found, await basis_now(database, settings, schema))
    return found


async def seen_plan(database: Database, clock: Clock, settings: Settings, plan_id: int, kind: str) -> Plan:
    """Return the plan before its run begins, as `ready_plan` does; without the basis where there are few queries.

    It is looked at again under the lease.
    """
    seen = open_plan if settings.limits.few else ready_plan
    return await seen(database, clock, settings, plan_id, kind)


async def open_plan(
    database: Database, clock: Clock, settings: Settings, plan_id: int, kind: str | None = None
) -> Plan:
    """Return the plan, which may be applied unless it is stale; raises as `ready_plan` does.

    `kind` is what it is to be; None: that was looked at before.
    """
    plan = await require_plan(database, plan_id)
    if kind not in (None, plan.kind):
        raise InputError("plan", f"Plan {plan_id} is a plan of kind {plan.kind}.", hint=f"Name a plan of kind {kind}.")
    plan.refuse_unless_open(clock.now())
    if settings.require_plan and not plan.approved:
        hint = f"POST /plans/{plan_id}/approve, with a token of the role approve."
        raise RefusedError("plan_not_approved", f"Plan {plan_id} is not approved, and REQUIRE_PLAN is on.", hint=hint)
    return plan


async def refuse_stale(database: Database, clock: Clock, plan: Plan, now: Basis) -> None:
    """Raise RefusedError where what the plan was made on has changed, and note that in the plan."""
    changed = plan.basis.changed(now)
    if changed:
        await database.batch([sql.statement("plans/end_stale", plan=plan.id, now=timestamp(clock.now()))])
        message = f"Plan {plan.id} is stale: what it was made on has changed ({', '.join(changed)})."
        raise RefusedError("stale_plan", message, hint=f"Nothing was changed. {NEW}")


async def begin_plan(database: Database, run: Holder, run_id: int, settings: Settings, plan: Plan) -> None:
    """Note that the run applies the plan; raises RefusedError where that is not allowed any more."""
    now = run.clock.now()
    until = timestamp(now + timedelta(hours=settings.plan_hours))
    begin = sql.statement("plans/begin_plan", plan=plan.id, run=run_id, now=timestamp(now), until=until)
    same: dict[str, str | int] = {"kind": plan.kind, "target": plan.target, "plan": plan.id}
    others = sql.statement("plans/supersede_approved", **same, now=timestamp(now))
    try:
        await write_held(database, run, begin, sql.statement("plans/check_begun"), others)
    except ConstraintError:
        (await require_plan(database, plan.id)).refuse_unless_open(run.clock.now())
        raise
