"""The part of a tick that is for the passes: it walks them, or keeps a flow for each that is under way or due."""

from __future__ import annotations

from backfill.passes import Pass
from backfill.progress import Progress
from backfill.spec import lanes_for
from backfill.target import read_target
from cron.passes import due, not_due, walk_buckets
from cron.state import Tick
from flow.keeping import Keeping, keep_flow
from ports import Flows


async def pass_part(tick: Tick) -> dict[str, object]:
    """Bring the passes of all buckets forward, and return what was done for each."""
    flows = tick.ports.flows
    return await keep_flows(tick, flows) if flows and tick.settings.by_flow else await walk_buckets(tick)


async def keep_flows(tick: Tick, flows: Flows) -> dict[str, object]:
    """See that each pass has a flow that lives, and return which one and how it stands."""
    if tick.run.paused_by is not None:
        return {"not_walked": f"paused by {tick.run.paused_by}"}
    report: dict[str, object] = {}
    for bucket in tick.settings.buckets:
        try:
            report[bucket] = await _kept(tick, flows, bucket)
        except Exception as error:  # noqa: BLE001  # noted; the other buckets have their turn
            report[bucket] = tick.failed(f"backfill of {bucket}", error)
    return report


async def _kept(tick: Tick, flows: Flows, bucket: str) -> dict[str, object]:
    progress = Progress(tick.ports, bucket, "")
    stored = await progress.load()
    if stored is not None and not due(tick, stored):
        return not_due(stored)
    # What would fail each step of the flow fails the tick, which is alerted.
    await read_target(tick.ports.database, bucket, "", live=True)
    current = stored if stored and not stored.completed_at else await _begun(tick, progress)
    kept = await keep_flow(tick.ports, flows, bucket, current.pass_started_at)
    if kept.started and kept.before == "errored":
        tick.errors.append(f"backfill of {bucket}: a flow failed, {kept.instance.name} follows: GET /runs?kind=slice")
    return {"instance": kept.instance.name, "state": _state(kept)}


async def _begun(tick: Tick, progress: Progress) -> Pass:
    """Return a new pass, which is stored: its flow has its name from when it began."""
    lanes = lanes_for(tick.settings.tick_max_objects, tick.settings.walk_lanes)
    current = await progress.begin_or_continue(lanes)
    progress.keep(tick.run, current)
    await progress.save(current, at_end=True)
    return current


def _state(kept: Keeping) -> str:
    if not kept.started:
        return kept.before
    if kept.stalled:
        return "started, the one before was not at work any more"
    return "started" if kept.before == "absent" else f"started, the one before was {kept.before}"
