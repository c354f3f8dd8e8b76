"""What each route that looks after the database does: check, recover, undo, forget, guards."""

from __future__ import annotations

from starlette.responses import JSONResponse, Response

from api.calls import Call
from errors import InputError
from forget.call import ForgetRequest
from invariants.run import run_check
from plans.forgetting import forget_as_asked
from plans.recovering import recover_as_asked
from plans.undoing import UndoRequest, undo_as_asked
from recovery.call import RecoverRequest
from recovery.guards_run import GuardsRequest, change_guards


async def post_check(call: Call) -> Response:
    """Check every invariant; the answer is 200 whether or not they hold."""
    return JSONResponse(await run_check(call.ports, call.settings, call.body["mode"]))


async def post_recover(call: Call) -> Response:
    """Do one call of the recovery, dry or live."""
    request, may_plan = RecoverRequest(**call.body), call.may("operate")
    return JSONResponse(await recover_as_asked(call.ports, call.settings, request, may_plan=may_plan))


async def post_undo(call: Call) -> Response:
    """Take back what a live recovery merged, or a live forget deleted, or plan to."""
    request = UndoRequest(int(call.path["run_id"]), **call.body)
    return JSONResponse(await undo_as_asked(call.ports, call.settings, request, may_plan=call.may("operate")))


async def post_forget(call: Call) -> Response:
    """Do one call of a forgetting, dry or live."""
    request, may_plan = ForgetRequest(**call.body), call.may("operate")
    return JSONResponse(await forget_as_asked(call.ports, call.settings, request, may_plan=may_plan))


async def post_guards(call: Call) -> Response:
    """Install the guards, or lift them for some minutes."""
    request = GuardsRequest(**call.body)
    if request.lift and not (request.reason or "").strip():
        raise InputError("reason", "Guards are lifted for a reason.", hint="Say why, for the next person.")
    given = [name for name in ("minutes", "reason") if getattr(request, name) is not None]
    if given and not request.lift:
        hint = 'Send "lift": true to lift the guards, or {} to install them.'
        raise InputError(given[0], "It says how guards are lifted, and this request does not lift them.", hint=hint)
    return JSONResponse(await change_guards(call.ports, call.settings, request))
