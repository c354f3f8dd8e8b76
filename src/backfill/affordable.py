"""Whether the day has the rows for a live backfill, by what is expected of it."""

from __future__ import annotations

from backfill.expected import expected
from backfill.request import BackfillRequest
from errors import RefusedError
from forecast.quota import beyond_day
from forecast.work import backfill as needed
from ports import Ports
from runs.record import Run

UNKNOWN = "Nothing is known of what is new there, so every object is taken as if it were."
DRY_FIRST = "A dry run of the same request counts what is new: send it first, and this again."


async def refusal_of(run: Run, ports: Ports, bucket: str, request: BackfillRequest) -> RefusedError | None:
    """Return the refusal of a live backfill that needs more than the day has left; None where it may begin.

    What is known is only looked up where a backfill of nothing but new objects would be too much.
    """
    most = request.max_objects
    if request.dry_run or request.spread or not needed(most, most, 0).passes(run.rest):
        return None
    found = await expected(run, ports.database, bucket, request)
    refusal = beyond_day(run, found.needs, spread=False)
    if refusal is None:
        return None
    why, hint = (f"By {found.source}.", "") if found.source else (UNKNOWN, f"{DRY_FIRST} Or: ")
    return RefusedError(refusal.reason, f"{refusal} {why}", hint=f"{hint}{refusal.hint}")
