"""What a manual run does before its walk: D1 is read and the run recorded, while R2 lists the first pages."""

from __future__ import annotations

import asyncio
from collections.abc import Iterable, Iterator
from dataclasses import asdict, dataclass, field

from backfill.expected import expected
from backfill.lister import PAGE_OBJECTS
from backfill.ranges import Ranges, in_order
from backfill.request import BackfillRequest, plan_target
from backfill.target import Target, read_target
from errors import RefusedError
from forecast.quota import beyond_day
from forecast.work import backfill as needed
from ports import Bucket, ListRequest, Page, Ports
from runs.costs import Daily
from runs.record import Opening, Run, open_run
from words import RunMode

UNKNOWN = "Nothing is known of what is new there, so every object is taken as if it were."
DRY_FIRST = "A dry run of the same request counts what is new: send it first, and this again."


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
    if refusal := await _refusal(run, ports, bucket, request):
        refusal.run_id = run.id
        await run.close("stopped", error=refusal.sentence())
        raise refusal
    return target, run


async def _refusal(run: Run, ports: Ports, bucket: str, request: BackfillRequest) -> RefusedError | None:
    """Return the refusal of a live backfill that needs more than the day has left; None where it may begin.

    What is known is only looked up where a backfill of nothing but new objects would be too much.
    """
    most = request.max_objects
    if request.dry_run or request.spread or not needed(most, most, 0).passes(run.rest):
        return None
    found = await expected(run, ports.database, bucket, request)
    refusal = beyond_day(run, found.needs, spread=False)
    if refusal is None:
        return None
    why, hint = (f"By {found.source}.", "") if found.source else (UNKNOWN, f"{DRY_FIRST} Or: ")
    return RefusedError(refusal.reason, f"{refusal} {why}", hint=f"{hint}{refusal.hint}")
