"""What an invocation may use: queries, calls, time and objects, as one whole that its parts have shares of."""

from __future__ import annotations

from dataclasses import dataclass, field, replace
from datetime import datetime, timedelta
from typing import Literal, Protocol

from ports import Bucket, Clock, Database
from runs.costs import Cost, MeteredBucket, MeteredDatabase, Rest

SUBREQUESTS = 1_000
"""D1 takes so many queries of an invocation, and Workers so many subrequests (d1/platform/limits)."""

RECOVERY_SECONDS = 100
"""A call of a recovery or an undo starts no new chunk after this, and a check within one no new query; `done` is then
false."""

Part = Literal["plan", "measure", "check", "merge", "walk", "verify"]

UP_TO: dict[Part, float] = {"plan": 0.3, "measure": 0.3, "check": 0.4, "merge": 0.8, "walk": 0.9, "verify": 0.96}
"""How much of the whole may be used when a part starts its last piece of work. What is above is for those after it: the
steps that follow a merge, and in the end the run's row, the lease and the alerts."""

Spent = Literal["max_objects", "time", "subrequests", "quota"]


class Timed(Protocol):
    """A run, by when it began."""

    @property
    def clock(self) -> Clock:
        """The run's clock."""
        ...

    @property
    def started_at(self) -> datetime:
        """When it began."""
        ...

    @property
    def rest(self) -> Rest:
        """What the day has left for it."""
        ...


@dataclass(frozen=True)
class Budget:
    """What may be used, and in `cost` what was used so far; the parts of an invocation share one `cost`."""

    clock: Clock
    deadline: datetime
    subrequests: int = SUBREQUESTS
    max_objects: int | None = None
    """How many objects may be listed."""
    rest: Rest = field(default_factory=Rest)
    """The rows that may be read and written, by the invocation as a whole."""
    cost: Cost = field(default_factory=Cost)

    @classmethod
    def of_run(cls, run: Timed, seconds: float, max_objects: int | None = None) -> Budget:
        """Return the budget of an invocation, which starts no new work `seconds` after its run began."""
        return cls(run.clock, run.started_at + timedelta(seconds=seconds), max_objects=max_objects, rest=run.rest)

    def spent(self, listed: int = 0) -> Spent | None:
        """Return what is used up, where `listed` objects were listed; None where work may continue."""
        if self.max_objects is not None and listed >= self.max_objects:
            return "max_objects"
        if self.clock.now() >= self.deadline:
            return "time"
        if self.rest.used_up(self.cost):
            return "quota"
        return "subrequests" if self.cost.subrequests >= self.subrequests else None

    def part(self, name: Part, *, until: datetime | None = None) -> Budget:
        """Return the budget of a part of the invocation, which may end earlier than the whole."""
        deadline = self.deadline if until is None else min(self.deadline, until)
        return replace(self, deadline=deadline, subrequests=int(self.subrequests * UP_TO[name]))

    def share(self, parts: int, objects: int | None) -> Budget:
        """Return an even share of what is left of time and subrequests, and of `objects`, for one of `parts`."""
        now, used = self.clock.now(), self.cost.subrequests
        return replace(
            self,
            deadline=now + (self.deadline - now) / parts,
            subrequests=used + (self.subrequests - used) // parts,
            max_objects=None if objects is None else -(-objects // parts),
        )

    def metered(self, database: Database) -> MeteredDatabase:
        """Return the database, what it does counted."""
        return MeteredDatabase(database, self.cost)

    def metered_bucket(self, bucket: Bucket) -> MeteredBucket:
        """Return the bucket, what it does counted."""
        return MeteredBucket(bucket, self.cost)
