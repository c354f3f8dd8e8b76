"""What a manual run does before its walk: D1 is read and the run recorded, while R2 lists the first pages."""

from __future__ import annotations

import asyncio
from collections.abc import Iterable, Iterator
from dataclasses import asdict, dataclass, field

from backfill.affordable import refusal_of
from backfill.ranges import Ranges, in_order
from backfill.request import BackfillRequest, plan_target
from backfill.target import Target, read_target
from ports import PAGE_OBJECTS, Bucket, ListRequest, Page, Ports
from runs.costs import Daily
from runs.record import Opening, Run, open_run
from words import RunMode


@dataclass(frozen=True)
class EarlyBucket:
    """A bucket some listings of which are begun before they are asked for."""

    bucket: Bucket
    begun: dict[ListRequest, asyncio.Task[Page]] = field(default_factory=dict)

    @classmethod
    def begin(cls, bucket: Bucket, requests: Iterable[ListRequest]) -> EarlyBucket:
        """Begin these listings."""
        return cls(bucket, {request: asyncio.ensure_future(bucket.list_page(request)) for request in requests})

    async def has(self, key: str) -> bool:
        """Tell whether there is an object of this key."""
        return await self.bucket.has(key)

    async def list_page(self, request: ListRequest) -> Page:
        """List a page; one that was begun is given once, whether it came or failed."""
        begun = self.begun.pop(request, None)
        return await (begun or self.bucket.list_page(request))

    async def close(self) -> None:
        """End the listings that nobody asked for."""
        for task in self.begun.values():
            task.cancel()
        await asyncio.gather(*self.begun.values(), return_exceptions=True)


def first_listings(request: BackfillRequest, start: Ranges, lanes: int) -> Iterator[ListRequest]:
    """Yield the first listing of each lane of a walk."""
    left = request.max_objects
    for one in in_order(one for one in start if not one.done)[:lanes]:
        limit = min(PAGE_OBJECTS, left)
        left -= limit
        if limit and one.position.r2_cursor:
            yield ListRequest(request.r2_prefix, limit, cursor=one.position.r2_cursor, until=one.until)
        elif limit:
            yield ListRequest(request.r2_prefix, limit, start_after=one.last_key, until=one.until)


async def opened(ports: Ports, settings: Daily, bucket: str, request: BackfillRequest) -> tuple[Target, Run]:
    """Return what is walked and the recorded run; raises RefusedError where a live run may not start."""
    live = not request.dry_run
    target = await read_target(ports.database, bucket, request.r2_prefix, live=live, heed_pause=live)
    mode: RunMode = "live" if live else "dry"
    opening = Opening(
        "backfill",
        mode,
        "http",
        asdict(request),
        exclusive=live,
        writes=live,
        asker=ports.asker,
        daily=settings,
        supersedes=plan_target(bucket, request.r2_prefix) if request.plan is None else None,
    )
    run = await open_run(ports.database, ports.clock, opening)
    if refusal := await refusal_of(run, ports, bucket, request):
        refusal.run_id = run.id
        await run.close("stopped", error=refusal.sentence())
        raise refusal
    return target, run
