"""What the summary says of the pass over each bucket: how far it is, how fast, and what walks it."""

from __future__ import annotations

from datetime import datetime

from backfill.passes import Pass
from backfill.progress import Progress
from backfill.ranges import Ranges
from errors import PlatformError
from flow.instance import named
from ports import Ports, Row
from settings import Settings


async def pass_reports(ports: Ports, settings: Settings, instances: list[Row]) -> list[dict[str, object]]:
    """Return how far the pass over each bucket is; `instances` are the rows of `flow/read_instances`."""
    return [await _report(ports, settings, bucket, instances) for bucket in settings.buckets]


async def _report(ports: Ports, settings: Settings, bucket: str, instances: list[Row]) -> dict[str, object]:
    """Return how far one pass is; a KV that does not answer is reported, not taken for no pass."""
    try:
        stored = await Progress(ports, bucket, "").load()
    except PlatformError as error:
        return {"bucket": bucket, "error": error.sentence()}
    engine = {"engine": "workflow" if settings.by_flow else "cron", "instance": _instance(stored, bucket, instances)}
    return {"bucket": bucket, **_progress(stored), **engine, **_pace(stored, ports.clock.now())}


def _instance(stored: Pass | None, bucket: str, instances: list[Row]) -> str | None:
    """Return the instance of the flow that walks, or walked, the pass; None where it was never one's."""
    found = None if stored is None else named(instances, bucket, stored.pass_started_at)
    return None if found is None else found.name


def _progress(stored: Pass | None) -> dict[str, object]:
    if stored is None:
        return {
            "state": "never started",
            "pass_started_at": None,
            "completed_at": None,
            "counts": None,
            "previous": None,
        }
    return {
        "state": "complete" if stored.completed_at else "under way",
        "pass_started_at": stored.pass_started_at,
        "completed_at": stored.completed_at,
        "last_key": stored.position.last_key,
        "counts": stored.counts.report(),
        "previous": stored.previous.report() if stored.previous else None,
        "expected_objects": stored.previous.scanned if stored.previous else None,
        "ranges": [] if stored.completed_at else readable_ranges(stored.ranges),
    }


def readable_ranges(ranges: Ranges) -> list[dict[str, object]]:
    """Return the ranges of a pass as answers list them."""
    return [{"from": one.after, "until": one.until, "last": one.position.last_key, "done": one.done} for one in ranges]


def _pace(stored: Pass | None, now: datetime) -> dict[str, object]:
    """Return the objects a second since the pass began, and the seconds left as the pass before lets expect."""
    if stored is None or stored.completed_at or stored.counts.scanned == 0:
        return {"objects_per_second": None, "seconds_left": None}
    elapsed = (now - datetime.fromisoformat(stored.pass_started_at)).total_seconds()
    rate = stored.counts.scanned / max(elapsed, 1)
    left = stored.previous.scanned - stored.counts.scanned if stored.previous else 0
    return {"objects_per_second": round(rate, 1), "seconds_left": round(left / rate) if left > 0 else None}
