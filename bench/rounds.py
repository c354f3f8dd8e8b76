"""Measure several ways of doing the same, side by side: round after round, and ratios within a round.

The machine's own speed changes from minute to minute, so only what one round holds is compared. Each round begins with
another way, so that no way always comes first or always after the same one.
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
PLAIN = 1000
"""From here on a figure is shown in whole numbers."""


@dataclass(frozen=True)
class Spread:
    """The lowest, the middle and the highest of several rounds."""

    low: float
    median: float
    high: float

    def __str__(self) -> str:
        return f"{_short(self.median)} ({_short(self.low)} to {_short(self.high)})"

    def rounded(self) -> dict[str, float]:
        """Return the figures for the results file."""
        return {"min": round(self.low, 4), "median": round(self.median, 4), "max": round(self.high, 4)}


@dataclass(frozen=True)
class Ratio:
    """How many times as long one took as another: round by round, and the medians of all rounds beside each other."""

    rounds: Spread
    medians: float

    def __str__(self) -> str:
        return f"{self.rounds}; of the medians {self.medians:.3g}"

    @property
    def median(self) -> float:
        """The median of the rounds' ratios: what is held."""
        return self.rounds.median

    def rounded(self) -> dict[str, float]:
        """Return the figures for the results file."""
        return {**self.rounds.rounded(), "of_medians": round(self.medians, 4)}


def _short(value: float) -> str:
    return f"{value:,.0f}" if abs(value) >= PLAIN else f"{value:.3g}"


def spread(values: Iterable[float]) -> Spread:
    """Return the spread of the rounds."""
    listed = sorted(values)
    return Spread(listed[0], statistics.median(listed), listed[-1])


def ratio(of: Sequence[float], to: Sequence[float]) -> Ratio:
    """Return how many times as long `of` took as `to`."""
    rounds = spread(one / other for one, other in zip(of, to, strict=True))
    return Ratio(rounds, statistics.median(of) / statistics.median(to))


def interleaved(ways: Mapping[str, Callable[[], T]], rounds: int, what: str) -> dict[str, list[T]]:
    """Return what each way gave in each round; the order is A B C, then B C A, and so on."""
    found: dict[str, list[T]] = {name: [] for name in ways}
    for number in range(rounds):
        for name in rotated(list(ways), number):
            progress(f"{what}: round {number + 1} of {rounds}, {name}")
            found[name].append(ways[name]())
    progress("")
    return found


def rotated(names: Sequence[str], by: int) -> list[str]:
    """Return the names beginning with another one each round."""
    start = by % len(names)
    return [*names[start:], *names[:start]]


def progress(text: str) -> None:
    """Show how far it is: one line that overwrites itself, on a terminal; else nothing but stderr's own line."""
    if sys.stderr.isatty():
        print(f"\r\x1b[K  {text}", end="", file=sys.stderr, flush=True)
    elif text:
        print(f"  {time.strftime('%H:%M:%S')} {text}", file=sys.stderr, flush=True)
