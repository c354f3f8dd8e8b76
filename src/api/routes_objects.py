"""What each route about passes and their verdicts does: the passes, the missing objects, the newer ones."""

from __future__ import annotations

from starlette.responses import JSONResponse, Response

from api.calls import Call
from api.downloads import download, readable
from database.reading import read_schema
from missing.listing import MISSING, NEWER, Kind, Listing
from missing.places import place
from ports import Scalar
from reporting import past_passes


async def get_passes(call: Call) -> Response:
    """List passes, newest first; `next` is the `before` of the following page."""
    found = await past_passes.list_passes(call.ports.database, **call.query)
    more = len(found) == call.query["limit"]
    return JSONResponse({"passes": found, "next": found[-1]["id"] if more else None})


async def get_pass(call: Call) -> Response:
    """Answer one pass."""
    return JSONResponse(await past_passes.read_pass(call.ports.database, int(call.path["pass_id"])))


async def get_missing(call: Call) -> Response:
    """List the rows whose object is gone, or may be."""
    return await _listed(call, MISSING, "missing", {"state": call.query["state"]})


async def get_newer(call: Call) -> Response:
    """List the rows that tell of an older document than their object."""
    return await _listed(call, NEWER, "newer", {})


async def _listed(call: Call, kind: Kind, name: str, given: dict[str, Scalar]) -> Response:
    settings, database = call.settings, call.ports.database
    after = place(call.query.get("after"))
    schema = await read_schema(database, settings.children, settings.not_children)
    listing = Listing(database, schema, kind, given)
    if call.query["format"] != "json":
        return await download(listing, after, name, call.query["format"])
    page = await listing.page(after, call.query["limit"])
    following = None if page.next is None else page.next.token()
    return JSONResponse({name: [readable(one) for one in page.rows], "next": following})
