"""Where passes stand, in D1 and as a copy in KV: the cursor, the last key, when the pass began, and its counts.

D1's is noted with the pages it speaks of, so it is never ahead of the table. The copy serves where D1 has none, and
shows a person the cursor. KV takes one write a second per key and may answer with a value that is a minute old.
"""

from __future__ import annotations

import asyncio
from dataclasses import dataclass, field, replace
from datetime import datetime, timedelta

import log
from backfill import copies
from backfill.passes import Keeper, Pass, last_pass, noted
from backfill.ranges import whole, within
from database.batch import ask
from errors import ConstraintError, InputError
from log import timestamp
from ports import Ports, Row, Statement
from runs.lease import Holder, refuse_lost_lease
from runs.retry import retried

SAVE_EVERY = timedelta(seconds=5)

BETWEEN_WRITES = timedelta(seconds=1.1)
"""KV takes one write a second of one key (kv/platform/limits) and answers the next with 429."""

_UNREADABLE = (ValueError, KeyError, TypeError, AttributeError, RecursionError, InputError)


@dataclass
class Progress:
    """The stored pass of one bucket and prefix."""

    ports: Ports
    bucket: str
    prefix: str
    copy_every: timedelta = timedelta(0)
    """A plan may have few writes of KV a day."""
    copied_at: datetime | None = None
    """When the copy was made that KV had, or was given since."""
    begun_at: datetime = field(init=False)
    saved_at: datetime | None = None
    copies: int = 0
    """The copies that KV was given within this slice."""
    keeper: Keeper | None = None
    """Notes in D1 where the pass stands; a dry run has none."""
    loaded: tuple[Pass | None] | None = None
    """What was stored, once it was read: only who has the lease moves a pass."""

    def __post_init__(self) -> None:
        self.begun_at = self.ports.clock.now()

    async def load(self) -> Pass | None:
        """Return where the pass stands, or None where none was begun.

        A value that cannot be read is logged and counts as none: the pass starts over, which changes no row.
        """
        rows, copy = await asyncio.gather(
            ask(self.ports.database, last_pass(self.bucket, self.prefix)),
            self.ports.store.get(copies.store_key(self.bucket, self.prefix)),
        )
        self.copied_at = copies.made_at(copy)
        stored = _further_back(self._noted(rows), self._copied(copy))
        self.loaded = (stored,)
        return stored

    def _noted(self, rows: list[Row]) -> Pass | None:
        try:
            return noted(rows[0]) if rows else None
        except _UNREADABLE as error:
            self._say_unreadable(error)
            return None

    def _copied(self, text: str | None) -> Pass | None:
        try:
            return None if text is None else copies.read(text, self.bucket, self.prefix)
        except _UNREADABLE as error:
            self._say_unreadable(error)
            return None

    def _say_unreadable(self, error: Exception) -> None:
        log.write(self.ports.clock.now(), "warn", "progress_unreadable", bucket=self.bucket, error=repr(error))

    async def begin_or_continue(self, lanes: int = 1) -> Pass:
        """Return the pass to continue: the stored one, or a new one where there is none or it is complete.

        A new pass is cut for so many lanes, where the pass before it left marks.
        """
        [stored] = self.loaded or (await self.load(),)
        if stored is not None and not stored.completed_at:
            return stored
        now = timestamp(self.ports.clock.now())
        if stored is None:
            return Pass(now)
        [everything] = whole()
        return Pass(now, tuple(everything.split(stored.marks.cuts(lanes))), previous=stored.counts)

    def keep(self, run: Holder, current: Pass) -> Keeper:
        """Return what notes in D1 where the pass stands, from `current` on; `save` stores it from here on."""
        self.keeper = Keeper(run, self.bucket, self.prefix, current)
        return self.keeper

    async def save(self, current: Pass, *, at_end: bool) -> None:
        """Store a pass that is kept at the end of a slice, and within one at most every few seconds.

        KV has its copy before D1 counts it. Raises LeaseLostError where another run has the lease.
        """
        now = self.ports.clock.now()
        early = not at_end and now - (self.saved_at or self.begun_at) < SAVE_EVERY
        if self.keeper is None or early:
            return
        copying = self.copied_at is None or now - self.copied_at >= self.copy_every
        current = replace(current, copies=self.keeper.current.copies + self.copies + copying)
        if copying:
            await self._copy(current, now)
            self.copied_at = now
        self.copies += copying
        await self._note(self.keeper.statements(current))
        self.saved_at, self.loaded = self.ports.clock.now(), None

    async def _note(self, statements: list[Statement]) -> None:
        try:
            await retried(self.ports.clock, lambda: self.ports.database.batch(statements))
        except ConstraintError as error:
            refuse_lost_lease(error)
            raise

    async def _copy(self, current: Pass, now: datetime) -> None:
        if self.saved_at is not None and now - self.saved_at < BETWEEN_WRITES:
            await self.ports.clock.sleep((BETWEEN_WRITES - (now - self.saved_at)).total_seconds())
        text = copies.written(current, self.bucket, self.prefix, now)
        key = copies.store_key(self.bucket, self.prefix)
        # A slice just ended may have written this key within the last second: then this write is made again.
        pause = BETWEEN_WRITES.total_seconds()
        await retried(self.ports.clock, lambda: self.ports.store.put(key, text), first_pause_seconds=pause)


def _further_back(in_d1: Pass | None, in_kv: Pass | None) -> Pass | None:
    """Return the pass to believe where D1 and KV may differ.

    A copy that is as old as D1 knows the last one to be is no difference: D1 has counted the pages since.
    """
    if in_d1 is None or in_kv is None:
        return in_d1 or in_kv
    if in_d1.pass_started_at != in_kv.pass_started_at:
        # An earlier version of this Worker, which kept passes in KV alone, may have begun one since.
        newer = in_d1.completed_at and in_kv.pass_started_at > in_d1.pass_started_at
        return in_kv if newer else in_d1
    older = in_kv.copies < in_d1.copies and not in_kv.completed_at
    return replace(in_kv, marks=in_d1.marks) if older and within(in_kv.ranges, in_d1.ranges) else in_d1
