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
from backfill.rules import RuleSet
from errors import ConstraintError, CursorError, OverloadedError, PageTooLargeError, PlatformError, TooBigError
from log import timestamp
from ports import Bucket, Chunk, Clock, Database, ListRequest, Page, Result, Value
from runs.costs import Cost, MeteredBucket, MeteredDatabase
from runs.retry import retried

PAGE_OBJECTS = 1000
"""R2 lists at most this many objects a call."""

SAMPLE_KEYS = 20

EMPTY_PAGES = 50
"""So many pages in a row may hold no object though more follow (R2 may answer with fewer than asked)."""

SUBREQUEST_BUDGET = 900
"""D1 allows 1,000 queries per invocation; the rest is for the lease, the run's row and the alerts."""

KINDS = ("scanned", "inserted", "upgraded", "unchanged", "unclassified", "skipped", "refused")


@dataclass
class Counts:
    """Objects by what was, or in a dry run would be, done with them."""

    scanned: int = 0
    inserted: int = 0
    upgraded: int = 0
    unchanged: int = 0
    unclassified: int = 0
    skipped: int = 0
    refused: int = 0
    unclassified_sample: list[str] = field(default_factory=list)

    def add(self, plan: Result) -> None:
        """Add the row that `plan_page` returned."""
        row = plan.rows[0]
        for kind in KINDS:
            setattr(self, kind, getattr(self, kind) + int(row[kind] or 0))
        keys = [key for key in json.loads(str(row["unclassified_sample"])) if key is not None]
        self.unclassified_sample = (self.unclassified_sample + keys)[:SAMPLE_KEYS]

    def merge(self, other: Counts) -> Counts:
        """Return the counts of both together."""
        sums = {kind: getattr(self, kind) + getattr(other, kind) for kind in KINDS}
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
    moment: str = "uploaded"
    """The SQL expression of a new row's fetched_at."""


class SpentError(PlatformError):
    """The budget ended within a page: what was refused of it is kept, and the page is taken again."""


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
    _chunk: Counts = field(init=False, default_factory=Counts)
    _refusal: str = ""
    """Whether the next page's batch writes too: it does while the page before had something to write. Most pages of
    most passes are unchanged, and to count one takes half the rows read and less time than to count and write it."""
    page_objects: int = PAGE_OBJECTS
    since: str = ""
    """What was refused at this time or later is passed over; in a dry run, all that ever was."""
    allowed: int = SUBREQUEST_BUDGET

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
                self.allowed = limits.subrequests
                await self._page(min(self.page_objects, limits.max_objects - self.counts.scanned))
            except OverloadedError:
                return "overloaded"
            except SpentError:
                return "subrequests"
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
        self._chunk = Counts()
        counted = await self._batch(chunk, write=self.writing)
        if counted is None:
            await self._halves(chunk, 0, chunk.count)
        elif self.target.live and not self.writing and _to_write(counted):
            await self._written(chunk, 0, chunk.count)
        else:
            self._chunk.add(counted)
        self.writing = self.target.live and bool(self._chunk.inserted or self._chunk.upgraded)
        self.counts = self.counts.merge(self._chunk)
        self.position = Position(None, chunk.last_key)

    async def _written(self, chunk: Chunk, first: int, end: int) -> None:
        """Count and write the objects from `first` up to before `end`, or their halves where one is refused."""
        if self.cost.subrequests >= self.allowed:
            raise SpentError("the budget ended within a page")
        counted = await self._batch(chunk, write=True, first=first, end=end)
        if counted is None:
            await self._halves(chunk, first, end)
        else:
            self._chunk.add(counted)

    async def _halves(self, chunk: Chunk, first: int, end: int) -> None:
        """Take what the database refused in halves, down to the object, which is kept as refused and passed over."""
        if end - first == 1:
            await self._park(chunk, first, end, self._refusal)
            return
        middle = (first + end) // 2
        for part in ((first, middle), (middle, end)):
            await self._written(chunk, *part)

    async def _park(self, chunk: Chunk, first: int, end: int, reason: str) -> None:
        """Keep what is still to be written of these objects as refused, and count them so."""
        params = self._params(chunk, first, end)
        now = timestamp(self.clock.now())
        plan = sql.bind(self._texts[0], **params)
        park = sql.bind(self._texts[2], **params, reason=reason[:1000], now=now)
        database = MeteredDatabase(self.database, self.cost)
        left, _ = await retried(self.clock, lambda: database.batch([plan, park]))
        self._chunk.add(left)
        refused = self._chunk.inserted, self._chunk.upgraded
        row = left.rows[0]
        inserted, upgraded = int(row["inserted"] or 0), int(row["upgraded"] or 0)
        self._chunk = replace(
            self._chunk,
            inserted=refused[0] - inserted,
            upgraded=refused[1] - upgraded,
            refused=self._chunk.refused + inserted + upgraded,
        )

    async def _batch(self, chunk: Chunk, *, write: bool, first: int = 0, end: int | None = None) -> Result | None:
        """Count objects of a chunk, and write them in the same transaction if told to; return what was counted.

        None where the database refuses one of them: then nothing was written. What a trigger of the owner's kept from
        being written is kept as refused.
        """
        params = self._params(chunk, first, chunk.count if end is None else end)
        statements = [sql.bind(self._texts[0], **params)]
        if write:
            statements += [sql.bind(self._texts[1], **params), sql.statement("runs/last_change")]
        database, before = MeteredDatabase(self.database, self.cost), self.cost.d1_batches
        try:
            results = await retried(self.clock, lambda: database.batch(statements))
        except (ConstraintError, TooBigError) as error:
            self._refusal = str(error)
            return None
        self.repeated += write and self.cost.d1_batches - before > 1
        if write and self.cost.d1_batches - before == 1:
            return await self._verified(chunk, params, results)
        return results[0]

    async def _verified(self, chunk: Chunk, params: dict[str, Value], results: list[Result]) -> Result | None:
        """Return what was counted, less what the write did not do: that is kept as refused."""
        row = results[0].rows[0]
        planned = int(row["inserted"] or 0) + int(row["upgraded"] or 0)
        if int(results[2].rows[0]["changed"] or 0) >= planned:
            return results[0]
        [found] = await self.database.batch([sql.statement("backfill/triggers")])
        names = found.rows[0]["names"]
        reason = "The database took the row and did not keep it." + (f" Triggers there: {names}." if names else "")
        before = self._chunk
        self._chunk = Counts()
        await self._park(chunk, int(str(params["first"])), int(str(params["end"])), reason)
        lost, self._chunk = self._chunk.refused - int(row["refused"] or 0), before
        # The plan said what the write was to do; the second count, what of that is still to do.
        kept = {**row, "refused": int(row["refused"] or 0) + lost}
        inserted = min(lost, int(row["inserted"] or 0))
        kept["inserted"] = int(row["inserted"] or 0) - inserted
        kept["upgraded"] = int(row["upgraded"] or 0) - (lost - inserted)
        return Result(rows=[kept])

    def _params(self, chunk: Chunk, first: int, end: int) -> dict[str, Value]:
        """Return the parameters of a page's statements about the objects from `first` up to before `end`."""
        return {
            "page": chunk.objects,
            "bucket": self.target.bucket,
            "first_key": chunk.first_key,
            "last_key": chunk.last_key,
            "first": first,
            "end": end,
            "since": self.since if self.target.live else "",
        }

    @cached_property
    def _texts(self) -> tuple[sql.Fragment, sql.Fragment, sql.Fragment]:
        """The texts of plan, write and park, which are the same for every page."""
        return page_statements(self.target.rules, self.target.new_id, self.target.moment)


def _to_write(plan: Result) -> bool:
    return bool(plan.rows[0]["inserted"] or plan.rows[0]["upgraded"])


def page_statements(
    rules: RuleSet, new_id: str, moment: str = "uploaded"
) -> tuple[sql.Fragment, sql.Fragment, sql.Fragment]:
    """Return the SQL that counts a page, writes it, and keeps what is refused; all see each object as the same kind."""
    objects = sql.fragment("backfill/objects")
    kinds = sql.fragment("backfill/kinds", objects=objects, source_type=rules.classification())
    return (
        sql.fragment("backfill/plan_page", kinds=kinds),
        sql.fragment("backfill/write_page", kinds=kinds, new_id=new_id, moment=moment),
        sql.fragment("backfill/park_page", kinds=kinds),
    )
