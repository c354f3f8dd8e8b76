"""A backfill as a recorded run: what is asked is checked first, then the walk, then the report."""

from __future__ import annotations

from dataclasses import asdict, dataclass, replace
from datetime import timedelta

import log
import sql
from backfill.cursor import START, Position, decode, encode
from backfill.new_rows import moment_of, refuse_unfilled
from backfill.progress import Pass, Progress
from backfill.rules import stored
from backfill.walk import Limits, Target, Walk
from database.schema import new_id
from errors import CursorError, InputError
from ports import Ports
from runs.pause import paused_error
from runs.record import Opening, Run, fail_run, no_unique_index, open_run
from settings import Settings

MANUAL_SECONDS = 60
"""A manual run starts no new page after this; the answer then gives the cursor to go on from."""

LOG_EVERY = timedelta(seconds=1)
"""Between the lines about a slice's pages. Cloudflare keeps 256 KB of log an invocation (workers/platform/limits): a
line for each page of a million objects would fill it."""


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
    target = await prepare(ports, bucket, request.r2_prefix, live=live, heed_pause=live)
    mode = "live" if live else "dry"
    opening = Opening("backfill", mode, "http", asdict(request), exclusive=live, writes=live)
    run = await open_run(ports.database, ports.clock, opening)
    limits = Limits(request.max_objects, run.started_at + timedelta(seconds=MANUAL_SECONDS))
    progress = Progress(ports.store, ports.clock, bucket, request.r2_prefix) if request.resume else None
    walk = Walk(target, ports.database, ports.buckets[bucket], ports.clock, position)
    try:
        reason = await walk_slice(run, walk, limits, progress)
    except CursorError as error:
        await run.close("failed", cost=walk.cost, error=error.sentence())
        hint = "Send start_after with the last key instead: it does not depend on R2's cursor."
        refused = InputError("cursor", f"R2 refused the cursor: {error}", hint=hint, status=400)
        refused.run_id = run.id
        raise refused from error
    except Exception as error:
        await fail_run(run, error, counts=_summary(walk, "error"), cost=walk.cost)
        raise
    report = _report(run, walk, reason)
    await run.close(
        "succeeded" if reason in ("end", "max_objects") else "stopped", counts=_summary(walk, reason), cost=walk.cost
    )
    return report


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


async def prepare(ports: Ports, bucket: str, prefix: str, *, live: bool, heed_pause: bool = False) -> Target:
    """Return what to walk; all that it takes is read in one batch.

    Raises RefusedError where no row could be inserted, where a live run would meet a table without the unique index,
    and, with `heed_pause`, where backfill is paused.
    """
    columns, unique, rules, control = await ports.database.batch(
        [
            sql.statement("schema/artifact_columns"),
            sql.statement("schema/unique_index"),
            sql.statement("rules/list_rules"),
            sql.statement("control/read_control"),
        ]
    )
    if live and not unique.rows:
        raise no_unique_index()
    target = Target(bucket, prefix, live, stored(rules.rows), new_id(columns.rows))
    refuse_unfilled(columns.rows)
    if live:
        # Apart from the batch: it names a column that an unknown table may lack.
        [form] = await ports.database.batch([sql.statement("schema/fetched_form")])
        target = replace(target, moment=moment_of(columns.rows, form.rows[0]))
    if heed_pause and control.rows[0]["paused_by"] is not None:
        raise paused_error(control.rows[0])
    return target


async def walk_slice(run: Run, walk: Walk, limits: Limits, progress: Progress | None) -> str:
    """Walk until a limit, keep the lease, and store progress (live only); return why the walk stopped.

    With `progress`, the walk begins where the stored pass stands.
    """
    await run.renew()
    start = await _start(run, walk, progress)
    # Only a pass tries again what was refused: a run from a position would meet it at each call.
    walk.since = start.pass_started_at if progress else ""

    async def save(*, at_end: bool) -> None:
        if progress and walk.target.live:
            current = progress.after(start, walk.position, walk.counts, complete=walk.complete)
            await progress.save(current, at_end=at_end)

    told_at, told_pages = run.started_at, 0

    async def after_page() -> str | None:
        nonlocal told_at, told_pages
        now = run.clock.now()
        if now - told_at >= LOG_EVERY:
            _log_page(run, walk)
            told_at, told_pages = now, walk.pages
        await run.renew()
        await save(at_end=walk.complete)
        return "paused" if run.paused_now else None

    try:
        reason = await walk.run(limits, after_page)
        if walk.complete and progress and walk.target.live and not walk.target.prefix:
            forget = sql.statement("backfill/forget_refused", bucket=walk.target.bucket, before=start.pass_started_at)
            await walk.database.batch([forget])
        return reason
    finally:
        if walk.pages > told_pages:
            _log_page(run, walk)
        if not walk.complete:
            await save(at_end=True)


async def _start(run: Run, walk: Walk, progress: Progress | None) -> Pass:
    if progress is None:
        return Pass(pass_started_at=log.timestamp(run.started_at), position=walk.position)
    start = await progress.begin_or_continue()
    walk.position = start.position
    walk.trust_cursor = False
    return start


def _log_page(run: Run, walk: Walk) -> None:
    log.write(
        run.clock.now(),
        "info",
        "page",
        run_id=run.id,
        mode="live" if walk.target.live else "dry",
        bucket=walk.target.bucket,
        pages=walk.pages,
        scanned=walk.counts.scanned,
        last_key=walk.position.last_key,
    )


def _summary(walk: Walk, reason: str) -> dict[str, object]:
    """Return what the run's row keeps: the counts, and where to go on from."""
    return {**walk.counts.report(), **_whereabouts(walk), "stopped_because": reason}


def _whereabouts(walk: Walk) -> dict[str, object]:
    """Return the place to go on from; a complete walk has none."""
    position = START if walk.complete else walk.position
    token = None if position == START else encode(walk.target.bucket, walk.target.prefix, position)
    place = {"truncated": not walk.complete, "cursor": token, "start_after": position.last_key}
    return {**place, **walk.page_counts()}


def _report(run: Run, walk: Walk, reason: str) -> dict[str, object]:
    return {
        "run_id": run.id,
        "dry_run": not walk.target.live,
        "r2_bucket": walk.target.bucket,
        "r2_prefix": walk.target.prefix,
        **walk.counts.report(),
        **_whereabouts(walk),
        "cost": walk.cost.report(),
        "duration_ms": run.elapsed_ms(),
        "stopped_because": reason,
    }
