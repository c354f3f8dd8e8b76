"""A dry forgetting that keeps what it would delete as a plan."""

from __future__ import annotations

from dataclasses import asdict

from forget.call import Call
from forget.taking import take
from plans.forget_items import GoneNoter
from plans.making import Making, begin_draft


async def take_and_plan(call: Call, buckets: tuple[str, ...]) -> dict[str, object]:
    """Do the dry call, and keep its plan; return the report with it."""
    making = Making("forget", call.request.r2_bucket or "", asdict(call.request), call.run.id, call.ports.asker)
    draft = await begin_draft(call.database, call.run.clock, call.settings, making)
    report = await take(call, buckets, GoneNoter(call.database, draft))
    draft.forecast = report.get("forecast")
    draft.stopped_after = None if report["done"] else {"step": "forget", "after": [draft.items]}
    return {**report, "plan": await draft.finish()}
