"""What a pass asks of the platform per 1,000 objects, and what that comes to in money."""

from __future__ import annotations

from dataclasses import dataclass

from bench.subject import Subject, started
from bench.verdicts import Results
from tooling.table import table

OBJECTS = 10_000
MILLION = 1_000_000
PRICES = {"r2_lists": 4.50, "rows_read": 0.001, "rows_written": 1.00}
"""Dollars a million, beyond what the plan includes: R2 class A, D1 rows read, D1 rows written (2026-11)."""

PASSES_A_MONTH = 30
READS_AN_UNCHANGED_OBJECT = 3
WRITES_A_NEW_OBJECT = 2
NAMES = ("r2_lists", "d1_batches", "rows_read", "rows_written")


@dataclass(frozen=True)
class PerThousand:
    """What 1,000 objects cost, new or unchanged."""

    figures: dict[str, float]

    def dollars(self, objects: int) -> float:
        """Return the price of a pass over so many objects."""
        return sum(PRICES[name] * self.figures[name] * objects / 1000 / MILLION for name in PRICES)


def measure(results: Results) -> None:
    """Measure, hold against the promises, and forecast."""
    with started(objects=OBJECTS) as subject:
        new, unchanged = (_pass(subject) for _ in range(2))
    rows = [(name, *(f"{one.figures[name]:,.1f}" for one in (new, unchanged))) for name in NAMES]
    print(f"\nPer 1,000 objects ({OBJECTS:,} walked, nine in ten classified)\n")
    print(table(("", "new", "unchanged"), rows))
    print()
    classified = 0.9 * 1000
    calls = {(one.figures["r2_lists"], one.figures["d1_batches"]) for one in (new, unchanged)}
    results.hold("calls per 1,000 objects", sorted(calls), "1 list and 1 batch", holds=calls == {(1.0, 1.0)})
    written = new.figures["rows_written"] / classified
    results.hold("rows written per new row", round(written, 3), "2", holds=written == WRITES_A_NEW_OBJECT)
    again = unchanged.figures["rows_written"]
    results.hold("rows written per unchanged object", again, "0", holds=again == 0)
    read = unchanged.figures["rows_read"] / 1000
    wanted = f"≤ {READS_AN_UNCHANGED_OBJECT}"
    results.hold("rows read per unchanged object", round(read, 3), wanted, holds=read <= READS_AN_UNCHANGED_OBJECT)
    results.keep("per 1,000 objects", {"new": new.figures, "unchanged": unchanged.figures})
    _forecast(results, new, unchanged)


def _pass(subject: Subject) -> PerThousand:
    cost = subject.post("/backfill", {"dry_run": False, "max_objects": OBJECTS}).body["cost"]
    return PerThousand({name: cost[name] * 1000 / OBJECTS for name in NAMES})


def _forecast(results: Results, new: PerThousand, unchanged: PerThousand) -> None:
    sizes = (1, 10, 100)
    forecast = {size: (new.dollars(size * MILLION), unchanged.dollars(size * MILLION)) for size in sizes}
    rows = [
        (f"{size} million", f"${first:,.2f}", f"${again:,.4f}", f"${PASSES_A_MONTH * again:,.2f}")
        for size, (first, again) in forecast.items()
    ]
    print("\nIn money, before what the plan includes\n")
    print(table(("objects", "first pass", "an unchanged pass", f"{PASSES_A_MONTH} of them"), rows))
    results.keep(
        "forecast in dollars",
        {f"{size} million": {"first": round(a, 4), "unchanged": round(b, 5)} for size, (a, b) in forecast.items()},
    )
