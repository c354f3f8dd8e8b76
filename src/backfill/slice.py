"""One slice of a walk under a run: the lease is kept, the progress stored, and the pages logged."""

from __future__ import annotations

from collections.abc import AsyncGenerator
from contextlib import aclosing
from dataclasses import dataclass, replace
from datetime import datetime, timedelta

import log
from backfill.completion import complete
from backfill.passes import Keeper, Pass
from backfill.progress import Progress
from backfill.spec import SliceReport, WalkSpec
from backfill.walk import walk
from errors import LeaseLostError
from runs.record import Run

COMPLETION = 20
"""Calls that the end of a pass takes, and what follows it in a tick: its certificate, its storing, the alerts."""

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
        spec = _of_pass(run, spec, progress, current)
    report, lines = SliceReport(spec.start), _PageLog(run, spec)
    try:
        async for report in _pages(run, spec, progress):
            lines.write(report)
        if progress and spec.keeper and report.complete:
            report = await _completed(spec, progress, spec.keeper, report)
    except Exception as error:  # noqa: BLE001  # the caller says what it means, beside what was done before it
        report = replace(report, stopped="error", failure=error)
    lines.end(report)
    if progress and spec.keeper and not report.complete and not isinstance(report.failure, LeaseLostError):
        stands = report.of_pass(spec.keeper.current)
        failed = int(report.stopped == "error")
        await progress.save(replace(stands, errors=stands.errors + failed), at_end=True)
    return report


async def _completed(spec: WalkSpec, progress: Progress, keeper: Keeper, report: SliceReport) -> SliceReport:
    """Complete the pass; where too little is left for that, the next slice does, which finds nothing more to list."""
    if not spec.budget.has(COMPLETION):
        return replace(report, complete=False, stopped="subrequests")
    await complete(spec, progress, keeper, report)
    return report


async def _pages(run: Run, spec: WalkSpec, progress: Progress | None) -> AsyncGenerator[SliceReport, None]:
    """Walk; yield after each transaction, and last with the reason why it stopped. Each is stored when it is time."""
    async with aclosing(walk(spec)) as walked:
        async for report in walked:
            yield report
            if report.stopped:
                return
            await run.renew()
            if progress and spec.keeper and not report.complete:
                await progress.save(report.of_pass(spec.keeper.current), at_end=False)
            if run.paused_now and not report.complete:
                yield replace(report, stopped="paused")
                return


def _of_pass(run: Run, spec: WalkSpec, progress: Progress, current: Pass) -> WalkSpec:
    """Return the walk that continues a pass; a live one notes where it stands."""
    keeper = progress.keep(run, current) if spec.target.live else None
    # Only a pass tries again what was refused: a run from a position would meet it at each call.
    since = current.pass_started_at
    return replace(spec, start=current.ranges, trust_cursor=False, since=since, keeper=keeper)


async def _begun(run: Run, spec: WalkSpec, progress: Progress | None) -> Pass:
    if progress is None:
        return Pass(pass_started_at=log.timestamp(run.started_at), ranges=spec.start)
    return await progress.begin_or_continue(spec.lanes)


@dataclass
class _PageLog:
    """The log lines of a slice: at most one a second, and one at the end for what was not logged."""

    run: Run
    spec: WalkSpec
    pages: int = 0
    at: datetime | None = None

    def write(self, report: SliceReport) -> None:
        """Log the page, unless it is the last or one was logged within the last second."""
        now = self.run.clock.now()
        if report.stopped is None and now - (self.at or self.run.started_at) >= LOG_EVERY:
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
