"""What each route that looks after the database does: check, recover, undo, forget, guards."""

from __future__ import annotations

from starlette.responses import JSONResponse, Response

from api.calls import Call
from errors import InputError
from forget.call import ForgetRequest
from forget.run import forget
from invariants.run import run_check
from recovery.call import RecoverRequest
from recovery.guards_run import GuardsRequest, change_guards
from recovery.run import recover
from recovery.undo_run import undo_run
from stepwise.choosing import saga_for


async def post_check(call: Call) -> Response:
    """Check every invariant; the answer is 200 whether or not they hold."""
    return JSONResponse(await run_check(call.ports, call.settings, call.body["mode"]))


async def post_recover(call: Call) -> Response:
    """Do one call of the recovery, dry or live."""
    return JSONResponse(await recover(call.ports, call.settings, RecoverRequest(**call.body), make=saga_for))


async def post_undo(call: Call) -> Response:
    """Take back what a live recovery merged, or a live forget deleted."""
    return JSONResponse(await undo_run(call.ports, call.settings, int(call.path["run_id"])))


async def post_forget(call: Call) -> Response:
    """Do one call of a forgetting, dry or live."""
    return JSONResponse(await forget(call.ports, call.settings, ForgetRequest(**call.body)))


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
