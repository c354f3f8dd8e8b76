"""The part of a tick that asks R2 for the objects that two passes did not list."""

from __future__ import annotations

from cron.state import Tick
from missing.verify import Grace, Verifying


async def verify_missing(tick: Tick) -> dict[str, object]:
    """Verify what is missing of every bucket; a bucket whose R2 does not answer is noted, and the others go on."""
    grace = Grace(tick.settings.missing_grace_hours, tick.settings.head_limit)
    budget = tick.budget.part("verify")
    report: dict[str, object] = {}
    if budget.spent() == "subrequests":
        return {"not_verified": "the tick's budget is used up"}
    for bucket in tick.settings.buckets:
        try:
            report[bucket] = await Verifying(tick.ports, tick.run, budget, bucket, grace).verify()
        except Exception as error:  # noqa: BLE001  # noted; the other buckets have their turn
            report[bucket] = tick.failed(f"missing objects of {bucket}", error)
    return report
