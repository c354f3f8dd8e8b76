"""Several ranges listed at once, each one page ahead of what is committed.

R2 is the slow side and may be asked several things at once; D1 takes one batch at a time. So lanes only list, and who
takes their pages commits them one by one.
"""

from __future__ import annotations

import asyncio
from dataclasses import dataclass, field, replace
from typing import Any

import log
from backfill.lister import PAGE_OBJECTS, Lister
from backfill.ranges import Position, Range, Ranges, complete, in_order
from backfill.splitting import cuts, fraction
from errors import PlatformError
from ports import Bucket, Page
from runs.budget import Budget

PAGES_BEFORE_SPLIT = 3
"""A range of which fewer pages were walked is left whole: to look where to cut it may take longer than to walk it."""

PROBED_PAGES = 25
"""A range is cut again only where at least so many pages were walked for each probe made so far."""


@dataclass
class Lane:
    """A range at work."""

    range: Range
    lister: Lister
    ahead: Position
    """After the last page that was listed, which may not be committed yet."""
    reserved: int = 0
    """Objects that may be listed, or are and wait to be committed."""
    pages: int = 0
    listing: asyncio.Task[Page] | None = None
    listed_to_end: bool = False
    uncuttable: bool = False
    """Whether a look for keys to cut at found none."""


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
    at_work: list[Lane] = field(default_factory=list)
    pages: int = 0
    scanned: int = 0
    """Objects that were committed."""
    probes: int = 0
    cutting: asyncio.Task[list[str]] | None = None
    cut: Lane | None = None
    """The lane whose range is being cut."""

    @property
    def ranges(self) -> Ranges:
        """Where all ranges stand, in key order."""
        return in_order([*self.others, *(lane.range for lane in self.at_work)])

    @property
    def complete(self) -> bool:
        """Whether all keys were walked."""
        return complete(self.ranges)

    async def next_page(self) -> tuple[Lane, Page]:
        """Return the next page to commit, and the lane that listed it; the lanes list on meanwhile.

        No more objects are listed than the budget leaves. Raises what a listing raises.
        """
        self._list_ahead()
        while not (listed := self._listed()):
            await asyncio.wait(self._under_way(), return_when=asyncio.FIRST_COMPLETED)
            self._list_ahead()
        lane, listing = listed
        page = self._taken(lane, listing)
        self._list_ahead()
        return lane, page

    def _under_way(self) -> list[asyncio.Task[Any]]:
        cutting = [self.cutting] if self.cutting and not self.cutting.done() else []
        return [*(lane.listing for lane in self.at_work if lane.listing), *cutting]

    def after(self, lane: Lane, last_key: str) -> Ranges:
        """Return where all ranges stand once the objects of a lane's page up to `last_key` are committed."""
        lanes = [one.range for one in self.at_work if one is not lane]
        return in_order([*self.others, *lanes, replace(lane.range, position=Position(None, last_key))])

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
        self.others.append(replace(lane.range, done=True))

    async def close(self) -> None:
        """End what is under way, and look at what ended, so that no failure is left without a reader."""
        tasks = [*(lane.listing for lane in self.at_work if lane.listing), *([self.cutting] if self.cutting else [])]
        for task in tasks:
            task.cancel()
        await asyncio.gather(*tasks, return_exceptions=True)

    def _listed(self) -> tuple[Lane, asyncio.Task[Page]] | None:
        return next(((lane, lane.listing) for lane in self.at_work if lane.listing and lane.listing.done()), None)

    @staticmethod
    def _taken(lane: Lane, listing: asyncio.Task[Page]) -> Page:
        lane.listing = None
        page = listing.result()
        lane.reserved = sum(part.count for part in page.parts)
        last_key = page.parts[-1].last_key if page.parts else lane.ahead.last_key
        lane.ahead = Position(page.cursor, last_key)
        lane.listed_to_end = not page.truncated
        return page

    def _list_ahead(self) -> None:
        """Let every lane list its next page, as far as there are lanes, objects and ranges left."""
        self._take_cuts()
        self._begin_ranges()
        self._begin_cut()
        for lane in self.at_work:
            limit = self._limit(lane.lister.page_objects)
            if lane.listing is None and not lane.listed_to_end and limit > 0:
                lane.reserved += limit
                lane.listing = asyncio.ensure_future(lane.lister.page(lane.ahead, lane.range.until, limit))

    def _limit(self, most: int) -> int:
        if self.budget.max_objects is None:
            return most
        return min(most, self.budget.max_objects - self.scanned - sum(lane.reserved for lane in self.at_work))

    def _begin_ranges(self) -> None:
        free = self.most - len(self.at_work)
        for one in in_order(one for one in self.others if not one.done)[:free]:
            self.others.remove(one)
            at = Position(one.position.r2_cursor, one.last_key)
            self.at_work.append(Lane(one, self._lister(trust_cursor=self.trust_cursor), at))

    def _lister(self, *, trust_cursor: bool = False) -> Lister:
        return Lister(self.bucket, self.budget.clock, self.prefix, trust_cursor)

    def _begin_cut(self) -> None:
        """Look where to cut the largest range for the lanes that have none."""
        idle = self.most - len(self.at_work)
        may = self.pages >= self.probes * PROBED_PAGES
        if idle <= 0 or not may or self.cutting or self._limit(PAGE_OBJECTS) < PAGE_OBJECTS:
            return
        lanes = [
            lane
            for lane in self.at_work
            if lane.pages >= PAGES_BEFORE_SPLIT
            and not lane.listed_to_end
            and not lane.uncuttable
            and lane.ahead.last_key
        ]
        if lanes:
            self.cut = max(lanes, key=_pages_left)
            low = self.cut.ahead.last_key or ""
            self.cutting = asyncio.ensure_future(cuts(self._probe, low, self.cut.range.until, idle))

    async def _probe(self, after: str) -> str | None:
        self.probes += 1
        page = await self._lister().page(Position(None, after), None, 1)
        return page.parts[0].first_key if page.parts else None

    def _take_cuts(self) -> None:
        """Cut the range at the keys that were found, as far as no page that may hold them is being listed."""
        if not (self.cutting and self.cutting.done() and self.cut):
            return
        if self.cut.listing and not self.cut.listing.done():
            return
        cutting, lane = self.cutting, self.cut
        self.cutting = self.cut = None
        keys = [key for key in self._found(cutting) if key > _listed_key(lane)]
        lane.uncuttable = not keys
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
    return page.parts[-1].last_key if page and page.parts else lane.ahead.last_key or ""


def _pages_left(lane: Lane) -> float:
    """Return about how many pages a range has left, if its keys lie as those before them did."""
    until, at = lane.range.until, lane.ahead.last_key
    if until is None or at is None:
        return float("inf")
    walked = fraction(lane.range.after or "", at, until)
    return lane.pages * (1 - walked) / walked if walked else float(lane.pages + 1)
