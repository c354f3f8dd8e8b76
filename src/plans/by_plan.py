"""What the sagas share that do only what a plan says: the work on it, and what the answer says of that."""

from __future__ import annotations

from dataclasses import dataclass

from plans.work import Work
from recovery.saga import Saga


@dataclass
class ByPlan(Saga):
    """A recovery by a plan."""

    work: Work | None = None

    @property
    def at_work(self) -> Work:
        """The work on the plan, once it is begun."""
        if self.work is None:
            raise ValueError("the plan is not begun")
        return self.work

    def report(self) -> dict[str, object]:
        """Return the body of `POST /recover`."""
        return {**super().report(), "plan": self.work.report() if self.work else None}
