"""A backfill as a recorded run: what is asked is checked first, then the walk, then the report."""

from __future__ import annotations

from dataclasses import asdict, dataclass
from typing import NoReturn

from backfill.cursor import START, Position, decode, encode
from backfill.progress import Progress
from backfill.slice import walk_slice
from backfill.target import Target, read_target
from backfill.walk import SliceReport, WalkSpec
from errors import CursorError, InputError
from ports import Ports
from runs.budget import Budget
from runs.costs import Cost
from runs.record import Opening, Run, fail_run, open_run
from settings import Settings
from words import Status

MANUAL_SECONDS = 60
"""A manual run starts no new page after this; the answer then gives the cursor to continue from."""


@dataclass(frozen=True)
class BackfillRequest:
    """The body of `POST /backfill`."""

    dry_run: bool = True
    r2_bucket: str | None = None
    r2_prefix: str = ""
    max_objects: int = 1000
    cursor: str | None = None
    start_after: str | None = None
    resume: bool = False


async def run_backfill(ports: Ports, settings: Settings, request: BackfillRequest) -> dict[str, object]:
    """Do one manual backfill and return its report.

    Raises InputError for a wrong field, and RefusedError where a live run may not start (busy, paused, no unique
    index); then nothing was changed. A platform error ends the run as failed and is raised with its `run_id`.
    """
    bucket = chosen_bucket(settings, request.r2_bucket)
    position = _position(request, bucket)
    live = not request.dry_run
    target = await read_target(ports.database, bucket, request.r2_prefix, live=live, heed_pause=live)
    mode = "live" if live else "dry"
    opening = Opening("backfill", mode, "http", asdict(request), exclusive=live, writes=live)
    run = await open_run(ports.database, ports.clock, opening)
    budget = Budget.of_run(run, MANUAL_SECONDS, request.max_objects).part("walk")
    spec = WalkSpec(target, ports.database, ports.buckets[bucket], budget, position)
    progress = Progress(ports.store, ports.clock, bucket, request.r2_prefix) if request.resume else None
    try:
        report = await walk_slice(run, spec, progress)
    except Exception as error:
        await fail_run(run, error, cost=budget.cost)
        raise
    counts = _reported(target, report)
    if report.failure:
        await _fail(run, report.failure, counts, budget.cost)
    status: Status = "succeeded" if report.stopped in ("end", "max_objects") else "stopped"
    await run.close(status, counts=counts, cost=budget.cost)
    return _body(run, spec, report)


async def _fail(run: Run, failure: Exception, counts: dict[str, object], cost: Cost) -> NoReturn:
    """End the run as failed and raise what ended it; a refused cursor is the caller's to correct."""
    if not isinstance(failure, CursorError):
        await fail_run(run, failure, counts=counts, cost=cost)
        raise failure
    await run.close("failed", cost=cost, error=failure.sentence())
    hint = "Send start_after with the last key instead: it does not depend on R2's cursor."
    refused = InputError("cursor", f"R2 refused the cursor: {failure}", hint=hint, status=400)
    refused.run_id = run.id
    raise refused from failure


def chosen_bucket(settings: Settings, name: str | None) -> str:
    """Return the bucket to walk: `name`, or the only one there is. Raises InputError where that is not clear."""
    known = ", ".join(settings.buckets)
    if name is None and len(settings.buckets) > 1:
        raise InputError("r2_bucket", "Several buckets are configured.", hint=f"Name one of {known}.")
    if name is not None and name not in settings.buckets:
        raise InputError("r2_bucket", f"There is no bucket {name!r}.", hint=f"Use one of {known} (BUCKETS).")
    return name or next(iter(settings.buckets))


def _position(request: BackfillRequest, bucket: str) -> Position:
    """Return where to start: the cursor where both positions are given, the beginning where none is."""
    if request.resume and (request.cursor is not None or request.start_after is not None):
        hint = "Leave out cursor and start_after to go on where cron stands, or resume to start at the position."
        raise InputError("resume", "A pass that began at a position of its own would not be a whole one.", hint=hint)
    if request.cursor is not None:
        return decode(request.cursor, bucket, request.r2_prefix)
    if request.start_after is None:
        return START
    if not request.start_after.startswith(request.r2_prefix):
        hint = "Send a key that begins with r2_prefix, or leave it out to start at the beginning."
        raise InputError("start_after", f"It lies outside the prefix {request.r2_prefix!r}.", hint=hint)
    return Position(None, request.start_after)


def _reported(target: Target, report: SliceReport) -> dict[str, object]:
    """Return what the run's row keeps: the counts, where the next call continues, and why this one stopped."""
    return {**report.counts.report(), **_place(target, report), "stopped_because": report.stopped}


def _place(target: Target, report: SliceReport) -> dict[str, object]:
    """Return where the next call continues; a complete walk has no such place."""
    position = START if report.complete else report.position
    token = None if position == START else encode(target.bucket, target.prefix, position)
    place = {"truncated": not report.complete, "cursor": token, "start_after": position.last_key}
    return {**place, **report.page_counts()}


def _body(run: Run, spec: WalkSpec, report: SliceReport) -> dict[str, object]:
    """Return the body of `POST /backfill`."""
    return {
        "run_id": run.id,
        "dry_run": not spec.target.live,
        "r2_bucket": spec.target.bucket,
        "r2_prefix": spec.target.prefix,
        **report.counts.report(),
        **_place(spec.target, report),
        "cost": spec.budget.cost.report(),
        "duration_ms": run.elapsed_ms(),
        "stopped_because": report.stopped,
    }
