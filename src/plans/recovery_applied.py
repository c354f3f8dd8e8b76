"""A live recovery that does only what its plan says."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import replace
from typing import Any

from errors import InputError
from plans.opening import ready_plan, seen_plan
from plans.plan import Plan
from plans.recovery_saga import AppliedSaga
from plans.stepwise_applied import StepwiseApplied
from ports import Ports
from recovery.call import RecoverRequest
from recovery.run import recover
from settings import Settings

_DECIDING = ("unreadable", "include_deleted")
"""What of a request decides which row wins: the plan says it."""


async def recover_by_plan(ports: Ports, settings: Settings, plan_id: int, request: RecoverRequest) -> dict[str, object]:
    """Do one call of the recovery by a plan and return its report. Raises what `recover` and `ready_plan` raise."""
    plan = await seen_plan(ports.database, ports.clock, settings, plan_id, "recovery")
    return await _recovered(ports, settings, plan, request)


async def recover_as_planned(
    ports: Ports, settings: Settings, plan: Plan, request: RecoverRequest
) -> dict[str, object]:
    """Do the same by a plan that was read. Whether it may be applied is looked at under the lease, once more."""
    if not settings.limits.few:
        plan = await ready_plan(ports.database, ports.clock, settings, plan.id, "recovery")
    return await _recovered(ports, settings, plan, request)


async def _recovered(ports: Ports, settings: Settings, plan: Plan, request: RecoverRequest) -> dict[str, object]:
    wanted = replace(request, dry_run=False, plan=plan.id, **_decided(plan.request, request))
    if settings.limits.few:
        return await recover(
            ports, settings, wanted, saga=lambda call, schema: StepwiseApplied(call, schema, keeps_to=plan.id)
        )
    return await recover(ports, settings, wanted, saga=lambda call, schema: AppliedSaga(call, schema, plan=plan.id))


def _decided(planned: Mapping[str, Any], request: RecoverRequest) -> dict[str, Any]:
    """Return what the plan says of the ranking; raises InputError where the request says something else."""
    for name in _DECIDING:
        said = getattr(request, name)
        if said != getattr(RecoverRequest, name) and said != planned[name]:
            hint = "Leave it out, or make a plan with it."
            raise InputError(name, f"The plan was made with {name} {planned[name]!r}.", hint=hint)
    return {name: planned[name] for name in _DECIDING}
