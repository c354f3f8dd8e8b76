"""A tick under way."""

from __future__ import annotations

from collections.abc import Awaitable, Callable
from dataclasses import dataclass, field, replace

from database.key_ranges import RANGE_ROWS
from errors import RefusedError
from ports import Ports
from runs.budget import Budget
from runs.record import Run, our_error
from settings import Settings
from words import Status


@dataclass
class Tick:
    """What the parts of a tick share, what each reports, and what failed."""

    ports: Ports
    settings: Settings
    run: Run
    budget: Budget
    range_rows: int
    """No query of the check takes more than about so many rows."""
    counts: dict[str, object] = field(default_factory=dict)
    errors: list[str] = field(default_factory=list)

    @classmethod
    def begun(cls, ports: Ports, settings: Settings, run: Run, range_rows: int | None) -> Tick:
        """Return a tick that has its whole budget."""
        budget = Budget.of_run(run, settings.tick_seconds)
        fair = replace(budget, subrequests=budget.subrequests // settings.tick_share)
        return cls(ports, settings, run, fair, range_rows or RANGE_ROWS)

    @property
    def status(self) -> Status:
        """How the tick ends, as far as it has come."""
        return "failed" if self.errors else "succeeded"

    async def part(self, name: str, work: Callable[[], Awaitable[object]]) -> None:
        """Do one part of the tick; its failure is noted under its name and does not stop the next."""
        try:
            self.counts[name] = await work()
        except Exception as error:  # noqa: BLE001  # one part failing never stops the others
            self.counts[name] = self.failed(name, error)

    def failed(self, what: str, error: Exception) -> dict[str, object]:
        """Note that something failed, and return what the report says of it."""
        known = our_error(self.run, error)
        self.errors.append(f"{what}: {known.sentence()}")
        shown: dict[str, object] = {"error": known.sentence()}
        return {**shown, "refused": known.reason} if isinstance(known, RefusedError) else shown
