"""What one walk does, and what it says of how far it came."""

from __future__ import annotations

from dataclasses import dataclass, field, replace

from backfill.chain import MODULUS, interval
from backfill.counts import Counts
from backfill.page import Noter, Written
from backfill.passes import Keeper, Marks, Pass
from backfill.ranges import Position, Ranges, everything_up_to, whole
from backfill.target import Target
from ports import Bucket, Database
from runs.budget import Budget
from settings import Settings
from words import StopReason


@dataclass(frozen=True)
class Limits:
    """Missing objects beyond which a pass tells no verdict: small losses hide in percentages, large ones in counts."""

    missing: int
    percent: int
    canaries: int = 5
    """Objects that R2 is asked for again at the end."""


@dataclass(frozen=True)
class WalkSpec:
    """What one walk does."""

    target: Target
    database: Database
    bucket: Bucket
    budget: Budget
    start: Ranges = field(default_factory=whole)
    lanes: int = 1
    """How many ranges are listed at once."""
    trust_cursor: bool = True
    """True for a cursor that a caller gave; where R2 refuses any other, the walk continues from the last key."""
    slack_seconds: int = 900
    """By how much an upload may come after the moment in its row."""
    since: str = ""
    """What was refused at this time or later is passed over."""
    keeper: Keeper | None = None
    """Notes where a pass stands, in the transaction of each page that is written."""
    noter: Noter | None = None
    """Keeps what a dry walk would write."""
    limits: Limits = field(default_factory=lambda: Limits(1000, 10))
    """With more missing objects than these, a pass tells no verdict."""

    @classmethod
    def of(cls, settings: Settings, target: Target, database: Database, bucket: Bucket, budget: Budget) -> WalkSpec:
        """Return a walk from the beginning as the settings want it, with the lanes that its objects are worth."""
        lanes = lanes_of(settings, budget.max_objects)
        limits = Limits(settings.missing_limit, settings.missing_limit_percent, settings.limits.canaries)
        slack = settings.clock_slack_seconds
        return cls(target, database, bucket, budget, lanes=lanes, slack_seconds=slack, limits=limits)


LANE_OBJECTS = 5000
"""Fewer objects are not worth a lane of their own."""


def lanes_of(settings: Settings, max_objects: int | None) -> int:
    """Return how many lanes a walk of at most `max_objects` objects gets under these settings."""
    return lanes_for(max_objects, min(settings.walk_lanes, settings.limits.most_lanes))


def lanes_for(max_objects: int | None, most: int) -> int:
    """Return how many lanes, up to `most`, a walk of at most `max_objects` objects is worth."""
    return most if max_objects is None else max(1, min(most, max_objects // LANE_OBJECTS))


@dataclass(frozen=True)
class SliceReport:
    """What a walk did so far, where it stands, and why it stopped, once it has."""

    ranges: Ranges
    counts: Counts = field(default_factory=Counts)
    pages: int = 0
    repeated: int = 0
    """Transactions that were sent again after a passing failure."""
    marks: Marks = field(default_factory=Marks)
    chain: int = 0
    """What the intervals of the pass's pages add up to; see `backfill.chain`."""
    complete: bool = False
    stopped: StopReason | None = None
    failure: Exception | None = None
    """What ended it, where it stopped because of an error."""

    @property
    def position(self) -> Position:
        """Up to where everything is done."""
        return everything_up_to(self.ranges)

    def of_pass(self, began: Pass) -> Pass:
        """Return the pass that stood so when the slice began, as it stands now."""
        counts = began.counts + self.counts
        return replace(began, ranges=self.ranges, counts=counts, marks=self.marks, chain=self.chain)

    def further(self, written: Written, ranges: Ranges, after: str | None) -> SliceReport:
        """Return the report after one more part, which follows key `after`, where the ranges stand so."""
        return replace(
            self,
            ranges=ranges,
            chain=(self.chain + interval(after, written.last_key)) % MODULUS,
            counts=self.counts + written.counts,
            repeated=self.repeated + written.repeated,
        )

    def page_counts(self) -> dict[str, int]:
        """Return the pages walked, and how many of them were sent again where any was."""
        again = {"repeated_pages": self.repeated} if self.repeated else {}
        return {"pages": self.pages, **again}
