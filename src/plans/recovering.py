"""`POST /recover` as it is asked: dry, which makes a plan; live by one; or live without one, where that may be."""

from __future__ import annotations

from errors import InputError, RefusedError
from plans.recovery_applied import recover_by_plan
from plans.recovery_plan import PlanningSaga
from plans.stepwise_plan import StepwisePlanning
from ports import Ports
from recovery.call import RecoverRequest, Sizes
from recovery.run import recover
from settings import Settings
from stepwise.choosing import saga_for

FEW_ROWS = 1_000
"""Unknown rows that a dry call with few queries looks at in one query: it keeps all items of a call at once."""


async def recover_as_asked(
    ports: Ports, settings: Settings, request: RecoverRequest, *, may_plan: bool
) -> dict[str, object]:
    """Do one call of a recovery and return its report.

    A dry one makes a plan where whoever asks `may_plan`: a token that may only read changes nothing.
    """
    refuse_dry(request.plan, dry=request.dry_run)
    if request.plan is not None:
        return await recover_by_plan(ports, settings, request.plan, request)
    if request.dry_run and may_plan and settings.limits.few:
        return await recover(ports, settings, request, Sizes(classify_rows=FEW_ROWS), StepwisePlanning)
    if request.dry_run and may_plan:
        return await recover(ports, settings, request, saga=PlanningSaga)
    if request.dry_run:
        return {**await recover(ports, settings, request), "plan": None}
    refuse_unplanned(settings)
    return await recover(ports, settings, request, saga=saga_for)


def refuse_dry(plan: int | None, *, dry: bool) -> None:
    """Raise InputError where a dry request names a plan."""
    if plan is not None and dry:
        raise InputError("plan", "A dry run makes a plan, and applies none.", hint='Send "dry_run": false with it.')


def refuse_unplanned(settings: Settings) -> None:
    """Raise RefusedError where nothing is done without a plan."""
    if settings.require_plan:
        hint = "Send the dry request: it makes a plan. Have it approved, and name it as `plan`."
        raise RefusedError("plan_required", "REQUIRE_PLAN is on, and the request names no plan.", hint=hint)
