"""What a step of a recovery reports."""

from __future__ import annotations

from dataclasses import dataclass, field

STATEMENTS = 800
"""No new chunk starts after so many: D1 takes 1,000 queries of an invocation, and the steps after need theirs."""

MEASURE_STATEMENTS = 300
"""A recovery's first check takes no more than about so many."""

ALL_STATEMENTS = 960
"""A recovery's last check stops before the call has made so many."""


@dataclass
class Step:
    """One step: how many things were wrong before and are after, how many it changed, and examples.

    In a dry run `after` and `changed` are what a live run would bring.
    """

    name: str
    before: int
    after: int
    changed: int = 0
    sample: list[object] = field(default_factory=list)
    error: str | None = None
    details: dict[str, object] = field(default_factory=dict)

    def merge(self, later: Step) -> None:
        """Add what the same step did in a later round."""
        self.after = later.after
        self.changed += later.changed
        self.sample = [*self.sample, *(one for one in later.sample if one not in self.sample)][:20]
        self.error = later.error
        # A count goes on where the round before left off; anything else is as the last round found it.
        before = self.details
        shown = {"dates": before["dates"]} if "dates" in before else {}
        self.details = {**shown, **later.details}
        for name, value in later.details.items():
            known = before.get(name)
            if type(value) is int and type(known) is int:
                self.details[name] = known + value

    def report(self) -> dict[str, object]:
        """Return the step as answers print it; `error` only where there is one."""
        shown = {"name": self.name, "before": self.before, "after": self.after, "changed": self.changed}
        body: dict[str, object] = {**shown, "sample": self.sample, **self.details}
        return {**body, "error": self.error} if self.error else body
