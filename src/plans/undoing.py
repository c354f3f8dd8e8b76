"""`POST /runs/{id}/undo` as it is asked: dry, which makes a plan; live by one; or without one, where that may be."""

from __future__ import annotations

from dataclasses import dataclass

from errors import InputError
from plans.recovering import refuse_dry, refuse_unplanned
from plans.store import require_plan
from plans.undo_applied import undo_by_plan
from plans.undo_plan import dry_undo
from ports import Ports
from recovery.undo_run import undo_run
from settings import Settings


@dataclass(frozen=True)
class UndoRequest:
    """The run that is to be undone, and the body of the request."""

    run: int
    dry_run: bool = False
    plan: int | None = None


async def undo_as_asked(ports: Ports, settings: Settings, request: UndoRequest, *, may_plan: bool) -> dict[str, object]:
    """Do one call of an undo and return its report; a dry one makes a plan where whoever asks `may_plan`."""
    refuse_dry(request.plan, dry=request.dry_run)
    if request.plan is not None:
        await _refuse_other_runs(ports, request.run, request.plan)
        return await undo_by_plan(ports, settings, request.plan, request.run)
    if request.dry_run:
        return await dry_undo(ports, settings, request.run, may_plan=may_plan)
    refuse_unplanned(settings)
    return await undo_run(ports, settings, request.run)


async def _refuse_other_runs(ports: Ports, run: int, plan_id: int) -> None:
    plan = await require_plan(ports.database, plan_id)
    if plan.kind == "undo" and plan.target != str(run):
        raise InputError("plan", f"Plan {plan_id} undoes run {plan.target}.", hint=f"POST /runs/{plan.target}/undo.")
