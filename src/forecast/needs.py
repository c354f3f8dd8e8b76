"""What a piece of work needs, and how answers say it."""

from __future__ import annotations

from dataclasses import dataclass
from math import inf

from forecast.prices import MILLION, PRICES
from runs.costs import Rest

LIST_SECONDS, HEAD_SECONDS, BATCH_SECONDS = 0.15, 0.05, 0.02
"""How far away R2 and D1 are in production, roughly: 50 to 300 ms a list."""

WRITTEN_SECONDS, READ_SECONDS = 10e-6, 0.5e-6
"""SQL's own time for a row, as measured locally."""


@dataclass(frozen=True)
class Needs:
    """What a piece of work needs of the platform."""

    rows_read: float = 0
    rows_written: float = 0
    r2_lists: float = 0
    r2_heads: float = 0
    d1_batches: float = 0
    d1_statements: float = 0
    calls: float = 1
    """Requests until it is done."""

    def __add__(self, other: Needs) -> Needs:
        """Return both together, within the same requests."""
        return Needs(
            self.rows_read + other.rows_read,
            self.rows_written + other.rows_written,
            self.r2_lists + other.r2_lists,
            self.r2_heads + other.r2_heads,
            self.d1_batches + other.d1_batches,
            self.d1_statements + other.d1_statements,
            max(self.calls, other.calls),
        )

    @property
    def dollars(self) -> float:
        """The price, before what a plan includes."""
        figures = {"lists": self.r2_lists, "heads": self.r2_heads, "requests": self.calls}
        figures |= {"rows_read": self.rows_read, "rows_written": self.rows_written}
        return sum(PRICES[name] * count for name, count in figures.items()) / MILLION

    @property
    def seconds(self) -> float:
        """About how long it takes, one thing after the other."""
        calls = self.r2_lists * LIST_SECONDS + self.r2_heads * HEAD_SECONDS + self.d1_batches * BATCH_SECONDS
        return calls + self.rows_read * READ_SECONDS + self.rows_written * WRITTEN_SECONDS

    def passes(self, rest: Rest) -> bool:
        """Tell whether it is more than a day has left."""
        return self.rows_read > rest.rows_read or self.rows_written > rest.rows_written

    def report(self, rest: Rest) -> dict[str, object]:
        """Return the forecast as answers show it."""
        return {
            "rows_read": round(self.rows_read),
            "rows_written": round(self.rows_written),
            "r2_lists": round(self.r2_lists),
            "r2_heads": round(self.r2_heads),
            "d1_statements": round(self.d1_statements),
            "calls": round(self.calls),
            "dollars": round(self.dollars, 6),
            "seconds": round(self.seconds, 1),
            "share_of_day": {
                "rows_read": _share(self.rows_read, rest.rows_read),
                "rows_written": _share(self.rows_written, rest.rows_written),
            },
        }


def _share(needed: float, left: float) -> float | None:
    """Return how much of what the day has left is needed; None where there is no limit."""
    if left == inf:
        return None
    return round(needed / left, 4) if left > 0 else None
