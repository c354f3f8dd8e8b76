"""What each route about the state does: health, summary, findings, runs, the pause."""

from __future__ import annotations

from starlette.requests import Request
from starlette.responses import JSONResponse, Response

from api.calls import Call
from events.state import read_events
from invariants import findings
from reporting.summary import summarise
from runs import history
from runs.pause import pause, read_control, resume


async def healthz(_request: Request) -> Response:
    """Say that the Worker runs, and nothing else."""
    return JSONResponse({"status": "ok"})


async def get_summary(call: Call) -> Response:
    """Answer the Artifacts Summary."""
    summary = await summarise(call.ports, call.settings)
    return JSONResponse({**summary, "events": await read_events(call.ports.database)})


async def get_findings(call: Call) -> Response:
    """List findings, newest first."""
    limit, given = call.query["limit"], {name: call.query.get(name) for name in ("invariant", "before")}
    found = await findings.list_findings(call.ports.database, open_only=call.query.get("open"), limit=limit, **given)
    return JSONResponse({"findings": found, "next": found[-1]["id"] if len(found) == limit else None})


async def get_runs(call: Call) -> Response:
    """List runs, newest first; `next` is the `before` of the following page."""
    found = await history.list_runs(call.ports.database, **call.query)
    more = len(found) == call.query["limit"]
    return JSONResponse({"runs": found, "next": found[-1]["id"] if more else None})


async def get_run(call: Call) -> Response:
    """Answer one run."""
    return JSONResponse(history.readable(await history.require_run(call.ports.database, int(call.path["run_id"]))))


async def post_pause(call: Call) -> Response:
    """Pause scheduled backfill."""
    await pause(call.ports.database, call.ports.clock, by=call.actor, reason=call.body["reason"])
    return await _pause_state(call)


async def post_resume(call: Call) -> Response:
    """End the pause."""
    await resume(call.ports)
    return await _pause_state(call)


async def _pause_state(call: Call) -> Response:
    control = await read_control(call.ports.database)
    names = ("paused_by", "pause_reason", "paused_at")
    return JSONResponse({"paused": control["paused_by"] is not None, **{name: control[name] for name in names}})
