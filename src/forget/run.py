"""A forgetting as a recorded run: what is refused before it starts, and how it ended."""

from __future__ import annotations

from collections.abc import Awaitable, Callable
from dataclasses import asdict

from forget.call import Call, ForgetRequest, buckets
from forget.taking import take
from ports import Ports
from runs.budget import RECOVERY_SECONDS, Budget
from runs.record import Opening, fail_run, open_run
from settings import Settings
from words import RunMode

How = Callable[[Call, tuple[str, ...]], Awaitable[dict[str, object]]]
"""What does a call, for the rows of some buckets, and returns its report."""


async def forget(ports: Ports, settings: Settings, request: ForgetRequest, how: How = take) -> dict[str, object]:
    """Do one call of a forgetting, as `how` does, and return its report.

    Raises InputError for a wrong bucket, and RefusedError where a live call may not begin; then nothing was changed.
    A platform error ends the run as failed; what was forgotten before it stays so, and the next call continues.
    """
    wanted, live = buckets(settings, request), not request.dry_run
    mode: RunMode = "live" if live else "dry"
    asked = asdict(request)
    opening = Opening(
        "forget",
        mode,
        "http",
        asked,
        exclusive=live,
        writes=live,
        asker=ports.asker,
        daily=settings,
        supersedes=(request.r2_bucket or "") if request.plan is None else None,
    )
    run = await open_run(ports.database, ports.clock, opening)
    call = Call(ports, settings, request, run, Budget.of_run(run, RECOVERY_SECONDS))
    try:
        report = await how(call, wanted)
    except Exception as error:
        await fail_run(run, error, cost=call.budget.cost)
        raise
    await run.close("succeeded" if report["done"] else "stopped", counts=report, cost=call.budget.cost)
    return report
