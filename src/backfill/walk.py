"""Walk a bucket page by page: list → one D1 transaction (counts, then the write if live) → where it stands.

The position is after the last object whose transaction committed; work resumes strictly after it, so a crash can
repeat a page but never skip one, and repeating a page changes nothing.
"""

from __future__ import annotations

from collections.abc import AsyncGenerator
from dataclasses import dataclass, field, replace

from backfill.counts import Counts
from backfill.cursor import START, Position
from backfill.page import Pages, Written
from backfill.target import Target
from errors import CursorError, OverloadedError, PageTooLargeError, PlatformError
from ports import Bucket, Database, ListRequest, Page, PagePart
from runs.budget import Budget
from runs.retry import retried
from words import StopReason

PAGE_OBJECTS = 1000
"""R2 lists at most this many objects a call."""

EMPTY_PAGES = 50
"""So many pages in a row may hold no object though more follow (R2 may answer with fewer than asked)."""


class OrderError(PlatformError):
    """A listing came back in an order that would make a position meaningless."""


@dataclass(frozen=True)
class WalkSpec:
    """What one walk does."""

    target: Target
    database: Database
    bucket: Bucket
    budget: Budget
    start: Position = START
    trust_cursor: bool = True
    """True for a cursor that a caller gave; where R2 refuses any other, the walk continues from the last key."""
    since: str = ""
    """What was refused at this time or later is passed over."""


@dataclass(frozen=True)
class SliceReport:
    """What a walk did so far, where it stands, and why it stopped, once it has."""

    position: Position
    counts: Counts = field(default_factory=Counts)
    pages: int = 0
    repeated: int = 0
    """Transactions that were sent again after a passing failure."""
    complete: bool = False
    stopped: StopReason | None = None
    failure: Exception | None = None
    """What ended it, where it stopped because of an error."""

    def further(self, written: Written) -> SliceReport:
        """Return the report after one more part."""
        return replace(
            self,
            position=Position(None, written.last_key),
            counts=self.counts + written.counts,
            repeated=self.repeated + written.repeated,
        )

    def page_counts(self) -> dict[str, int]:
        """Return the pages walked, and how many of them were sent again where any was."""
        again = {"repeated_pages": self.repeated} if self.repeated else {}
        return {"pages": self.pages, **again}


async def walk(spec: WalkSpec) -> AsyncGenerator[SliceReport, None]:
    """Work until the end or a limit; yield after each transaction, and last with the reason why it stopped.

    "end" is only given once R2 said that nothing follows the position. Raises CursorError where a trusted cursor is
    refused, OrderError, and platform errors.
    """
    report = SliceReport(spec.start)
    try:
        async for report in _pages(spec):
            yield report
    except OverloadedError:
        yield replace(report, stopped="overloaded")


async def _pages(spec: WalkSpec) -> AsyncGenerator[SliceReport, None]:
    lister, pages = _Lister(spec), Pages.of(spec.target, spec.database, spec.budget, spec.since)
    report, write = SliceReport(spec.start), spec.target.live
    while not report.complete:
        spent = spec.budget.spent(report.counts.scanned)
        if spent:
            yield replace(report, stopped=spent)
            return
        page = await lister.page(report)
        for part in page.parts:
            _refuse_disorder(part, report.position)
            written = await pages.take(part, write=write)
            # Most pages of most passes are unchanged: one is expected to be as the one before was.
            write = spec.target.live and written.counts.to_write > 0
            report = report.further(written)
            if written.stopped:
                yield replace(report, stopped=written.stopped)
                return
            if part is not page.parts[-1]:
                yield report
        report = _after(report, page)
        yield report
    yield replace(report, stopped="end")


def _after(report: SliceReport, page: Page) -> SliceReport:
    """Return the report after the whole page."""
    position = report.position
    if page.truncated and page.cursor is not None:
        position = Position(page.cursor, position.last_key)
    return replace(report, position=position, pages=report.pages + 1, complete=not page.truncated)


def _refuse_disorder(part: PagePart, position: Position) -> None:
    last = position.last_key
    if last is not None and part.first_key <= last:
        raise OrderError(
            f"R2 listed {part.first_key!r} after {last!r}", hint="Keys must increase; try again with start_after."
        )


@dataclass
class _Lister:
    """Lists what follows a position, and believes only what can be so."""

    spec: WalkSpec
    page_objects: int = PAGE_OBJECTS
    trust_cursor: bool = field(init=False)
    empty: list[str | None] = field(default_factory=list)
    """The cursors of the empty pages since the last object."""

    def __post_init__(self) -> None:
        self.trust_cursor = self.spec.trust_cursor

    async def page(self, report: SliceReport) -> Page:
        """Return the page that follows, no longer than what may still be listed."""
        limit, most = self.page_objects, self.spec.budget.max_objects
        if most is not None:
            limit = min(limit, most - report.counts.scanned)
        page = await self._listed(report.position, limit)
        self.trust_cursor = False
        self._refuse_stuck(page, report.position)
        return page

    def _refuse_stuck(self, page: Page, at: Position) -> None:
        """Raise OrderError where the listing says that more follows, but not how to get there."""
        hint = "Try again; if it happens again, R2 has a fault: send the prefix and the last key to its support."
        if page.truncated and page.cursor is None:
            raise OrderError("R2 says that more objects follow, but gives no cursor to list them.", hint=hint)
        if page.parts or not page.truncated:
            self.empty.clear()
            return
        if page.cursor in (at.r2_cursor, *self.empty) or len(self.empty) >= EMPTY_PAGES:
            raise OrderError("R2 lists empty pages whose cursors lead nowhere.", hint=hint)
        self.empty.append(page.cursor)

    async def _listed(self, at: Position, limit: int) -> Page:
        """List what follows the position.

        R2 may answer a stale cursor with an empty page that looks like the end, or with one that starts over, so a
        page that a cursor brought is believed only if it moves forward.
        """
        prefix = self.spec.target.prefix
        if at.r2_cursor is not None:
            try:
                page = await self._list(ListRequest(prefix, limit, cursor=at.r2_cursor))
            except CursorError:
                if self.trust_cursor or at.last_key is None:
                    raise
            else:
                forward = page.parts and (at.last_key is None or page.parts[0].first_key > at.last_key)
                if forward or (not page.parts and page.truncated):
                    return page
        return await self._list(ListRequest(prefix, limit, start_after=at.last_key))

    async def _list(self, request: ListRequest) -> Page:
        """Ask for the page, and for shorter ones from here on where R2 cannot answer one so large."""
        bucket = self.spec.budget.metered_bucket(self.spec.bucket)
        try:
            return await retried(self.spec.budget.clock, lambda: bucket.list_page(request))
        except PageTooLargeError:
            if request.limit == 1:
                raise
        self.page_objects = request.limit // 2
        return await self._list(replace(request, limit=self.page_objects))
