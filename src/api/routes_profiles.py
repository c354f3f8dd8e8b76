"""What each route about the profiles does: how all of them stand, and what a database could be one of."""

from __future__ import annotations

from dataclasses import asdict

from starlette.responses import JSONResponse, Response

from api.calls import Call
from profiles.overview import overview
from profiles.proposals import propose


async def get_profiles(call: Call) -> Response:
    """Answer a line for each profile."""
    return JSONResponse({"profiles": await overview(call.settings, call.connect)})


async def get_proposals(call: Call) -> Response:
    """Answer the tables of the database that may hold keys of objects, the likeliest first."""
    found = await propose(call.ports, call.settings)
    return JSONResponse({"proposals": [asdict(one) for one in found]})
