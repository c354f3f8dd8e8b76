"""What a live backfill is expected to need: by a dry run or the last pass, else as if every object were new."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import timedelta

import sql
from backfill.request import BackfillRequest
from database.batch import ask
from database.rows import number, text
from errors import RefusedError
from forecast.needs import Needs
from forecast.quota import beyond_day
from forecast.work import backfill
from json_text import compact
from log import timestamp
from ports import Database
from runs.record import Run

KNOWN_FOR = timedelta(hours=24)
"""What a dry run counted longer ago says little of today."""

UNKNOWN = "Nothing is known of what is new there, so every object is taken as if it were."
DRY_FIRST = "A dry run of the same request counts what is new: send it first, and this again."


@dataclass(frozen=True)
class Expected:
    """What it needs, and who says so; None: nobody does."""

    needs: Needs
    source: str | None = None


async def refuse_beyond_day(run: Run, database: Database, bucket: str, request: BackfillRequest) -> RefusedError | None:
    """Return the refusal of a live backfill that needs more than the day has left; None where it may begin.

    What is known is only looked up where a backfill of nothing but new objects would be too much.
    """
    most = request.max_objects
    if request.dry_run or request.spread or not backfill(most, most, 0).passes(run.rest):
        return None
    found = await expected(run, database, bucket, request)
    refusal = beyond_day(run, found.needs, spread=False)
    if refusal is None:
        return None
    why, hint = (f"By {found.source}.", "") if found.source else (UNKNOWN, f"{DRY_FIRST} Or: ")
    return RefusedError(refusal.reason, f"{refusal} {why}", hint=f"{hint}{refusal.hint}")


async def expected(run: Run, database: Database, bucket: str, request: BackfillRequest) -> Expected:
    """Return what a backfill needs, by the best of what is known."""
    most = request.max_objects
    place = "resume" if request.resume else compact([request.cursor, request.start_after])
    asked: dict[str, str | int] = {"bucket": bucket, "prefix": request.r2_prefix, "place": place, "most": most}
    since = timestamp(run.started_at - KNOWN_FOR)
    for row in await ask(database, sql.statement("forecast/known_backfill", **asked, since=since)):
        scanned, inserted, upgraded = (number(row, name) for name in ("scanned", "inserted", "upgraded"))
        return Expected(backfill(min(scanned, most), min(inserted, most), min(upgraded, most)), text(row, "source"))
    return Expected(backfill(most, most, 0))
