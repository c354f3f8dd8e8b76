"""Walk a bucket page by page: list → a D1 transaction (counts, then the write if live) → where it stands.

Each range stands after the last object whose transaction committed; work resumes strictly after it, so a crash can
repeat a page but never skip one, and repeating a page changes nothing.
"""

from __future__ import annotations

import asyncio
from collections import deque
from collections.abc import AsyncGenerator, Iterable
from contextlib import aclosing
from dataclasses import dataclass, field, replace
from functools import partial

from backfill.beside import Beside
from backfill.chain import MODULUS, interval
from backfill.lanes import Lane, Lanes
from backfill.page import Pages, Taken, Written
from backfill.ranges import complete
from backfill.spec import SliceReport, WalkSpec
from errors import OverloadedError
from ports import Page, PagePart
from runs.budget import Spent

TOGETHER = 4
"""So many pages are committed in one transaction where they wait for it: D1's distance is then waited for once. R2
answers with at most 1 MiB a page, so their texts are within D1's limits, and their time far below its 30 s."""

AT_ONCE = 4
"""So many transactions may be under way at the end of a walk: D1 works on one while others are on their way. Before
that, the pages that come meanwhile are committed together, which is less work for D1."""


async def walk(spec: WalkSpec) -> AsyncGenerator[SliceReport, None]:
    """Work until the end or a limit; yield once all that was sent is answered, and last with the reason why it stopped.

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
    except Exception:
        # Beside what failed, other pages may have been committed.
        yield walked.report
        raise
    finally:
        await walked.lanes.close()


@dataclass(frozen=True)
class Sent:
    """Pages that are sent in one transaction, and the one part of each."""

    pages: list[tuple[Lane, Page]]
    parts: list[Taken]


Answer = asyncio.Task[list[Written | None]]
"""Brings what became of them."""


@dataclass
class Walk:
    """A walk under way."""

    spec: WalkSpec
    lanes: Lanes
    taker: Pages
    report: SliceReport
    beside: Beside | None
    """Looks at the rows beside the objects of a pass over all of a bucket."""
    write: bool
    """Whether the next part is written at once: most pages of most passes are as the one before was."""
    alone: list[tuple[Lane, Page]] = field(default_factory=list)
    """Listed pages that are to be committed one by one."""

    @classmethod
    def of(cls, spec: WalkSpec) -> Walk:
        """Return the walk at its start."""
        budget, target = spec.budget, spec.target
        bucket = budget.metered_bucket(spec.bucket)
        # Only a pass speaks of what was not listed.
        trust, look_again = spec.trust_cursor, spec.keeper is not None
        lanes = Lanes(bucket, budget, target.prefix, spec.lanes, list(spec.start), trust, look_again)
        taker = Pages.of(target, spec.database, budget, spec.since, spec.slack_seconds)
        # A slice before may have had too little left to complete the pass.
        report = SliceReport(spec.start, complete=complete(spec.start))
        if spec.keeper is None:
            return cls(spec, lanes, taker, report, None, target.live)
        current, run = spec.keeper.current, spec.keeper.run
        report = replace(report, marks=current.marks, chain=current.chain)
        beside = None if target.prefix else Beside(taker, run, current.pass_started_at, spec.limits.missing)
        return cls(spec, lanes, taker, report, beside, target.live)

    async def pages(self) -> AsyncGenerator[SliceReport, None]:
        """Work until the end or a limit, as `walk` says."""
        while not self.report.complete:
            spent = self.spec.budget.spent(self.report.counts.scanned)
            if spent:
                yield replace(self.report, stopped=spent)
                return
            if not self.alone and await self._take_listed():
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
            await self._end(lane, page)
            yield self.report
        yield replace(self.report, stopped="end")

    async def _take(self, lane: Lane, part: PagePart) -> Spent | None:
        """Commit a part, and return what was used up within it."""
        taken = self._taken(lane, part, self.report)
        written = await self.taker.take(taken, write=self.write)
        self.write = self.spec.target.live and written.counts.to_write > 0
        await self._committed(lane, taken, written)
        return written.stopped

    async def _take_listed(self) -> bool:
        """Commit the next page, and those of other lanes, and tell whether any was; the rest is left to be alone."""
        before, pages = self.report, await self.lanes.next_pages(TOGETHER)
        if self.lanes.most == 1:
            self.alone = pages
        elif self.lanes.ending:
            await self._take_at_once(pages)
        else:
            sent = self._sent(pages, before)
            await self._answered(sent, await self._committing(sent))
        return self.report is not before

    async def _take_at_once(self, pages: list[tuple[Lane, Page]]) -> None:
        """Commit pages, and while D1 is at work those that are listed by lanes which have no further one.

        They may be committed in any order, as they are of different lanes.
        """
        before, lanes, under_way = self.report, list[Lane](), deque[tuple[Sent, Answer]]()
        try:
            while pages or under_way:
                if pages:
                    lanes += [lane for lane, _ in pages]
                    sent = self._sent(pages, before)
                    under_way.append((sent, self.lanes.noticed(asyncio.ensure_future(self._committing(sent)))))
                if not under_way[0][1].done():
                    await self.lanes.happened()
                if under_way[0][1].done():
                    sent, answer = under_way.popleft()
                    await self._answered(sent, answer.result())
                more = 0 < len(under_way) < AT_ONCE and not self.spec.budget.spent(self.report.counts.scanned)
                pages = self.lanes.last_pages(TOGETHER, without=lanes) if more else []
        except Exception:
            await self._settled(under_way)
            raise

    def _sent(self, pages: list[tuple[Lane, Page]], before: SliceReport) -> Sent:
        """Return what is sent in one transaction; `before` is where the walk stood before all that is sent at once."""
        whole = [(lane, page) for lane, page in pages if len(page.parts) == 1]
        self.alone += [(lane, page) for lane, page in pages if len(page.parts) != 1]
        return Sent(whole, [self._taken(lane, page.parts[0], before) for lane, page in whole])

    async def _committing(self, sent: Sent) -> list[Written | None]:
        return await self.taker.take_together(sent.parts, write=self.write)

    async def _answered(self, sent: Sent, written: list[Written | None]) -> None:
        """Note what was committed; the rest is left to be alone."""
        self.write = self.spec.target.live and any(one is None or one.counts.to_write > 0 for one in written)
        for (lane, page), taken, one in zip(sent.pages, sent.parts, written, strict=True):
            if one is None:
                self.alone.append((lane, page))
            else:
                await self._committed(lane, taken, one)
                await self._end(lane, page)

    async def _settled(self, under_way: Iterable[tuple[Sent, Answer]]) -> None:
        """Wait for what is under way when something else failed, and note what was committed."""
        await asyncio.gather(*(answer for _, answer in under_way), return_exceptions=True)
        for sent, answer in under_way:
            if not answer.exception():
                await self._answered(sent, answer.result())

    def _taken(self, lane: Lane, part: PagePart, before: SliceReport) -> Taken:
        """Return a part with what is noted of the pass beside it."""
        keeper, stood_at = self.spec.keeper, lane.range.last_key
        kept = partial(keeper.before_page, before.of_pass(keeper.current), stood_at) if keeper else None
        return Taken(part, stood_at or self.spec.target.prefix, kept)

    async def _committed(self, lane: Lane, taken: Taken, written: Written) -> None:
        """Note that a part is committed, once the rows beside its objects were looked at."""
        if self.beside:
            await self.beside.after_page(taken, written)
        if self.spec.noter and written.counts.to_write:
            await self.spec.noter.page(self.taker.given(taken, 0, taken.part.count))
        after = lane.range.last_key
        self.lanes.committed(lane, written.last_key, written.counts.scanned)
        self.report = self.report.further(written, self.lanes.ranges, after)

    async def _end(self, lane: Lane, page: Page) -> None:
        """Note that a whole page is committed, and at the end of a range what lies after its last object."""
        after, until = lane.range.last_key, lane.range.until
        chain = self.report.chain
        if not page.truncated:
            chain = (chain + interval(after, until)) % MODULUS
            if self.beside:
                await self.beside.after_end(after or "", until)
        self.lanes.page_ended(lane, page)
        marks = self.report.marks.page(page.span.last_key) if page.span else self.report.marks
        ranges, complete = self.lanes.ranges, self.lanes.complete
        pages = self.report.pages + 1
        self.report = replace(self.report, ranges=ranges, pages=pages, marks=marks, complete=complete, chain=chain)
