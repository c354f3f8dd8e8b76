"""A full check that continues across ticks: when it is due, and what is kept of the one under way.

Its progress is one JSON value in `steward_control`: what a check found no time for is left to the next tick.
"""

from __future__ import annotations

import json
from collections.abc import Mapping
from dataclasses import asdict
from datetime import datetime, timedelta

import sql
from database.batch import ask_one
from database.rows import optional_text
from invariants.look import QueryProgress
from invariants.spec import CheckReport
from log import timestamp
from ports import Database, Statement

UNDER_WAY = "ranges"
"""What the progress of a check is kept under. An older version's, under another name, is made again."""

EVIDENCE = timedelta(hours=6)
"""A scan that began longer ago is made again. Four ticks an hour with ten seconds each for checks, a second for 250,000
rows: six hours look at 60 million rows, more than D1's 10 GB hold, so that any full check gets to its end."""


async def full_check_due(database: Database, now: datetime, hours: int) -> bool:
    """Tell whether the last full check is older than `hours`, never was, or is under way."""
    row = await ask_one(database, sql.statement("control/read_full_check"))
    last = optional_text(row, "full_checked_at")
    if last is None or row["full_check"] is not None:
        return True
    return now - datetime.fromisoformat(last) >= timedelta(hours=hours)


async def read_progress(database: Database, now: datetime) -> dict[str, QueryProgress]:
    """Return what the full check under way found, but for what is too old, or from before a recovery's end."""
    row = await ask_one(database, sql.statement("control/read_full_check"))
    stored = optional_text(row, "full_check")
    if stored is None:
        return {}
    oldest = max(timestamp(now - EVIDENCE), optional_text(row, "recovered_at") or "")
    progress = {name: QueryProgress(**one) for name, one in json.loads(stored).get(UNDER_WAY, {}).items()}
    return {name: one for name, one in progress.items() if (one.since or "") >= oldest}


def keeping(report: CheckReport, now: datetime, progress: Mapping[str, QueryProgress]) -> Statement:
    """Return the statement that keeps when a full check ended in which nothing failed, and what is under way."""
    ended = timestamp(now) if report.complete and not report.failed else None
    found = {name: asdict(one) for name, one in progress.items()}
    under_way = json.dumps({UNDER_WAY: found}, ensure_ascii=False) if found else None
    return sql.statement("control/write_full_check", ended_at=ended, under_way=under_way)
