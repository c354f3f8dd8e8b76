"""What a manual run does before its walk: D1 is read and the run recorded, while R2 lists the first pages."""

from __future__ import annotations

from dataclasses import asdict

from backfill.affordable import refusal_of
from backfill.early import Early, first_listings
from backfill.ranges import Ranges
from backfill.request import BackfillRequest, plan_target
from backfill.target import Target, read_target
from ports import Ports
from runs.costs import Daily
from runs.record import Opening, Run, open_run
from words import RunMode


def listed_early(ports: Ports, bucket: str, request: BackfillRequest, start: Ranges, lanes: int) -> Early:
    """Begin the first listings of a walk, but of a pass that is resumed: where that stands is not known yet."""
    early = Early()
    if not request.resume:
        early.begin(ports.buckets[bucket], first_listings(request.r2_prefix, start, lanes, request.max_objects))
    return early


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
