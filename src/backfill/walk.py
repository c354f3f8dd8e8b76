"""Walk a bucket page by page: list → one D1 batch (plan counts, then the write if live) → progress.

The position is after the last page whose batch committed; work resumes strictly after it, so a crash can repeat a
page but never skip one, and repeating a page changes nothing. Nothing here looks into a page: SQL does.
"""

from __future__ import annotations

import json
from collections.abc import Awaitable, Callable
from dataclasses import asdict, dataclass, field, replace
from datetime import datetime
from functools import cached_property

import sql
from backfill.cursor import Position
from costs import Cost, MeteredBucket, MeteredDatabase
from errors import CursorError, OverloadedError, PageTooLargeError, PlatformError
from ports import Bucket, Chunk, Clock, Database, ListRequest, Page, Result, Statement
from retry import retried
from rules import RuleSet

PAGE_OBJECTS = 1000
"""R2 lists at most this many objects a call."""

SAMPLE_KEYS = 20

EMPTY_PAGES = 50
"""So many pages in a row may hold no object though more follow (R2 may answer with fewer than asked)."""

SUBREQUEST_BUDGET = 900
"""D1 allows 1,000 queries per invocation; the rest is for the lease, the run's row and the alerts."""

_KINDS = ("scanned", "inserted", "upgraded", "unchanged", "unclassified", "skipped")


@dataclass
class Counts:
    """Objects by what was, or in a dry run would be, done with them."""

    scanned: int = 0
    inserted: int = 0
    upgraded: int = 0
    unchanged: int = 0
    unclassified: int = 0
    skipped: int = 0
    unclassified_sample: list[str] = field(default_factory=list)

    def add(self, plan: Result) -> None:
        """Add the row that `plan_page` returned."""
        row = plan.rows[0]
        for kind in _KINDS:
            setattr(self, kind, getattr(self, kind) + int(row[kind] or 0))
        keys = [key for key in json.loads(str(row["unclassified_sample"])) if key is not None]
        self.unclassified_sample = (self.unclassified_sample + keys)[:SAMPLE_KEYS]

    def merge(self, other: Counts) -> Counts:
        """Return the counts of both together."""
        sums = {kind: getattr(self, kind) + getattr(other, kind) for kind in _KINDS}
        sample = (self.unclassified_sample + other.unclassified_sample)[:SAMPLE_KEYS]
        return Counts(**sums, unclassified_sample=sample)

    def report(self) -> dict[str, object]:
        """Return the counts as every answer prints them."""
        return asdict(self)


@dataclass(frozen=True)
class Limits:
    """When a walk must stop: after exactly so many objects, at a time, or at a number of subrequests."""

    max_objects: int
    deadline: datetime
    subrequests: int = SUBREQUEST_BUDGET


@dataclass(frozen=True)
class Target:
    """What is walked, and with which rules."""

    bucket: str
    prefix: str
    live: bool
    rules: RuleSet
    new_id: str


class OrderError(PlatformError):
    """A listing came back in an order that would make a position meaningless."""


@dataclass
class Walk:
    """One walk: its work so far is in `counts`, `cost`, `position` and `pages`."""

    target: Target
    database: Database
    bucket: Bucket
    clock: Clock
    position: Position
    trust_cursor: bool = True
    """True for a cursor that a caller gave; where R2 refuses any other, the walk goes on from the last key."""
    counts: Counts = field(default_factory=Counts)
    cost: Cost = field(default_factory=Cost)
    pages: int = 0
    repeated: int = 0
    """Batches made again after a passing failure. What a lost answer had committed is counted as unchanged."""
    complete: bool = False
    empty: list[str | None] = field(default_factory=list)
    """The cursors of the empty pages since the last object."""
    writing: bool = field(init=False)
    """Whether the next page's batch writes too: it does while the page before had something to write. Most pages of
    most passes are unchanged, and to count one takes half the rows read and less time than to count and write it."""
    page_objects: int = PAGE_OBJECTS

    def __post_init__(self) -> None:
        self.writing = self.target.live

    def page_counts(self) -> dict[str, int]:
        """Return the pages walked, and how many of them were sent again where any was."""
        again = {"repeated_pages": self.repeated} if self.repeated else {}
        return {"pages": self.pages, **again}

    async def run(self, limits: Limits, after_page: Callable[[], Awaitable[str | None]]) -> str:
        """Work until the end or a limit, and return why it stopped.

        `after_page` is awaited after each page's commit, and may return why to stop there. "end" is only returned once
        R2 said that nothing follows the position. Raises CursorError where a trusted cursor is refused, OrderError, and
        platform errors.
        """
        while not self.complete:
            reason = self._limit_reached(limits)
            if reason:
                return reason
            try:
                await self._page(min(self.page_objects, limits.max_objects - self.counts.scanned))
            except OverloadedError:
                return "overloaded"
            stopped = await after_page()
            if stopped and not self.complete:
                return stopped
        return "end"

    def _limit_reached(self, limits: Limits) -> str | None:
        if self.counts.scanned >= limits.max_objects:
            return "max_objects"
        if self.clock.now() >= limits.deadline:
            return "time"
        if self.cost.subrequests >= limits.subrequests:
            return "subrequests"
        return None

    async def _page(self, limit: int) -> None:
        page = await self._listed(limit)
        self.trust_cursor = False
        self._refuse_stuck(page)
        for chunk in page.chunks:
            await self._commit(chunk)
        if page.truncated and page.cursor is not None:
            self.position = Position(page.cursor, self.position.last_key)
        self.pages += 1
        self.complete = not page.truncated

    def _refuse_stuck(self, page: Page) -> None:
        """Raise OrderError where the listing says that more follows, but not how to get there."""
        hint = "Try again; if it happens again, R2 has a fault: send the prefix and the last key to its support."
        if page.truncated and page.cursor is None:
            raise OrderError("R2 says that more objects follow, but gives no cursor to list them.", hint=hint)
        if page.chunks or not page.truncated:
            self.empty.clear()
            return
        if page.cursor in (self.position.r2_cursor, *self.empty) or len(self.empty) >= EMPTY_PAGES:
            raise OrderError("R2 lists empty pages whose cursors lead nowhere.", hint=hint)
        self.empty.append(page.cursor)

    async def _listed(self, limit: int) -> Page:
        """List what follows the position.

        R2 may answer a stale cursor with an empty page that looks like the end, or with one that starts anew, so a
        page that a cursor brought is believed only if it moves forward.
        """
        at = self.position
        if at.r2_cursor is not None:
            try:
                page = await self._list(ListRequest(self.target.prefix, limit, cursor=at.r2_cursor))
            except CursorError:
                if self.trust_cursor or at.last_key is None:
                    raise
            else:
                forward = page.chunks and (at.last_key is None or page.chunks[0].first_key > at.last_key)
                if forward or (not page.chunks and page.truncated):
                    return page
        return await self._list(ListRequest(self.target.prefix, limit, start_after=at.last_key))

    async def _list(self, request: ListRequest) -> Page:
        """Ask for the page, and for shorter ones from here on where R2 cannot answer one so large."""
        bucket = MeteredBucket(self.bucket, self.cost)
        try:
            return await retried(self.clock, lambda: bucket.list_page(request))
        except PageTooLargeError:
            if request.limit == 1:
                raise
        self.page_objects = request.limit // 2
        return await self._list(replace(request, limit=self.page_objects))

    async def _commit(self, chunk: Chunk) -> None:
        """Count one chunk and, when live, write it in the transaction that counts it; then the position is after it.

        A chunk that is expected to be unchanged is counted alone. Where it is not, it is counted again and written.
        """
        last = self.position.last_key
        if last is not None and chunk.first_key <= last:
            raise OrderError(
                f"R2 listed {chunk.first_key!r} after {last!r}", hint="Keys must increase; try again with start_after."
            )
        counted = await self._batch(chunk, write=self.writing)
        if self.target.live and not self.writing and _to_write(counted):
            counted = await self._batch(chunk, write=True)
        self.writing = self.target.live and _to_write(counted)
        self.counts.add(counted)
        self.position = Position(None, chunk.last_key)

    async def _batch(self, chunk: Chunk, *, write: bool) -> Result:
        """Count a chunk, and write it in the same transaction if told to; return what was counted."""
        params = (chunk.objects, self.target.bucket, self._rules, chunk.first_key, chunk.last_key)
        texts = self._texts if write else self._texts[:1]
        statements = [Statement(text, params) for text in texts]
        database, before = MeteredDatabase(self.database, self.cost), self.cost.d1_batches
        results = await retried(self.clock, lambda: database.batch(statements))
        self.repeated += write and self.cost.d1_batches - before > 1
        return results[0]

    @cached_property
    def _rules(self) -> str:
        return self.target.rules.parameter

    @cached_property
    def _texts(self) -> tuple[str, str]:
        """The texts of plan and write, which are the same for every page."""
        return page_statements(self.target.rules, self.target.new_id)


def _to_write(plan: Result) -> bool:
    return bool(plan.rows[0]["inserted"] or plan.rows[0]["upgraded"])


def page_statements(rules: RuleSet, new_id: str) -> tuple[str, str]:
    """Return the SQL that counts a page and the SQL that writes it; both see each object as the same kind."""
    slots = {"objects": sql.load("backfill/objects"), "source_type": rules.classification()}
    kinds = sql.fill(sql.load("backfill/kinds"), slots)
    return (
        sql.fill(sql.load("backfill/plan_page"), {"kinds": kinds}),
        sql.fill(sql.load("backfill/write_page"), {"kinds": kinds, "new_id": new_id}),
    )
