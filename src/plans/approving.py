"""Who approved a plan, and when."""

from __future__ import annotations

import sql
from database.batch import Batch
from errors import InputError, RefusedError
from log import timestamp
from plans.basis import basis_now
from plans.opening import refuse_stale
from plans.plan import Plan
from plans.store import require_plan
from ports import Ports
from settings import Settings


async def approve(ports: Ports, settings: Settings, plan_id: int, digest: str | None) -> Plan:
    """Approve the plan for whoever asks, and return it; one of the same kind and target that was approved gives way.

    Raises InputError where there is none or its digest is another, RefusedError where it is begun, used, expired,
    superseded or stale. Approved by the same person again, it stays as it is.
    """
    database, clock = ports.database, ports.clock
    plan = await require_plan(database, plan_id)
    if digest is not None and digest != plan.digest:
        hint = "Look at the plan again, and send the digest that it has."
        raise InputError("digest", f"Plan {plan_id} has another digest: {plan.digest}.", hint=hint)
    plan.refuse_unless_open(clock.now())
    if plan.begun or plan.approved:
        what = "is being applied" if plan.begun else f"was approved by {plan.row['approved_by']}"
        raise RefusedError("plan_approved", f"Plan {plan_id} {what}.", hint=f"GET /plans/{plan_id} shows it.")
    await refuse_stale(database, clock, plan, await basis_now(database, settings))
    now = timestamp(clock.now())
    batch, asker = Batch(), ports.asker
    batch.add(
        sql.statement("plans/approve_plan", plan=plan_id, now=now, approved_by=asker.actor, token_name=asker.token_name)
    )
    batch.add(sql.statement("plans/supersede_approved", kind=plan.kind, target=plan.target, plan=plan_id, now=now))
    await batch.run(database)
    return await require_plan(database, plan_id)
