"""What the last days were like: a tick adds to its day, `GET /history` tells of as many as are asked for."""

from __future__ import annotations

import json
from collections.abc import Mapping, Sequence
from datetime import datetime, timedelta
from typing import Any

import sql
from database.batch import ask, ask_one
from database.rows import number, optional_text, text
from log import timestamp
from ports import Database, Ports, Row
from reporting.past_passes import list_passes
from runs.costs import day_of
from settings import Settings

KEPT_DAYS = 120
TYPES = 40
"""Source types of a day, the largest; the others are one."""

MOST_PASSES = 200


async def keep_day(
    database: Database, now: datetime, violations: Mapping[str, int], *, counted: bool
) -> dict[str, object]:
    """Add to the day's history what a check found; `counted` says that it counted the rows by type. Return the day.

    Of each invariant the most of the day is kept. A run that is at work is counted once it has ended.
    """
    day, oldest = day_of(now), day_of(now - timedelta(days=KEPT_DAYS))
    row = await ask_one(database, sql.statement("history/read_day", day=day, counted=int(counted)))
    history = json.dumps(_further(row, violations), ensure_ascii=False)
    await database.batch(
        [
            sql.statement("history/write_day", day=day, history=history),
            sql.statement("history/note_counted", history_run=number(row, "history_run")),
            sql.statement("history/drop_days", oldest=oldest),
        ]
    )
    return {"day": day}


def _further(row: Row, violations: Mapping[str, int]) -> dict[str, object]:
    """Return the day's history with what is new."""
    before: dict[str, Any] = json.loads(optional_text(row, "history") or "{}")
    known: dict[str, int] = before.get("violations", {})
    counted = optional_text(row, "inventory")
    return {
        "violations": {name: max(violations.get(name, 0), known.get(name, 0)) for name in {**known, **violations}},
        "types": before.get("types") if counted is None else _by_type(json.loads(counted)["by_type"]),
        **{name: before.get(name, 0) + number(row, name) for name in ("rows_read", "rows_written", "runs", "failed")},
        "lag_ms": row["lag_ms"],
    }


def _by_type(counted: Sequence[Mapping[str, Any]]) -> dict[str, int]:
    """Return the rows of the largest types, over all buckets, and of the others together."""
    found: dict[str, int] = {}
    for one in counted:
        name = str(one["source_type"] or "(none)")
        found[name] = found.get(name, 0) + int(one["artifacts"])
    largest = sorted(found.items(), key=lambda each: (-each[1], each[0]))
    others = sum(rows for _, rows in largest[TYPES:])
    return {**dict(largest[:TYPES]), **({"(others)": others} if others else {})}


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
    return {"day": day, **history}


def _pace(found: dict[str, Any]) -> dict[str, object]:
    """Return how fast a complete pass was."""
    took = datetime.fromisoformat(found["completed_at"]) - datetime.fromisoformat(found["started_at"])
    scanned = found["counts"]["scanned"]
    known = {name: found[name] for name in ("id", "bucket", "started_at", "completed_at")}
    return {**known, "scanned": scanned, "objects_per_second": round(scanned / max(took.total_seconds(), 1), 1)}
