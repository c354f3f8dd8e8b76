"""Apply the items of one step of a plan: what is as it was planned is changed, what moved on is left out.

A transaction that meets a row which moved on meanwhile is taken back, and made again in halves until that one is alone.
"""

from __future__ import annotations

from collections.abc import Awaitable, Callable, Sequence
from dataclasses import dataclass, field
from typing import Protocol

from errors import LeaseLostError, OverloadedError, PlatformError, TransientError
from plans.items import About, Item, Lines, difference
from plans.lines import Sources, checks, counting, lines_from, read_lines, up_to
from plans.work import Placed, Portion, Work
from ports import Statement
from recovery.merge import NOT_AS_PLANNED
from recovery.refusals import refuse_at_cap
from runs.budget import Budget
from words import PlanStep

MOVED_ON = {"steward_control.as_planned": "changed while the plan was applied.", **NOT_AS_PLANNED}
"""Why a transaction is taken back, by the column that then fails it."""


KEEPING = 5
"""Queries that keep how far a plan is applied, and where a recovery stands."""

MOST_LINES = 50_000
"""Rows of one kind that are read at once."""


class Change(Protocol):
    """How the items of some steps are changed."""

    @property
    def steps(self) -> tuple[PlanStep, ...]:
        """The steps."""
        ...

    @property
    def portion(self) -> Portion:
        """How much one transaction takes."""
        ...

    def sources(self, items: Sequence[Item]) -> Sources:
        """Return the SQL of what these items speak of, as it is now."""
        ...

    async def change(self, items: Sequence[Item], checking: Sequence[Statement], kept: Sequence[Statement]) -> None:
        """Change these items in one transaction, after what checks them, and with what keeps how far that is."""
        ...


Look = Callable[[Sequence[Item]], Awaitable[None]]


@dataclass
class Applying:
    """Some steps of a plan under way."""

    work: Work
    change: Change
    budget: Budget
    look: Look | None = None
    """Looks at what SQL does not know of items, before what it knows is read."""
    looked: bool = False
    """Whether the call before looked at these items: what moved on since, the transaction finds."""
    most: int | None = None
    """How many items this call may change; None: all."""
    changed: int = 0
    rows: int = 0
    """How many rows the changed items speak of."""
    smaller: int | None = field(default=None, init=False)
    """How many items the next call is to take at most: one of these is refused; None: as many as any."""
    asked: int = field(default=0, init=False)
    """How many queries a change asked that was refused: a smaller one asks as many."""
    more: bool = field(default=False, init=False)
    """Whether the budget, or what the call may change, was used up before the end of the step."""

    async def run(self) -> None:
        """Take one portion after the other. Raises LeaseLostError, RefusedError ("max_deletes") and platform errors."""
        while not self.more:
            await self.work.run.renew()
            if (self.changed or self.asked) and self.budget.spent() == "subrequests":
                self.more = True
                break
            portion = await self.work.next(self.change.steps, self._room())
            if not portion:
                break
            if self._spent():
                self.more = True
            else:
                await self._take(portion)
        # What a call has no queries left to keep, the next one meets again, and leaves out again.
        if self.budget.has(KEEPING):
            await self.work.keep()

    def _room(self) -> Portion:
        most = self.change.portion
        left = most.items if self.most is None else min(most.items, self.most - self.changed)
        return Portion(max(left, 1), most.rows)

    def _spent(self) -> bool:
        """Tell whether the call is to end: each one comes at least one item further, unless its time is up."""
        spent = self.budget.spent()
        over = self.most is not None and self.changed >= self.most
        return over or spent == "time" or (spent is not None and self.changed > 0)

    async def _take(self, portion: Sequence[Placed]) -> None:
        """Change what is as it was planned."""
        if self.looked:
            await self._change_or_split(portion)
            if not self.more:
                self.work.come_to(portion[-1].place + 1)
            return
        if self.look:
            await self.look([one.item for one in portion])
        found = await self._now(portion)
        if found is None:
            middle = len(portion) // 2
            await self._take(portion[:middle])
            await self._take(portion[middle:])
            return
        same = []
        for one in portion:
            now = found.get(one.item.about)
            if now == one.item.lines:
                same.append(one)
            else:
                self.work.leave(one, difference(one.item.lines, now))
        await self._change_or_split(same)
        if not self.more:
            self.work.come_to(portion[-1].place + 1)

    async def _now(self, portion: Sequence[Placed]) -> dict[About, Lines] | None:
        """Return what the items speak of now; None where several have come to have too many rows to be read at once."""
        found = await read_lines(self.work.database, up_to(self._sources(portion), MOST_LINES))
        many = max((lines_from(found, name) for lines in found.values() for name in lines), default=0)
        return None if many >= MOST_LINES and len(portion) > 1 else found

    def _sources(self, portion: Sequence[Placed]) -> Sources:
        items = [one.item for one in portion]
        return counting(self.change.sources(items), items[0].counted)

    async def _change_or_split(self, portion: Sequence[Placed]) -> None:
        if not portion or self.more:
            return
        if self._spent():
            self.more = True
            return
        items, done = [one.item for one in portion], portion[-1].place + 1
        before = self.budget.used
        try:
            checking = checks(self._sources(portion), items)
            await self.change.change(items, checking, self.work.kept(done))
        except (LeaseLostError, TransientError):
            raise
        except PlatformError as error:
            refuse_at_cap(error, "The plan", "Send max_deletes with what the plan says (rows_deleted).")
            if not _about_rows(error, alone=len(portion) == 1):
                raise
            self.asked = self.budget.used - before
            await self._isolate(portion, error)
        else:
            self.changed += len(portion)
            self.rows += sum(item.weight for item in items)
            self.work.come_to(done)
            self.work.note_kept()

    async def _isolate(self, portion: Sequence[Placed], error: PlatformError) -> None:
        """Change a portion in halves; leave an item out that is refused alone."""
        if len(portion) == 1:
            why = next((text for column, text in MOVED_ON.items() if column in str(error)), str(error))
            self.work.leave(portion[0], why)
            self.work.come_to(portion[0].place + 1)
            return
        middle = len(portion) // 2
        if not self.budget.has(self.asked):
            self.more, self.smaller = True, middle
            return
        await self._change_or_split(portion[:middle])
        await self._change_or_split(portion[middle:])


def _about_rows(error: PlatformError, *, alone: bool) -> bool:
    """Tell whether an error is about rows of the transaction, so that a smaller one may do."""
    if isinstance(error, OverloadedError):
        return "timeout" in str(error) and not alone
    return "SQLITE_" in str(error)
