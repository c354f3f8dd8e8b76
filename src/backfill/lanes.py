"""Several ranges listed at once, ahead of what is committed: one page of each waits while its next one is listed.

R2 is the slow side and may be asked several things at once; D1 takes one batch at a time. So lanes only list, and who
takes their pages commits them one by one.
"""

from __future__ import annotations

import asyncio
from collections.abc import Sequence
from dataclasses import dataclass, field, replace
from typing import TypeVar

import log
from backfill.lister import Lister, refuse_disorder_within
from backfill.ranges import Position, Range, Ranges, complete, in_order
from backfill.splitting import LAST, KeySpace, cuts
from errors import PlatformError
from ports import PAGE_OBJECTS, Bucket, Page
from runs.budget import Budget

PAGES_BEFORE_SPLIT = 3
"""A range of which fewer pages were walked is left whole: to look where to cut it may take longer than to walk it."""

PAGES_WORTH_SPLIT = 6
"""A range that seems to have fewer pages left is left whole: it is walked before what is cut off could be begun."""

OPEN_AS_LONG = 1.5
"""A range without an end is cut only where it is by so much longer than the longest one that is done."""

FREE_PROBES = 20
"""So many probes may be made before many pages were walked: they find where the keys are at all."""

PROBED_PAGES = 33
"""For each further one so many pages must have been walked: in all they stay below a twentieth of the listings."""

T = TypeVar("T")


@dataclass
class Lane:
    """A range at work."""

    range: Range
    lister: Lister
    ahead: Position
    """After the last page that was listed, which may not be committed yet."""
    reserved: int = 0
    """Objects that are listed and not committed."""
    asked: int = 0
    """Objects that the listing under way may bring."""
    pages: int = 0
    listing: asyncio.Task[Page] | None = None
    page: Page | None = None
    """A listed page that waits to be committed, while the next one is listed."""
    listed_to_end: bool = False
    first_key: str | None = None
    """The first key that was listed: where the range begins is only a bound."""
    uncuttable: int = 0
    """Until so many pages were walked, there is no further look for keys to cut at: the last one found none."""


@dataclass
class Lanes:
    """The ranges of one walk, and those of them that lanes are at."""

    bucket: Bucket
    budget: Budget
    prefix: str
    most: int
    """How many lanes list at once."""
    others: list[Range]
    """The ranges that no lane is at: those that are still to be begun, and those that are done."""
    trust_cursor: bool = False
    look_again: bool = False
    """Whether the end of a listing is believed only after a second look."""
    at_work: list[Lane] = field(default_factory=list)
    pages: int = 0
    scanned: int = 0
    """Objects that were committed."""
    longest: int = 0
    """The pages of the longest range that is done."""
    probes: int = 0
    space: KeySpace = field(default_factory=KeySpace)
    cutting: asyncio.Task[list[str]] | None = None
    cut: Lane | None = None
    """The lane whose range is being cut."""
    news: asyncio.Event = field(default_factory=asyncio.Event)
    """Set when something has ended since it was last waited for."""
    closed: bool = False
    """Whether the walk has ended: until then a lane whose page is listed lists on by itself."""

    @property
    def ranges(self) -> Ranges:
        """Where all ranges stand, in key order."""
        return in_order([*self.others, *(lane.range for lane in self.at_work)])

    @property
    def complete(self) -> bool:
        """Whether all keys were walked."""
        return complete(self.ranges)

    async def next_pages(self, most: int) -> list[tuple[Lane, Page]]:
        """Return up to `most` pages to commit: the next one, and those of other lanes that are listed by then.

        No more objects are listed than the budget leaves. Raises OrderError where a page is in disorder, and what a
        listing raises.
        """
        while not (lane := self._listed()):
            self._list_ahead()
            if self.cutting is None and all(lane.listing is None for lane in self.at_work):
                raise ValueError("nothing is being listed")
            await self.happened()
        lane.page = lane.page or self._received(lane)
        return self._taken(self.at_work, most)

    def last_pages(self, most: int, without: Sequence[Lane]) -> list[tuple[Lane, Page]]:
        """Return up to `most` pages that are listed by now and are the last ones of their lanes, but not of these.

        Raises OrderError where one is in disorder.
        """
        self._list_ahead()
        last = [lane for lane in self.at_work if lane.listing is None and all(lane is not one for one in without)]
        return self._taken(last, most)

    def _taken(self, lanes: Sequence[Lane], most: int) -> list[tuple[Lane, Page]]:
        """Return up to `most` pages that are listed by these lanes, which list on meanwhile."""
        pages = [(lane, lane.page) for lane in lanes if lane.page][:most]
        for lane, page in pages:
            refuse_disorder_within(page)
            # Each lane then waits for its turn behind the others.
            lane.page = None
            self.at_work.remove(lane)
            self.at_work.append(lane)
        self._list_ahead()
        return pages

    @property
    def ending(self) -> bool:
        """Whether a lane has nothing more to list."""
        return any(lane.listing is None for lane in self.at_work)

    async def happened(self) -> None:
        """Wait until something that was under way has ended: a listing, a look where to cut, or what is `noticed`."""
        await self.news.wait()
        self.news.clear()

    def noticed(self, task: asyncio.Task[T]) -> asyncio.Task[T]:
        """Return the task, whose end is something that happened."""
        task.add_done_callback(lambda _: self.news.set())
        return task

    def committed(self, lane: Lane, last_key: str, count: int) -> None:
        """Note that the objects of a lane's page up to `last_key` are committed."""
        self.scanned += count
        lane.reserved -= count
        lane.range = replace(lane.range, position=Position(None, last_key))

    def page_ended(self, lane: Lane, page: Page) -> None:
        """Note that all of a page is committed; a lane whose listing is at its end is done."""
        lane.pages += 1
        self.pages += 1
        position = lane.range.position
        if page.truncated:
            lane.range = replace(lane.range, position=Position(page.cursor, position.last_key))
            return
        self.at_work.remove(lane)
        self.longest = max(self.longest, lane.pages)
        self.others.append(replace(lane.range, done=True))

    async def close(self) -> None:
        """End what is under way, and look at what ended, so that no failure is left without a reader."""
        tasks = [*(lane.listing for lane in self.at_work if lane.listing), *([self.cutting] if self.cutting else [])]
        self.closed = True
        for task in tasks:
            task.cancel()
        await asyncio.gather(*tasks, return_exceptions=True)

    def _listed(self) -> Lane | None:
        return next((lane for lane in self.at_work if lane.page or (lane.listing and lane.listing.done())), None)

    def _received(self, lane: Lane) -> Page:
        """Return the page that was listed, and note where the next one begins; raises what the listing raises."""
        listing, lane.listing, lane.asked = lane.listing, None, 0
        if listing is None:
            raise ValueError("nothing is being listed")
        page = listing.result()
        last_key = lane.ahead.last_key
        if page.span:
            lane.reserved += page.span.count
            last_key = page.span.last_key
            lane.first_key = lane.first_key or page.span.first_key
            self.space.note(last_key)
        lane.ahead = Position(page.cursor, last_key)
        lane.listed_to_end = not page.truncated
        return page

    def _list_ahead(self) -> None:
        """Let every lane list its next page, as far as there are lanes, objects and ranges left."""
        self._take_cuts()
        self._begin_ranges()
        self._begin_cut()
        for lane in self.at_work:
            self._advance(lane)

    def _advance(self, lane: Lane) -> None:
        """Let a lane list its next page once the last one is listed, or committed where the budget is used up."""
        if lane.listing and lane.listing.done() and not lane.page and not lane.listing.exception():
            lane.page = self._received(lane)
            self._take_cuts()
        if (lane.page or lane.reserved) and self.budget.spent():
            return
        limit = self._limit(lane.lister.page_objects)
        if lane.listing is None and not lane.listed_to_end and limit > 0:
            lane.asked = limit
            lane.listing = asyncio.ensure_future(lane.lister.page(lane.ahead, lane.range.until, limit))
            lane.listing.add_done_callback(lambda _: None if self.closed else self._advance(lane))
            self.noticed(lane.listing)

    def _limit(self, most: int) -> int:
        if self.budget.max_objects is None:
            return most
        listed = sum(lane.reserved + lane.asked for lane in self.at_work)
        return min(most, self.budget.max_objects - self.scanned - listed)

    def _begin_ranges(self) -> None:
        free = self.most - len(self.at_work)
        for one in in_order(one for one in self.others if not one.done)[:free]:
            self.others.remove(one)
            at = Position(one.position.r2_cursor, one.last_key)
            self.at_work.append(Lane(one, self._lister(trust_cursor=self.trust_cursor), at))

    def _lister(self, *, trust_cursor: bool = False) -> Lister:
        return Lister(self.bucket, self.budget.clock, self.prefix, trust_cursor, self.look_again)

    def _begin_cut(self) -> None:
        """Look where to cut the largest range for the lanes that have none."""
        may = FREE_PROBES + self.pages // PROBED_PAGES - self.probes
        idle = min(self.most - len(self.at_work), may)
        if idle <= 0 or self.cutting or self._limit(PAGE_OBJECTS) < PAGE_OBJECTS:
            return
        lane = max(self.at_work, key=self._pages_left, default=None)
        if lane and self._pages_left(lane) >= PAGES_WORTH_SPLIT:
            self.cut = lane
            walked = (lane.first_key or "", lane.ahead.last_key or "")
            looking = cuts(self._probe, self.space, walked, lane.range.until, idle)
            self.cutting = self.noticed(asyncio.ensure_future(looking))

    def _pages_left(self, lane: Lane) -> float:
        """Return about how many pages may be cut off a range, if its keys lie as those before them did."""
        at, first, until = lane.ahead.last_key, lane.first_key, lane.range.until
        if lane.pages < max(PAGES_BEFORE_SPLIT, lane.uncuttable) or lane.listed_to_end or at is None or first is None:
            return 0.0
        if self.space.end(at, until or LAST) == LAST:
            # Nothing is known of its end. Of ranges that a pass before left, it is about as long as the others.
            longer = self.probes or lane.pages > OPEN_AS_LONG * self.longest
            return float("inf") if longer else 0.0
        walked = self.space.share(first, at, until or LAST)
        return lane.pages * (1 - walked) / walked if walked else float("inf")

    async def _probe(self, after: str) -> str | None:
        self.probes += 1
        page = await Lister(self.bucket, self.budget.clock, self.prefix).page(Position(None, after), None, 1)
        return page.span.first_key if page.span else None

    def _take_cuts(self) -> None:
        """Cut the range at the keys that were found, as far as no page that may hold them is being listed."""
        if not (self.cutting and self.cutting.done() and self.cut):
            return
        cutting, lane = self.cutting, self.cut
        if lane.listing and not lane.listing.done():
            return
        self.cutting = self.cut = None
        keys = [key for key in self._found(cutting) if key > _listed_key(lane)]
        lane.uncuttable = 0 if keys else lane.pages + PAGES_BEFORE_SPLIT
        if lane in self.at_work and not lane.listed_to_end:
            lane.range, *far = lane.range.split(keys)
            self.others.extend(far)

    def _found(self, cutting: asyncio.Task[list[str]]) -> list[str]:
        """Return the keys to cut at; none where R2 did not answer: a range can be walked whole."""
        try:
            return cutting.result()
        except PlatformError as error:
            log.write(self.budget.clock.now(), "warn", "range_not_cut", error=error.sentence())
            return []


def _listed_key(lane: Lane) -> str:
    """Return the last key that the lane has listed."""
    page = lane.listing.result() if lane.listing and not lane.listing.exception() else None
    return page.span.last_key if page and page.span else lane.ahead.last_key or ""
