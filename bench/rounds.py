"""Measure several ways of doing the same, side by side: round after round in one order, and ratios within a round.

The machine's own speed changes from minute to minute, so only what one round holds is compared.
"""

from __future__ import annotations

import statistics
import sys
import time
from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass
from typing import TypeVar

T = TypeVar("T")
ROUNDS = 5


@dataclass(frozen=True)
class Spread:
    """The lowest, the middle and the highest of several rounds."""

    low: float
    median: float
    high: float

    def __str__(self) -> str:
        return f"{self.median:,.3g} ({self.low:,.3g} to {self.high:,.3g})"

    def rounded(self) -> dict[str, float]:
        """Return the figures for the results file."""
        return {"min": round(self.low, 4), "median": round(self.median, 4), "max": round(self.high, 4)}


def spread(values: Iterable[float]) -> Spread:
    """Return the spread of the rounds."""
    listed = sorted(values)
    return Spread(listed[0], statistics.median(listed), listed[-1])


def ratios(ours: Sequence[float], others: Sequence[float]) -> Spread:
    """Return how many times as long the others took, round by round: over 1, we are faster."""
    return spread(other / mine for mine, other in zip(ours, others, strict=True))


def interleaved(ways: Mapping[str, Callable[[], T]], rounds: int, what: str) -> dict[str, list[T]]:
    """Return what each way gave in each round, in the order A B C, A B C."""
    found: dict[str, list[T]] = {name: [] for name in ways}
    for number in range(rounds):
        for name, way in ways.items():
            progress(f"{what}: round {number + 1} of {rounds}, {name}")
            found[name].append(way())
    progress("")
    return found


def progress(text: str) -> None:
    """Show how far it is: one line that overwrites itself, on a terminal; else nothing but stderr's own line."""
    if sys.stderr.isatty():
        print(f"\r\x1b[K  {text}", end="", file=sys.stderr, flush=True)
    elif text:
        print(f"  {time.strftime('%H:%M:%S')} {text}", file=sys.stderr, flush=True)
