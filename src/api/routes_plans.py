"""What each route about plans does."""

from __future__ import annotations

from collections.abc import Callable

from starlette.responses import JSONResponse, Response

from api.calls import Call
from api.plan_files import Shown, items_file, page_of
from plans.approving import approve
from plans.kinds import KINDS, ApplyRequest
from plans.store import list_plans, require_plan, slices_from


async def get_plans(call: Call) -> Response:
    """List plans, newest first; `next` is the `before` of the following page."""
    found = await list_plans(call.ports.database, **call.query)
    more = len(found) == call.query["limit"]
    now = call.ports.clock.now()
    return JSONResponse({"plans": [plan.report(now) for plan in found], "next": found[-1].id if more else None})


async def get_plan(call: Call) -> Response:
    """Answer one plan."""
    plan = await require_plan(call.ports.database, _id(call))
    return JSONResponse(plan.report(call.ports.clock.now()))


async def get_items(call: Call) -> Response:
    """Answer the items of a plan: a page as JSON, or all of them as a file."""
    plan = await require_plan(call.ports.database, _id(call))
    after = call.query["after"]
    slices = slices_from(call.ports.database, plan.id, after + 1)
    wanted = _wanted(call)
    if call.query["format"] != "json":
        return await items_file(plan, slices, after, call.query["format"], wanted)
    return JSONResponse(await page_of(slices, after, call.query["limit"], wanted))


def _wanted(call: Call) -> Callable[[Shown], bool]:
    """Return what tells the items that the query asks for."""
    step, left_out = call.query.get("step"), call.query.get("left_out")

    def wanted(one: Shown) -> bool:
        of_step = step is None or one["step"] == step
        return of_step and (left_out is None or (one["left_out"] is not None) == left_out)

    return wanted


async def post_approve(call: Call) -> Response:
    """Approve a plan."""
    plan = await approve(call.ports, call.settings, _id(call), call.body.get("digest"))
    return JSONResponse(plan.report(call.ports.clock.now()))


async def post_apply(call: Call) -> Response:
    """Apply a plan, one resumable call at a time."""
    plan = await require_plan(call.ports.database, _id(call))
    return JSONResponse(await KINDS[plan.kind](call.ports, call.settings, plan, ApplyRequest(**call.body)))


def _id(call: Call) -> int:
    return int(call.path["plan_id"])
