"""What a plan of Cloudflare's lets a Worker use, as far as the Worker keeps to it.

Sources: d1/platform/limits (2026-04-21) and d1/platform/pricing (2026-04-21), kv/platform/limits,
workers/platform/limits. Whether D1 counts a batch as one query or as its statements is not documented: each statement
is counted.
"""

from __future__ import annotations

from dataclasses import dataclass
from datetime import timedelta

FEW = 100
"""With fewer queries than this, work is taken in small steps, one a call."""


@dataclass(frozen=True)
class PlanLimits:
    """What an invocation, and a day, may use; 0 sets no limit of the day."""

    queries: int
    """Of an invocation: D1's queries, and the calls to R2, KV and other servers with them."""
    rows_read: int = 0
    rows_written: int = 0
    kv_writes: int = 0
    most_lanes: int = 6
    """What lists ahead of what is written may list in vain, and uses up calls that are few."""
    canaries: int = 5
    """Objects that R2 is asked for again at the end of a pass."""

    @property
    def few(self) -> bool:
        """Whether an invocation has few queries."""
        return self.queries < FEW

    def copy_every(self, buckets: int) -> timedelta:
        """Return how far apart KV's copies of a pass are: those of all buckets stay a tenth below the day's writes."""
        return timedelta(days=buckets / (0.9 * self.kv_writes)) if self.kv_writes else timedelta(0)


LIMITS = {
    "paid": PlanLimits(queries=1_000),
    "free": PlanLimits(
        queries=50, rows_read=5_000_000, rows_written=100_000, kv_writes=1_000, most_lanes=1, canaries=2
    ),
}
