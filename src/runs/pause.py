"""The pause of scheduled backfill: who set it, and who may end it."""

from __future__ import annotations

import sql
from log import timestamp
from ports import Clock, Database, Ports, Row, Statement
from runs.noted import noting_resume


async def pause(database: Database, clock: Clock, *, by: str, reason: str) -> None:
    """Pause scheduled backfill. Who paused first, and why, stays; but an operator takes over what a run paused."""
    await database.batch([pausing(clock, by=by, reason=reason)])


def pausing(clock: Clock, *, by: str, reason: str) -> Statement:
    """Return the statement that pauses, for a transaction of the caller's."""
    return sql.statement("control/pause", by=by, reason=reason, now=timestamp(clock.now()))


async def resume(ports: Ports) -> None:
    """End the pause, whoever set it, and record who asked for that."""
    await ports.database.batch([noting_resume(ports), resuming()])


def resuming(by: str | None = None) -> Statement:
    """Return the statement that ends the pause, or only one by `by`, for a transaction of the caller's."""
    return sql.statement("control/resume", by=by)


async def read_control(database: Database) -> Row:
    """Return the pause and the lease: paused_by, pause_reason, paused_at, lease_run, lease_until, fence."""
    [result] = await database.batch([sql.statement("control/read_control")])
    return result.rows[0]
