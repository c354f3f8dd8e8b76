"""What each route that the page lives on does: findings, violating rows, what is at work, the last days."""

from __future__ import annotations

from starlette.responses import JSONResponse, Response

from api.calls import Call
from api.row_files import row_file
from invariants import quiet
from invariants.quiet import Word
from invariants.row_place import row_place
from invariants.rows import row_list
from reporting.history import read_history
from reporting.live import look_live


async def get_finding(call: Call) -> Response:
    """Answer one finding."""
    return JSONResponse(await quiet.read_finding(call.ports.database, int(call.path["finding_id"])))


async def post_acknowledge(call: Call) -> Response:
    """Record that somebody has the finding."""
    return await _said(call, Word("acknowledged", call.body.get("note")))


async def post_snooze(call: Call) -> Response:
    """Record that the finding may wait; that there is none is told before the moment is looked at."""
    await get_finding(call)
    return await _said(call, quiet.snooze(call.body["until"], call.body.get("note"), call.ports.clock.now()))


async def post_wake(call: Call) -> Response:
    """Record that neither holds any more."""
    return await _said(call, Word("woken", call.body.get("note")))


async def _said(call: Call, word: Word) -> Response:
    return JSONResponse(await quiet.say(call.ports, int(call.path["finding_id"]), word))


async def get_rows(call: Call) -> Response:
    """List the rows that break an invariant."""
    name = call.path["name"]
    place = row_place(call.query.get("after"), name)
    rows = await row_list(call.ports, call.settings, name)
    if call.query["format"] != "json":
        return await row_file(rows, place, call.query["format"], call.settings.limits.queries)
    page = await rows.page(place, call.query["limit"])
    following = None if page.next is None else page.next.token(name)
    return JSONResponse({"invariant": name, "rows": page.rows, "next": following, "sql": await rows.queries()})


async def get_live(call: Call) -> Response:
    """Answer what is at work."""
    return JSONResponse(await look_live(call.ports, call.settings))


async def get_history(call: Call) -> Response:
    """Answer what the last days were like."""
    return JSONResponse(await read_history(call.ports, call.settings, call.query["days"]))
