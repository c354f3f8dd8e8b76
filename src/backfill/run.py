"""A backfill as a recorded run: what is asked is checked first, then the walk, then the report."""

from __future__ import annotations

from dataclasses import replace

from backfill.opening import listed_early, opened
from backfill.progress import Progress
from backfill.report import Planning, body, fail, kept
from backfill.request import BackfillRequest, chosen_bucket, start_ranges
from backfill.slice import walk_slice
from backfill.spec import WalkSpec, lanes_of
from ports import Ports
from runs.budget import Budget
from runs.record import Run, fail_run
from settings import Settings

MANUAL_SECONDS = 60
"""A manual run starts no new page after this; the answer then gives the cursor to continue from."""


async def run_backfill(
    ports: Ports, settings: Settings, request: BackfillRequest, planning: Planning | None = None
) -> dict[str, object]:
    """Do one manual backfill and return its report, with the plan that `planning` makes of it.

    Raises InputError for a wrong field, and RefusedError where a live run may not start (busy, paused, no unique
    index); then nothing was changed. A platform error ends the run as failed and is raised with its `run_id`.
    """
    bucket = chosen_bucket(settings, request.r2_bucket)
    start, lanes = start_ranges(request, bucket), lanes_of(settings, request.max_objects)
    early = listed_early(ports, bucket, request, start, lanes)
    try:
        target, run = await opened(ports, settings, bucket, request)
        budget = Budget.of_run(run, MANUAL_SECONDS, request.max_objects).part("walk")
        listed = early.of(ports.buckets[bucket])
        spec = replace(WalkSpec.of(settings, target, ports.database, listed, budget), start=start)
        copy_every = settings.limits.copy_every(len(settings.buckets))
        progress = Progress(ports, bucket, request.r2_prefix, copy_every) if request.resume else None
        return await _walked(run, spec, progress, planning)
    finally:
        await early.close()


async def _walked(run: Run, spec: WalkSpec, progress: Progress | None, planning: Planning | None) -> dict[str, object]:
    plan: dict[str, object] = {}
    try:
        spec = await planning.begin(run, spec) if planning else spec
        report = await walk_slice(run, spec, progress)
        if planning and not report.failure:
            plan = {"plan": await planning.finish(report)}
    except Exception as error:
        await fail_run(run, error, cost=spec.budget.cost)
        raise
    if report.failure:
        await fail(run, spec, report, report.failure)
    ended = report.stopped in ("end", "max_objects")
    await run.close("succeeded" if ended else "stopped", counts=kept(spec.target, report), cost=spec.budget.cost)
    return {**body(run, spec, report), **plan}
