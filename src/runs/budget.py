"""What an invocation may use: queries, calls, time and objects, as one whole that its parts have shares of."""

from __future__ import annotations

from dataclasses import dataclass, field, replace
from datetime import datetime, timedelta
from typing import Literal, Protocol

from limits import FEW
from ports import Asked, Bucket, Clock, Database
from runs.costs import SUBREQUESTS, Cost, MeteredBucket, MeteredDatabase, Rest, asked_of, next_day

RECOVERY_SECONDS = 100
"""A call of a recovery or an undo starts no new chunk after this, and a check within one no new query; `done` is then
false."""

Part = Literal["plan", "measure", "check", "merge", "walk", "verify"]

UP_TO: dict[Part, float] = {
    "plan": 0.3,
    "measure": 0.3,
    "check": 0.4,
    "merge": 0.8,
    "walk": 0.9,
    "verify": 0.96,
}
"""How much of the whole may be used when a part starts its last piece of work. What is above is for those after it: the
steps that follow a merge, and in the end the run's row, the lease and the alerts."""

UP_TO_OF_FEW: dict[Part, float] = {
    "plan": 0.3,
    "measure": 0.3,
    "check": 0.6,
    "merge": 0.5,
    "walk": 0.54,
    "verify": 0.58,
}
"""The same of fewer queries than `FEW`: a piece of work, and what follows a part, are then a large share. Held by
`tests/unit/runs/test_free_plan.py`, which enforces the limit."""

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

    @property
    def database(self) -> Database:
        """The run's database."""
        ...

    @property
    def queries(self) -> int:
        """How many queries and calls its invocation may make."""
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
    asked: Asked | None = None
    """What counts all that the invocation asks; None where nothing does, and only `cost` is known."""

    @classmethod
    def of_run(cls, run: Timed, seconds: float, max_objects: int | None = None) -> Budget:
        """Return the budget of an invocation, which starts no new work `seconds` after its run began."""
        deadline = run.started_at + timedelta(seconds=seconds)
        asked = asked_of(run.database)
        return cls(run.clock, deadline, run.queries, max_objects=max_objects, rest=run.rest, asked=asked)

    @property
    def used(self) -> int:
        """How many queries and calls were made so far."""
        return max(self.cost.subrequests, self.asked.calls if self.asked else 0)

    def spent(self, listed: int = 0) -> Spent | None:
        """Return what is used up, where `listed` objects were listed; None where work may continue."""
        if self.max_objects is not None and listed >= self.max_objects:
            return "max_objects"
        if self.clock.now() >= self.deadline:
            return "time"
        if self.rest.used_up(self.cost):
            return "quota"
        return "subrequests" if self.used >= self.subrequests else None

    def part(self, name: Part, *, until: datetime | None = None) -> Budget:
        """Return the budget of a part of the invocation, which may end earlier than the whole."""
        deadline = self.deadline if until is None else min(self.deadline, until)
        up_to = UP_TO_OF_FEW if self.subrequests < FEW else UP_TO
        return replace(self, deadline=deadline, subrequests=int(self.subrequests * up_to[name]))

    def share(self, parts: int, objects: int | None) -> Budget:
        """Return an even share of what is left of time and subrequests, and of `objects`, for one of `parts`."""
        now, used = self.clock.now(), self.used
        return replace(
            self,
            deadline=now + (self.deadline - now) / parts,
            subrequests=used + (self.subrequests - used) // parts,
            max_objects=None if objects is None else -(-objects // parts),
        )

    def continuing(self) -> dict[str, str]:
        """Return when work goes on that the rows of the day ended, as answers say it; nothing where they did not."""
        return {"continues_at": next_day(self.clock.now())} if self.rest.used_up(self.cost) else {}

    def has(self, calls: int) -> bool:
        """Tell whether the invocation has so many calls left, beside those for its end."""
        return self.asked is None or self.asked.has(calls)

    def metered(self, database: Database) -> MeteredDatabase:
        """Return the database, what it does counted."""
        return MeteredDatabase(database, self.cost)

    def metered_bucket(self, bucket: Bucket) -> MeteredBucket:
        """Return the bucket, what it does counted."""
        return MeteredBucket(bucket, self.cost)
