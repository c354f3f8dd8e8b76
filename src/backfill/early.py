"""The first listings of a walk, begun before it is: while a run opens, or while the slice before it ends."""

from __future__ import annotations

import asyncio
from collections.abc import Iterable, Iterator
from dataclasses import dataclass, field

from backfill.ranges import Ranges, in_order, kept
from ports import PAGE_OBJECTS, Bucket, ListRequest, Page


@dataclass(frozen=True)
class Early:
    """Listings that were begun; one is given once, whether it came or failed."""

    begun: dict[ListRequest, asyncio.Task[Page]] = field(default_factory=dict)

    def begin(self, bucket: Bucket, requests: Iterable[ListRequest]) -> None:
        """Begin these listings."""
        self.begun.update({one: asyncio.ensure_future(bucket.list_page(one)) for one in requests})

    def list_on(self, bucket: Bucket, ranges: Ranges, lanes: int, max_objects: int) -> None:
        """Begin what a walk lists first that goes on where these ranges stand, once they were stored."""
        self.begin(bucket, first_listings("", kept(ranges), lanes, max_objects))

    def of(self, bucket: Bucket) -> EarlyBucket:
        """Return the bucket, of which these listings are."""
        return EarlyBucket(bucket, self)

    async def close(self) -> None:
        """End the listings that nobody asked for."""
        left = list(self.begun.values())
        self.begun.clear()
        for task in left:
            task.cancel()
        await asyncio.gather(*left, return_exceptions=True)


@dataclass(frozen=True)
class EarlyBucket:
    """A bucket some listings of which are begun before they are asked for."""

    bucket: Bucket
    early: Early

    async def has(self, key: str) -> bool:
        """Tell whether there is an object of this key."""
        return await self.bucket.has(key)

    async def list_page(self, request: ListRequest) -> Page:
        """List a page."""
        begun = self.early.begun.pop(request, None)
        return await (begun or self.bucket.list_page(request))


def first_listings(prefix: str, start: Ranges, lanes: int, max_objects: int) -> Iterator[ListRequest]:
    """Yield the first listing of each lane of a walk."""
    left = max_objects
    for one in in_order(one for one in start if not one.done)[:lanes]:
        limit = min(PAGE_OBJECTS, left)
        left -= limit
        if limit and one.position.r2_cursor:
            yield ListRequest(prefix, limit, cursor=one.position.r2_cursor, until=one.until)
        elif limit:
            yield ListRequest(prefix, limit, start_after=one.last_key, until=one.until)
