"""Walk a bucket page by page: list → one D1 transaction (counts, then the write if live) → where it stands.

Each range stands after the last object whose transaction committed; work resumes strictly after it, so a crash can
repeat a page but never skip one, and repeating a page changes nothing.
"""

from __future__ import annotations

from collections.abc import AsyncGenerator
from contextlib import aclosing
from dataclasses import dataclass, field, replace

from backfill.counts import Counts
from backfill.lanes import Lane, Lanes
from backfill.page import Pages, Taken, Written
from backfill.passes import Keeper, Marks
from backfill.ranges import Position, Ranges, everything_up_to, whole
from backfill.target import Target
from errors import OverloadedError
from ports import Bucket, Database, Page, PagePart
from runs.budget import Budget, Spent
from words import StopReason


@dataclass(frozen=True)
class WalkSpec:
    """What one walk does."""

    target: Target
    database: Database
    bucket: Bucket
    budget: Budget
    start: Ranges = field(default_factory=whole)
    lanes: int = 1
    """How many ranges are listed at once."""
    trust_cursor: bool = True
    """True for a cursor that a caller gave; where R2 refuses any other, the walk continues from the last key."""
    since: str = ""
    """What was refused at this time or later is passed over."""
    keeper: Keeper | None = None
    """Notes where a pass stands, in the transaction of each page that is written."""


TOGETHER = 4
"""So many pages are committed in one transaction where they wait for it: D1's distance is then waited for once. R2
answers with at most 1 MiB a page, so their texts are within D1's limits, and their time far below its 30 s."""

LANE_OBJECTS = 5000
"""Fewer objects are not worth a lane of their own."""


def lanes_for(max_objects: int | None, most: int) -> int:
    """Return how many lanes, up to `most`, a walk of at most `max_objects` objects is worth."""
    return most if max_objects is None else max(1, min(most, max_objects // LANE_OBJECTS))


@dataclass(frozen=True)
class SliceReport:
    """What a walk did so far, where it stands, and why it stopped, once it has."""

    ranges: Ranges
    counts: Counts = field(default_factory=Counts)
    pages: int = 0
    repeated: int = 0
    """Transactions that were sent again after a passing failure."""
    marks: Marks = field(default_factory=Marks)
    complete: bool = False
    stopped: StopReason | None = None
    failure: Exception | None = None
    """What ended it, where it stopped because of an error."""

    @property
    def position(self) -> Position:
        """Up to where everything is done."""
        return everything_up_to(self.ranges)

    def further(self, written: Written, ranges: Ranges) -> SliceReport:
        """Return the report after one more part, where the ranges stand so."""
        return replace(
            self,
            ranges=ranges,
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
    walked = Walk.of(spec)
    try:
        async with aclosing(walked.pages()) as reports:
            async for report in reports:
                yield report
    except OverloadedError:
        yield replace(walked.report, stopped="overloaded")
    finally:
        await walked.lanes.close()


@dataclass
class Walk:
    """A walk under way."""

    spec: WalkSpec
    lanes: Lanes
    taker: Pages
    report: SliceReport
    write: bool
    """Whether the next part is written at once: most pages of most passes are as the one before was."""
    alone: list[tuple[Lane, Page]] = field(default_factory=list)
    """Listed pages that are to be committed one by one."""

    @classmethod
    def of(cls, spec: WalkSpec) -> Walk:
        """Return the walk at its start."""
        budget, target = spec.budget, spec.target
        bucket = budget.metered_bucket(spec.bucket)
        lanes = Lanes(bucket, budget, target.prefix, spec.lanes, list(spec.start), spec.trust_cursor)
        taker = Pages.of(target, spec.database, budget, spec.since)
        marks = spec.keeper.current.marks if spec.keeper else Marks()
        return cls(spec, lanes, taker, SliceReport(spec.start, marks=marks), target.live)

    async def pages(self) -> AsyncGenerator[SliceReport, None]:
        """Work until the end or a limit, as `walk` says."""
        while not self.report.complete:
            spent = self.spec.budget.spent(self.report.counts.scanned)
            if spent:
                yield replace(self.report, stopped=spent)
                return
            if not self.alone:
                self.alone = await self.lanes.next_pages(TOGETHER)
                if len(self.alone) > 1 and await self._take_together():
                    yield self.report
                    continue
            lane, page = self.alone.pop(0)
            for part in page.parts:
                stopped = await self._take(lane, part)
                if stopped:
                    yield replace(self.report, stopped=stopped)
                    return
                if part is not page.parts[-1]:
                    yield self.report
            self._end(lane, page)
            yield self.report
        yield replace(self.report, stopped="end")

    async def _take(self, lane: Lane, part: PagePart) -> Spent | None:
        """Commit a part, and return what was used up within it."""
        [taken] = self._kept([(lane, part)])
        written = await self.taker.take(*taken, write=self.write)
        self.write = self.spec.target.live and written.counts.to_write > 0
        self._committed(lane, written)
        return written.stopped

    async def _take_together(self) -> bool:
        """Commit in one transaction what can be of the listed pages, and tell whether any was."""
        whole = [(lane, page) for lane, page in self.alone if len(page.parts) == 1]
        self.alone = [(lane, page) for lane, page in self.alone if len(page.parts) != 1]
        parts = self._kept([(lane, page.parts[0]) for lane, page in whole])
        written = await self.taker.take_together(parts, write=self.write)
        self.write = self.spec.target.live and any(one is None or one.counts.to_write > 0 for one in written)
        for (lane, page), one in zip(whole, written, strict=True):
            if one is None:
                self.alone.append((lane, page))
            else:
                self._committed(lane, one)
                self._end(lane, page)
        return any(written)

    def _kept(self, parts: list[tuple[Lane, PagePart]]) -> list[Taken]:
        """Return the parts of one transaction, each with what is noted of the pass after it."""
        ends = [(lane, part.last_key) for lane, part in parts]
        keeper, before = self.spec.keeper, self.report.counts
        return [
            (part, keeper.with_page(self.lanes.after(*ends[: place + 1]), before, anew=not place) if keeper else None)
            for place, (_, part) in enumerate(parts)
        ]

    def _committed(self, lane: Lane, written: Written) -> None:
        self.lanes.committed(lane, written.last_key, written.counts.scanned)
        self.report = self.report.further(written, self.lanes.ranges)

    def _end(self, lane: Lane, page: Page) -> None:
        """Note that a whole page is committed."""
        self.lanes.page_ended(lane, page)
        marks = self.report.marks.page(page.parts[-1].last_key) if page.parts else self.report.marks
        ranges, complete = self.lanes.ranges, self.lanes.complete
        self.report = replace(self.report, ranges=ranges, pages=self.report.pages + 1, marks=marks, complete=complete)
