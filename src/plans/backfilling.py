"""`POST /backfill` as it is asked: dry, which makes a plan; live by one; or live without one."""

from __future__ import annotations

from backfill.request import BackfillRequest
from backfill.run import run_backfill
from errors import InputError
from plans.backfill_applied import backfill_by_plan
from plans.backfill_plan import BackfillPlanning
from plans.recovering import refuse_dry
from plans.store import require_plan
from ports import Ports
from settings import Settings


async def backfill_as_asked(
    ports: Ports, settings: Settings, request: BackfillRequest, *, may_plan: bool
) -> dict[str, object]:
    """Do one backfill and return its report; a dry one makes a plan where whoever asks `may_plan`."""
    refuse_dry(request.plan, dry=request.dry_run)
    if request.plan is not None:
        await _refuse_others(ports, request, request.plan)
        return await backfill_by_plan(ports, settings, request.plan, spread=request.spread)
    if not request.dry_run:
        return await run_backfill(ports, settings, request)
    planning = BackfillPlanning(ports, settings, request) if may_plan else None
    return {"plan": None, **await run_backfill(ports, settings, request, planning)}


async def _refuse_others(ports: Ports, request: BackfillRequest, plan_id: int) -> None:
    """Raise InputError where the request says something else than its plan."""
    plan = await require_plan(ports.database, plan_id)
    for name in ("r2_bucket", "r2_prefix", "max_objects", "cursor", "start_after", "resume"):
        said, planned = getattr(request, name), plan.request.get(name)
        if plan.kind == "backfill" and said not in (getattr(BackfillRequest, name), planned):
            raise InputError(name, f"The plan was made with {name} {planned!r}.", hint="Leave it out.")
