"""What a live backfill is expected to need: by a dry run or the last pass, else as if every object were new."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import timedelta

import sql
from backfill.request import BackfillRequest
from database.batch import ask
from database.rows import number, text
from forecast.needs import Needs
from forecast.work import backfill
from json_text import compact
from log import timestamp
from ports import Database
from runs.record import Run

KNOWN_FOR = timedelta(hours=24)
"""What a dry run counted longer ago says little of today."""


@dataclass(frozen=True)
class Expected:
    """What it needs, and who says so; None: nobody does."""

    needs: Needs
    source: str | None = None


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
