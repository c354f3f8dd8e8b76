"""What answers and a run's row say of a walk."""

from __future__ import annotations

from typing import NoReturn, Protocol

from backfill.cursor import encode
from backfill.ranges import everything_up_to, whole
from backfill.spec import SliceReport, WalkSpec
from backfill.target import Target
from errors import CursorError, InputError
from forecast.work import backfill
from runs.record import Run, fail_run


class Planning(Protocol):
    """Keeps what a dry walk would do."""

    async def begin(self, run: Run, spec: WalkSpec) -> WalkSpec:
        """Return the walk as it is to be done."""
        ...

    async def finish(self, report: SliceReport) -> object:
        """Return what the answer says of it."""
        ...


def kept(target: Target, report: SliceReport) -> dict[str, object]:
    """Return what the run's row keeps: the counts, where the next call continues, and why this one stopped."""
    return {**report.counts.report(), **_place(target, report), "stopped_because": report.stopped}


def _place(target: Target, report: SliceReport) -> dict[str, object]:
    """Return where the next call continues; a complete walk has no such place."""
    ranges = whole() if report.complete else report.ranges
    token = None if ranges == whole() else encode(target.bucket, target.prefix, ranges)
    place = {"truncated": not report.complete, "cursor": token, "start_after": everything_up_to(ranges).last_key}
    return {**place, **report.page_counts()}


def body(run: Run, spec: WalkSpec, report: SliceReport) -> dict[str, object]:
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
        **_note(spec.target),
        **(spec.budget.continuing() if report.stopped == "quota" else {}),
        **foretold(run, spec.target, report),
    }


def foretold(run: Run, target: Target, report: SliceReport) -> dict[str, object]:
    """Return what a live run would need to do what a dry one counted."""
    if target.live:
        return {}
    counts = report.counts
    return {"forecast": backfill(counts.scanned, counts.inserted, counts.upgraded).report(run.rest)}


def _note(target: Target) -> dict[str, str]:
    """Return what else a dry run's prefix lists: it means what was asked, byte for byte."""
    if target.live or not target.prefix or target.prefix.endswith("/"):
        return {}
    return {"note": f"The prefix '{target.prefix}' also lists '{target.prefix}2/…'."}


async def fail(run: Run, spec: WalkSpec, report: SliceReport, failure: Exception) -> NoReturn:
    """End the run as failed and raise what ended it; a cursor that R2 refuses is the caller's to correct."""
    cost = spec.budget.cost
    if not isinstance(failure, CursorError):
        await fail_run(run, failure, counts=kept(spec.target, report), cost=cost)
        raise failure
    await run.close("failed", cost=cost, error=failure.sentence())
    hint = "Send start_after with the last key instead: it does not depend on R2's cursor."
    refused = InputError("cursor", f"R2 refused the cursor: {failure}", hint=hint, status=400)
    refused.run_id = run.id
    raise refused from failure
