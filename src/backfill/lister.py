"""Lists what follows a position of one range, and believes only what can be so."""

from __future__ import annotations

from dataclasses import dataclass, field, replace
from itertools import pairwise

import log
from backfill.ranges import Position
from errors import CursorError, PageTooLargeError, PlatformError
from ports import PAGE_OBJECTS, Bucket, Clock, ListRequest, Page
from runs.retry import retried

EMPTY_PAGES = 50
"""So many pages in a row may hold no object though more follow (R2 may answer with fewer than asked)."""


class OrderError(PlatformError):
    """A listing came back in an order that would make a position meaningless."""


@dataclass
class Lister:
    """The listing of one range."""

    bucket: Bucket
    clock: Clock
    prefix: str
    trust_cursor: bool = False
    """True for a cursor that a caller gave; where R2 refuses any other, the walk continues from the last key."""
    look_again: bool = False
    """Whether the end of a listing is believed only after a second look."""
    page_objects: int = PAGE_OBJECTS
    empty: list[str | None] = field(default_factory=list)
    """The cursors of the empty pages since the last object."""

    async def page(self, at: Position, until: str | None, limit: int) -> Page:
        """Return the page that follows `at`, of at most `limit` objects and none after `until`.

        Raises CursorError where a trusted cursor is refused, OrderError where the listing cannot be so.
        """
        page = await self._listed(at, until, limit)
        self.trust_cursor = False
        self._refuse_stuck(page, at)
        if page.span:
            _refuse_disorder(page.span.first_key, at.last_key)
        # Where the page ends with the last key that the range may hold, one more listing would only say so.
        if page.span and page.span.last_key == until:
            return replace(page, truncated=False, cursor=None)
        ended = not page.truncated and not page.beyond
        return await self._looked_again(page, at) if ended and self.look_again else page

    async def _looked_again(self, page: Page, at: Position) -> Page:
        """Return the page, which is the last one only where nothing follows: some stores say "complete" too early."""
        last_key = page.span.last_key if page.span else at.last_key
        more = await self._list(ListRequest(self.prefix, 1, start_after=last_key))
        if not more.span:
            return page
        log.write(self.clock.now(), "warn", "listing_ended_early", last_key=last_key)
        return replace(page, truncated=True, cursor=None)

    def _refuse_stuck(self, page: Page, at: Position) -> None:
        """Raise OrderError where the listing says that more follows, but not how to get there."""
        hint = "Try again; if it happens again, R2 has a fault: send the prefix and the last key to its support."
        if page.truncated and page.cursor is None:
            raise OrderError("R2 says that more objects follow, but gives no cursor to list them.", hint=hint)
        if page.span or not page.truncated:
            self.empty.clear()
            return
        if page.cursor in (at.r2_cursor, *self.empty) or len(self.empty) >= EMPTY_PAGES:
            raise OrderError("R2 lists empty pages whose cursors lead nowhere.", hint=hint)
        self.empty.append(page.cursor)

    async def _listed(self, at: Position, until: str | None, limit: int) -> Page:
        """List what follows the position.

        R2 may answer a stale cursor with an empty page that looks like the end, or with one that starts over, so a
        page that a cursor brought is believed only if it moves forward.
        """
        if at.r2_cursor is not None:
            try:
                page = await self._list(ListRequest(self.prefix, limit, cursor=at.r2_cursor, until=until))
            except CursorError:
                if self.trust_cursor or at.last_key is None:
                    raise
            else:
                forward = page.span and (at.last_key is None or page.span.first_key > at.last_key)
                if forward or (not page.span and page.truncated):
                    return page
        return await self._list(ListRequest(self.prefix, limit, start_after=at.last_key, until=until))

    async def _list(self, request: ListRequest) -> Page:
        """Ask for the page, and for shorter ones from here on where R2 cannot answer one so large."""
        try:
            return await retried(self.clock, lambda: self.bucket.list_page(request))
        except PageTooLargeError:
            if request.limit == 1:
                raise
        self.page_objects = request.limit // 2
        return await self._list(replace(request, limit=self.page_objects))


def refuse_disorder_within(page: Page) -> None:
    """Raise OrderError where the parts of a page do not follow each other; their texts are made for it."""
    for before, part in pairwise(page.parts):
        _refuse_disorder(part.first_key, before.last_key)


def _refuse_disorder(first_key: str, after: str | None) -> None:
    if after is not None and first_key <= after:
        hint = "Keys must increase; try again with start_after."
        raise OrderError(f"R2 listed {first_key!r} after {after!r}", hint=hint)
