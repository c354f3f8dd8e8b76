"""What the summary says of the pass over each bucket."""

from __future__ import annotations

from backfill.passes import Pass
from backfill.progress import Progress
from errors import PlatformError
from ports import Ports


async def pass_report(ports: Ports, bucket: str) -> dict[str, object]:
    """Return how far the pass over a bucket is; a KV that does not answer is reported, not taken for no pass."""
    try:
        stored = await Progress(ports, bucket, "").load()
    except PlatformError as error:
        return {"bucket": bucket, "error": error.sentence()}
    return {"bucket": bucket, **_progress(stored)}


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
    }
