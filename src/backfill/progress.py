"""What KV remembers of a pass between ticks: the cursor, the last key, when the pass began, and its counts.

KV takes one write a second per key and may answer a read with a value that is a minute old. A stale value only
repeats idempotent work, and its counts belong to its position, so the sums stay right.
"""

from __future__ import annotations

import hashlib
import json
from dataclasses import dataclass, field, replace
from datetime import datetime, timedelta
from typing import Any

import log
from backfill import counts
from backfill.counts import Counts
from backfill.cursor import decode, encode
from backfill.ranges import Position, Ranges, everything_up_to, whole
from backfill.walk import SliceReport
from errors import InputError
from log import timestamp
from ports import Clock, KeyValue
from runs.retry import retried

SAVE_EVERY = timedelta(seconds=5)

BETWEEN_WRITES = timedelta(seconds=1.1)
"""KV takes one write a second of one key (kv/platform/limits) and answers the next with 429."""

_MAX_KEY_BYTES = 512


@dataclass(frozen=True)
class Pass:
    """A walk over a whole bucket and prefix, across as many ticks as it takes."""

    pass_started_at: str
    ranges: Ranges = field(default_factory=whole)
    counts: Counts = field(default_factory=Counts)
    completed_at: str | None = None
    previous: Counts | None = None
    """The counts of the pass before, where there was one."""

    @property
    def position(self) -> Position:
        """Up to where everything is done."""
        return everything_up_to(self.ranges)


def store_key(bucket: str, prefix: str) -> str:
    """Return the KV key of this bucket and prefix; one too long for KV is shortened to its SHA-256."""
    key = f"backfill:{bucket}:{prefix}"
    if len(key.encode()) > _MAX_KEY_BYTES:
        key = "backfill:sha256:" + hashlib.sha256(key.encode()).hexdigest()
    return key


@dataclass
class Progress:
    """The stored pass of one bucket and prefix."""

    store: KeyValue
    clock: Clock
    bucket: str
    prefix: str
    begun_at: datetime = field(init=False)
    saved_at: datetime | None = None

    def __post_init__(self) -> None:
        self.begun_at = self.clock.now()

    async def load(self) -> Pass | None:
        """Return the stored pass, or None where there is none.

        A value that cannot be read is logged and counts as none: the pass starts over, which changes no row.
        """
        text = await self.store.get(store_key(self.bucket, self.prefix))
        if text is None:
            return None
        try:
            return self._read(json.loads(text))
        except (ValueError, KeyError, TypeError, AttributeError, RecursionError, InputError) as error:
            log.write(self.clock.now(), "warn", "progress_unreadable", bucket=self.bucket, error=repr(error))
            return None

    def _read(self, stored: dict[str, Any]) -> Pass:
        cursor, completed_at = stored["cursor"], stored["completed_at"]
        return Pass(
            pass_started_at=_moment(stored["pass_started_at"]),
            ranges=whole() if cursor is None else decode(cursor, self.bucket, self.prefix),
            counts=counts.stored(stored["counts"]),
            completed_at=None if completed_at is None else _moment(completed_at),
            previous=None if stored["previous"] is None else counts.stored(stored["previous"]),
        )

    async def begin_or_continue(self) -> Pass:
        """Return the pass to continue: the stored one, or a new one where there is none or it is complete."""
        stored = await self.load()
        if stored is not None and not stored.completed_at:
            return stored
        return Pass(pass_started_at=timestamp(self.clock.now()), previous=stored.counts if stored else None)

    async def save(self, current: Pass, *, at_end: bool) -> None:
        """Store the pass at the end of a slice, and within one at most every few seconds."""
        now = self.clock.now()
        if not at_end and now - (self.saved_at or self.begun_at) < SAVE_EVERY:
            return
        await self._keep_apart(now)
        value = {
            "cursor": None if current.ranges == whole() else encode(self.bucket, self.prefix, current.ranges),
            "last_key": current.position.last_key,
            "pass_started_at": current.pass_started_at,
            "completed_at": current.completed_at,
            "counts": current.counts.report(),
            "previous": None if current.previous is None else current.previous.report(),
        }
        text = json.dumps(value, ensure_ascii=False)
        key = store_key(self.bucket, self.prefix)
        # A slice just ended may have written this key within the last second: then this write is made again.
        pause = BETWEEN_WRITES.total_seconds()
        await retried(self.clock, lambda: self.store.put(key, text), first_pause_seconds=pause)
        self.saved_at = self.clock.now()

    async def _keep_apart(self, now: datetime) -> None:
        if self.saved_at is not None and now - self.saved_at < BETWEEN_WRITES:
            await self.clock.sleep((BETWEEN_WRITES - (now - self.saved_at)).total_seconds())

    def after(self, start: Pass, report: SliceReport) -> Pass:
        """Return the pass as it stands when a slice that began at `start` has come so far."""
        return replace(
            start,
            ranges=whole() if report.complete else report.ranges,
            counts=start.counts + report.counts,
            completed_at=timestamp(self.clock.now()) if report.complete else None,
        )


def _moment(text: str) -> str:
    if datetime.fromisoformat(text).tzinfo is None:
        raise ValueError(f"{text!r} has no time zone")
    return text
