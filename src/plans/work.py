"""A plan under way: which item comes next, which were left out, and what keeps both."""

from __future__ import annotations

from collections.abc import Collection
from dataclasses import dataclass, field

import sql
from database.rows import number
from json_text import compact
from log import timestamp
from plans.items import Item
from plans.plan import Plan
from plans.store import Slice, read_slice
from ports import Database, Statement
from runs.lease import Holder, write_held
from words import PlanStep

SHOWN = 100
"""So many of the items that a call left out are in its answer; all are in `GET /plans/{id}/items`."""


@dataclass(frozen=True)
class Placed:
    """An item and its place in its slice."""

    place: int
    item: Item


@dataclass(frozen=True)
class Portion:
    """How much one transaction takes."""

    items: int
    rows: int


@dataclass
class Work:
    """A plan that is being applied."""

    database: Database
    run: Holder
    plan: Plan
    slice: Slice
    done: int
    """How many items of the slice are dealt with."""
    before: int
    """How many items of the slices before were left out."""
    left: dict[int, str] = field(default_factory=dict)
    """The items of the slice that are left out, by their place."""
    shown: list[dict[str, object]] = field(default_factory=list)
    """The first items that this call left out, and why."""
    known: tuple[int, int] | None = None
    """How many items of the slice were dealt with, and left out, as it is kept; None: not as it is now."""

    async def next(self, steps: Collection[PlanStep], most: Portion) -> list[Placed]:
        """Return the next items for one transaction, all of one slice; none where the next is of another step."""
        while self.done >= len(self.slice.items):
            found = await read_slice(self.database, self.plan.id, self.slice.number + 1)
            if found is None:
                return []
            await self.keep()
            self.before += len(self.left)
            self.slice, self.done, self.left, self.known = found, 0, {}, None
        return self._portion(steps, most)

    async def at(self, step: PlanStep) -> bool:
        """Tell whether the next item is of this step."""
        return bool(await self.next((step,), Portion(1, 1)))

    def _portion(self, steps: Collection[PlanStep], most: Portion) -> list[Placed]:
        portion: list[Placed] = []
        rows = 0
        for place, item in enumerate(self.slice.items[self.done :], start=self.done):
            rows += item.weight
            # What is counted has statements of its own.
            alone = portion and (item.counted or portion[0].item.counted)
            if item.step not in steps or alone or (portion and (len(portion) >= most.items or rows > most.rows)):
                break
            portion.append(Placed(place, item))
        return portion

    async def pass_over(self, step: PlanStep) -> None:
        """Pass over the next items of this step: something else sees to them."""
        while portion := await self.next((step,), Portion(1_000, 1_000)):
            self.come_to(portion[-1].place + 1)

    def leave(self, one: Placed, why: str) -> None:
        """Leave an item out."""
        self.left[one.place] = why
        if len(self.shown) < SHOWN:
            number = self.slice.first + one.place
            self.shown.append({"item": number, "step": one.item.step, "about": list(one.item.about), "why": why})

    def come_to(self, place: int) -> None:
        """Note that all items before this place are dealt with."""
        self.done = max(self.done, place)

    def kept(self, done: int) -> list[Statement]:
        """Return the statements that keep that the items before place `done` are dealt with."""
        left = sorted((place, why) for place, why in self.left.items() if place < done)
        place = {"plan": self.plan.id, "slice": self.slice.number}
        kept = sql.statement("plans/keep_place", **place, done=done, left_out=self.before + len(left))
        return [kept, sql.statement("plans/keep_left_out", **place, left_out=compact(left))] if left else [kept]

    async def keep(self) -> None:
        """Keep how far the plan is applied, unless the last transaction did."""
        if (self.done, len(self.left)) != self.known:
            await write_held(self.database, self.run, *self.kept(self.done))
            self.note_kept()

    def note_kept(self) -> None:
        """Note that it is kept how far the plan is applied."""
        self.known = (self.done, len(self.left))

    async def end(self) -> None:
        """Note that the plan is applied: it is used once."""
        now = timestamp(self.run.clock.now())
        await write_held(self.database, self.run, sql.statement("plans/end_plan", plan=self.plan.id, now=now))

    @property
    def dealt_with(self) -> int:
        """How many items are applied or left out."""
        return self.slice.first - 1 + self.done

    def report(self) -> dict[str, object]:
        """Return what the answer of a live run says of its plan."""
        left_out = self.before + sum(place < self.done for place in self.left)
        return {
            "id": self.plan.id,
            "items": self.plan.items,
            "dealt_with": self.dealt_with,
            "left_out": left_out,
            "shown": self.shown,
        }


async def begin_work(database: Database, run: Holder, plan: Plan) -> Work:
    """Return the work on a plan where it stands."""
    place = {name: number(plan.row, name) for name in ("slice", "done", "left_out")}
    found = await read_slice(database, plan.id, place["slice"]) or Slice(place["slice"], 1, (), {})
    before = place["left_out"] - len(found.left_out)
    work = Work(database, run, plan, found, place["done"], before, dict(found.left_out))
    work.note_kept()
    return work
