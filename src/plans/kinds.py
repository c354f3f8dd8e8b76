"""The kinds of plans, each with how a plan of it is applied: what a further kind adds, it adds here."""

from __future__ import annotations

from collections.abc import Awaitable, Callable, Mapping
from dataclasses import asdict, dataclass

from forget.call import ForgetRequest
from plans.backfill_applied import backfill_by_plan
from plans.forgetting import forget_as_asked
from plans.plan import Plan
from plans.recovery_applied import recover_as_planned
from plans.undo_applied import undo_by_plan
from ports import Ports
from recovery.call import RecoverRequest
from settings import Settings
from words import PlanKind


@dataclass(frozen=True)
class ApplyRequest:
    """The body of `POST /plans/{id}/apply`."""

    max_groups: int | None = None
    max_deletes: int | None = None
    resume: bool = False
    spread: bool = False


Apply = Callable[[Ports, Settings, Plan, ApplyRequest], Awaitable[dict[str, object]]]


async def _recovery(ports: Ports, settings: Settings, plan: Plan, request: ApplyRequest) -> dict[str, object]:
    return await recover_as_planned(ports, settings, plan, RecoverRequest(dry_run=False, **asdict(request)))


async def _undo(ports: Ports, settings: Settings, plan: Plan, _request: ApplyRequest) -> dict[str, object]:
    return await undo_by_plan(ports, settings, plan.id, int(plan.target))


async def _forget(ports: Ports, settings: Settings, plan: Plan, request: ApplyRequest) -> dict[str, object]:
    wanted = ForgetRequest(dry_run=False, max_deletes=request.max_deletes, spread=request.spread, plan=plan.id)
    return await forget_as_asked(ports, settings, wanted, may_plan=False)


async def _backfill(ports: Ports, settings: Settings, plan: Plan, request: ApplyRequest) -> dict[str, object]:
    return await backfill_by_plan(ports, settings, plan.id, spread=request.spread)


KINDS: Mapping[PlanKind, Apply] = {"backfill": _backfill, "forget": _forget, "recovery": _recovery, "undo": _undo}
"""How a plan is applied, by its kind: each does one call, and its report says in `done` whether there is more to do."""
