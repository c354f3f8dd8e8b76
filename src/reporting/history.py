"""What the last days were like: a tick adds to its day, `GET /history` tells of as many as are asked for."""

from __future__ import annotations

import json
from datetime import datetime, timedelta
from typing import Any

import sql
from database.batch import ask
from database.rows import text
from log import timestamp
from ports import Database, Ports
from reporting.past_passes import list_passes
from runs.costs import day_of
from settings import Settings

KEPT_DAYS = 120
TYPES = 40
"""Source types of a day, the largest; the others are one."""

MOST_PASSES = 200


async def keep_day(database: Database, now: datetime, *, counted: bool) -> dict[str, object]:
    """Add to the day's history; `counted` says that the last check counted the rows by type. Return the day."""
    first_running = sql.load("history/first_running")
    day, oldest = day_of(now), day_of(now - timedelta(days=KEPT_DAYS))
    given: dict[str, Any] = {"day": day, "counted": int(counted), "types": TYPES}
    await database.batch(
        [
            sql.statement("history/keep_day", first_running=first_running, **given),
            sql.statement("history/note_counted", first_running=first_running),
            sql.statement("history/drop_days", oldest=oldest),
        ]
    )
    return {"day": day}


async def read_history(ports: Ports, settings: Settings, days: int) -> dict[str, object]:
    """Return the body of `GET /history`."""
    first = day_of(ports.clock.now() - timedelta(days=days - 1))
    rows = await ask(ports.database, sql.statement("history/list_days", first=first))
    passes = await list_passes(ports.database, prefix="", limit=MOST_PASSES, before=None)
    return {
        "as_of": timestamp(ports.clock.now()),
        "days": [_day(text(row, "day"), json.loads(text(row, "history"))) for row in rows],
        "passes": [_pace(one) for one in reversed(passes) if str(one["completed_at"] or "") >= first],
        "limits": {"rows_read": settings.daily_rows_read, "rows_written": settings.daily_rows_written},
    }


def _day(day: str, history: dict[str, Any]) -> dict[str, object]:
    names = ("violations", "rows_read", "rows_written", "runs", "failed", "lag_ms")
    return {"day": day, **{name: history[name] for name in names}, "types": history["types"]}


def _pace(found: dict[str, Any]) -> dict[str, object]:
    """Return how fast a complete pass was."""
    took = datetime.fromisoformat(found["completed_at"]) - datetime.fromisoformat(found["started_at"])
    scanned = found["counts"]["scanned"]
    known = {name: found[name] for name in ("id", "bucket", "started_at", "completed_at")}
    return {**known, "scanned": scanned, "objects_per_second": round(scanned / max(took.total_seconds(), 1), 1)}
