"""`POST /forget` as it is asked: dry, which makes a plan; live by one; or live without one, where that may be."""

from __future__ import annotations

from dataclasses import replace

from forget.call import ForgetRequest
from forget.run import forget
from plans.forget_applied import ForgetByPlan
from plans.forget_plan import take_and_plan
from plans.opening import seen_plan
from plans.recovering import refuse_dry, refuse_unplanned
from ports import Ports
from settings import Settings


async def forget_as_asked(
    ports: Ports, settings: Settings, request: ForgetRequest, *, may_plan: bool
) -> dict[str, object]:
    """Do one call of a forgetting and return its report; a dry one makes a plan where whoever asks `may_plan`."""
    refuse_dry(request.plan, dry=request.dry_run)
    if request.plan is not None:
        plan = await seen_plan(ports.database, ports.clock, settings, request.plan, "forget")
        wanted = replace(request, r2_bucket=plan.request["r2_bucket"])
        return await forget(ports, settings, wanted, ForgetByPlan(request.plan).take)
    if request.dry_run and may_plan:
        return await forget(ports, settings, request, take_and_plan)
    if request.dry_run:
        return {**await forget(ports, settings, request), "plan": None}
    refuse_unplanned(settings)
    return await forget(ports, settings, request)
