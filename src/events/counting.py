"""What the queue brought, in one row of counts, and the last messages that were not applied."""

from __future__ import annotations

from datetime import datetime, timedelta

import sql
from errors import StewardError
from events.notices import Notices, shown
from log import timestamp
from ports import Ports, Scalar, Statement
from words import LETTER_REASONS

KEPT = 100
"""So many of the messages that were not applied are kept for a person to see."""

KEPT_CHARACTERS = 2000


def counting(notices: Notices, queue: str, now: datetime, *, applied: bool) -> list[Statement]:
    """Return the statements that count messages, and keep those that are not applied."""
    given: dict[str, Scalar] = {**notices.counted, **dict.fromkeys(LETTER_REASONS, 0)}
    for letter in notices.letters:
        given[letter.reason] = int(given[letter.reason] or 0) + 1
    moment = timestamp(now)
    newest = max(notices.times, default=None)
    lag = _lag(notices, now) if applied else None
    not_applied = 0 if applied else len(notices.times)
    received = notices.received if not given["dead"] else 0
    count = sql.statement(
        "events/count", **given, received=received, not_applied=not_applied, newest=newest, lag_ms=lag, now=moment
    )
    if not notices.letters:
        return [count]
    letters = shown(notices.letters, KEPT_CHARACTERS)
    keep = sql.statement("events/keep_letters", letters=letters, queue=queue, now=moment)
    return [count, keep, sql.statement("events/drop_letters", kept=KEPT)]


def _lag(notices: Notices, now: datetime) -> int:
    """Return the milliseconds since the oldest of the events."""
    return max(0, int((now - datetime.fromisoformat(min(notices.times))) / timedelta(milliseconds=1)))


async def count_alone(ports: Ports, queue: str, notices: Notices) -> None:
    """Count messages that change nothing else."""
    await ports.database.batch(counting(notices, queue, ports.clock.now(), applied=False))


async def note_held(ports: Ports, why: StewardError) -> None:
    """Note that messages are put off, and why."""
    now = timestamp(ports.clock.now())
    await ports.database.batch([sql.statement("events/note_held", now=now, why=why.sentence())])
