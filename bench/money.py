"""What measured calls and rows come to in money, by Cloudflare's published prices. Pure arithmetic.

Datapoints are left out: nobody knows how many an object has. What the plan includes is not taken off.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

from forecast.prices import MILLION, PRICES

STORAGE_GB_MONTH = 0.75
DATABASE_GB = 10
"""Where a database of D1 ends: no plan has a larger one."""

GB = 10**9
TICKS_A_DAY = 96
TICK_OBJECTS = 20_000
PAUSE_DAYS = 1.0
"""PASS_INTERVAL_HOURS: from the end of a pass to the beginning of the next."""

DAYS = 30

Figures = Mapping[str, float]


def dollars(figures: Figures) -> float:
    """Return the price of so many calls and rows; what has no price of its own is free."""
    return sum(PRICES[name] * figures.get(name, 0.0) for name in PRICES) / MILLION


@dataclass(frozen=True)
class Measured:
    """What the forecast goes by: per 1,000 objects, per tick, per row of a full check, and bytes."""

    new: Figures
    unchanged: Figures
    tick: Figures
    artifact_bytes: float
    artifact_reads: float
    """Rows that a full check reads for each."""
    datapoint_bytes: float
    datapoint_reads: float


@dataclass(frozen=True)
class Forecast:
    """What so many objects cost, at the default settings."""

    objects: int
    pass_days: float
    passes_a_month: float
    """Unchanged ones; less than one where a pass takes longer than a month."""
    first_pass: float
    unchanged_pass: float
    month_of_ticks: float
    month_of_checks: float
    month_of_storage: float
    database_gb: float

    @property
    def databases(self) -> int:
        """How many databases the artifacts alone need."""
        return max(1, -int(-self.database_gb // DATABASE_GB))

    @property
    def month(self) -> float:
        """Dollars a month once the first pass is done."""
        passes = self.passes_a_month * self.unchanged_pass
        return passes + self.month_of_ticks + self.month_of_checks + self.month_of_storage


def forecast(measured: Measured, objects: int) -> Forecast:
    """Return what so many objects cost, where every one is classified as in the measurement."""
    pass_days = objects / (TICK_OBJECTS * TICKS_A_DAY)
    size = objects * measured.artifact_bytes / GB
    return Forecast(
        objects=objects,
        pass_days=pass_days,
        passes_a_month=DAYS / (pass_days + PAUSE_DAYS),
        first_pass=dollars(measured.new) * objects / 1000,
        unchanged_pass=dollars(measured.unchanged) * objects / 1000,
        month_of_ticks=dollars({**measured.tick, "requests": 1}) * TICKS_A_DAY * DAYS,
        month_of_checks=dollars({"rows_read": measured.artifact_reads * objects}) * DAYS,
        month_of_storage=size * STORAGE_GB_MONTH,
        database_gb=size,
    )
