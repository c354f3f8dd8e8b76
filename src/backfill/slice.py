"""One slice of a walk under a run: the lease is kept, the progress stored, and the pages logged."""

from __future__ import annotations

from contextlib import aclosing
from dataclasses import dataclass, replace
from datetime import datetime, timedelta

import log
import sql
from backfill.progress import Pass, Progress
from backfill.walk import SliceReport, WalkSpec, walk
from runs.record import Run

LOG_EVERY = timedelta(seconds=1)
"""Between the lines about a slice's pages. Cloudflare keeps 256 KB of log an invocation (workers/platform/limits): a
line for each page of a million objects would fill it."""


async def walk_slice(run: Run, spec: WalkSpec, progress: Progress | None) -> SliceReport:
    """Walk until a limit, and return what was done and why it stopped; an error is its `failure`.

    With `progress`, the walk begins where the stored pass stands, and (live only) stores where it stands then.
    """
    await run.renew()
    current = await _begun(run, spec, progress)
    if progress:
        # Only a pass tries again what was refused: a run from a position would meet it at each call.
        spec = replace(spec, start=current.ranges, trust_cursor=False, since=current.pass_started_at)
    keeping = progress if spec.target.live else None
    report, lines = SliceReport(spec.start), _PageLog(run, spec)
    try:
        async with aclosing(walk(spec)) as walked:
            async for report in walked:
                if report.stopped:
                    break
                lines.write(report)
                await run.renew()
                if keeping:
                    await keeping.save(keeping.after(current, report), at_end=report.complete)
                if run.paused_now and not report.complete:
                    break
        if keeping and report.complete and not spec.target.prefix:
            await _forget_refused(spec, current)
    except Exception as error:  # noqa: BLE001  # the caller says what it means, beside what was done before it
        report = replace(report, stopped="error", failure=error)
    if report.stopped is None:
        # A walk ends with a reason: only a pause leaves it before.
        report = replace(report, stopped="paused")
    lines.end(report)
    if keeping and not report.complete:
        await keeping.save(keeping.after(current, report), at_end=True)
    return report


async def _begun(run: Run, spec: WalkSpec, progress: Progress | None) -> Pass:
    if progress is None:
        return Pass(pass_started_at=log.timestamp(run.started_at), ranges=spec.start)
    return await progress.begin_or_continue()


async def _forget_refused(spec: WalkSpec, current: Pass) -> None:
    """Forget what an earlier pass was refused: this one tried it again, and the database took it."""
    before = current.pass_started_at
    await spec.database.batch([sql.statement("backfill/forget_refused", bucket=spec.target.bucket, before=before)])


@dataclass
class _PageLog:
    """The log lines of a slice: at most one a second, and one at the end for what was not logged."""

    run: Run
    spec: WalkSpec
    pages: int = 0
    at: datetime | None = None

    def write(self, report: SliceReport) -> None:
        """Log the page, unless one was logged within the last second."""
        now = self.run.clock.now()
        if now - (self.at or self.run.started_at) >= LOG_EVERY:
            self._line(now, report)

    def end(self, report: SliceReport) -> None:
        """Log where the slice ended."""
        if report.pages > self.pages:
            self._line(self.run.clock.now(), report)

    def _line(self, now: datetime, report: SliceReport) -> None:
        self.at, self.pages = now, report.pages
        target = self.spec.target
        log.write(
            now,
            "info",
            "page",
            run_id=self.run.id,
            mode="live" if target.live else "dry",
            bucket=target.bucket,
            pages=report.pages,
            scanned=report.counts.scanned,
            last_key=report.position.last_key,
        )
