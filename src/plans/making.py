"""Make a plan: its items come one after the other, and are written slice by slice, so that memory is bounded."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable
from dataclasses import dataclass, field
from datetime import timedelta

import sql
from database.batch import ask_one
from database.rows import number
from json_text import compact
from log import timestamp
from plans.basis import Basis, basis_now
from plans.items import Item, sha256, stored
from ports import Asker, Clock, Database, Statement
from settings import Settings
from words import PlanKind

SLICE_ITEMS, SLICE_BYTES = 500, 400_000
"""D1 takes 2 MB a row; one read of a slice, and one answer about it, stay small."""

MOST_WAITING = 1_000_000
"""Bytes of items that wait to be written with the place where the next call continues."""


@dataclass(frozen=True)
class Making:
    """What is known of a plan before its first item."""

    kind: PlanKind
    target: str
    request: object
    run: int
    asker: Asker


@dataclass
class Draft:
    """A plan that is being made."""

    database: Database
    clock: Clock
    making: Making
    basis: Basis
    id: int
    expires_at: str
    slice_items: int = SLICE_ITEMS
    texts: list[str] = field(default_factory=list)
    size: int = 0
    slices: int = 0
    items: int = 0
    totals: Counter[str] = field(default_factory=Counter)
    digest: str = ""
    """Of what it was made on and of the items so far: of each, with the digest of those before it."""
    together: bool = False
    """Whether its slices wait for `keep`, which writes them with the place where the next call continues."""
    forecast: object = None
    """What the live run would need; None where that is not known."""
    stopped_after: object = None
    """After what the making stopped because the run's budget was used up; None: it has everything."""

    def __post_init__(self) -> None:
        if not self.digest:
            self._feed(compact([self.making.kind, self.making.request, self.basis.text()]))

    @property
    def full(self) -> bool:
        """Whether what waits for `keep` is as much as one transaction is to write."""
        return self.size > MOST_WAITING

    def _feed(self, text: str) -> None:
        self.digest = sha256(f"{self.digest}\n{text}")

    async def add(self, items: Iterable[Item]) -> None:
        """Add items, in their order."""
        for item in items:
            text = item.text()
            size = len(text.encode())
            if not self.together and self._beyond(len(self.texts), self.size + size):
                await self.keep()
            self.texts.append(text)
            self.size += size
            self.items += 1
            self.totals.update(item.counts())
            self._feed(text)

    def _beyond(self, items: int, size: int) -> bool:
        """Tell whether a slice of so many items has no room for one more, with which it would have this size."""
        return items > 0 and (items >= self.slice_items or size > SLICE_BYTES)

    def cut(self) -> list[Statement]:
        """Return the statements that write the items that wait, as slices."""
        waiting, self.texts, self.size = self.texts, [], 0
        first, written, slices = self.items - len(waiting) + 1, 0, list[Statement]()
        while written < len(waiting):
            end, size = written, 0
            while end < len(waiting):
                size += len(waiting[end].encode())
                if self._beyond(end - written, size):
                    break
                end += 1
            slices.append(self._slice(first + written, stored(waiting[written:end])))
            written = end
        return slices

    def _slice(self, first: int, items: str) -> Statement:
        self.slices += 1
        place: dict[str, int] = {"plan": self.id, "slice": self.slices, "first": first}
        return sql.statement("plans/add_slice", **place, items=items, digest=sha256(items))

    async def keep(self) -> None:
        """Write the items that wait."""
        if slices := self.cut():
            await self.database.batch(slices)

    async def finish(self) -> dict[str, object]:
        """Write what is left; from now on there is the plan. Return what the answer of the dry run says of it."""
        await self.keep()
        digest, now = self.digest, timestamp(self.clock.now())
        stopped = None if self.stopped_after is None else compact(self.stopped_after)
        forecast = None if self.forecast is None else compact(self.forecast)
        ended = {"digest": digest, "totals": compact(dict(self.totals)), "stopped_after": stopped, "forecast": forecast}
        same: dict[str, str | int] = {"kind": self.making.kind, "target": self.making.target, "plan": self.id}
        await self.database.batch(
            [
                sql.statement("plans/finish_plan", plan=self.id, items=self.items, **ended),
                sql.statement("plans/supersede_made", **same, now=now),
            ]
        )
        shown = {"id": self.id, "digest": digest, "items": self.items, "totals": dict(self.totals)}
        place = {"complete": stopped is None, "stopped_after": self.stopped_after}
        return {**shown, **place, "expires_at": self.expires_at, "forecast": self.forecast}


async def begin_draft(
    database: Database, clock: Clock, settings: Settings, making: Making, basis: Basis | None = None
) -> Draft:
    """Begin a plan, which is none until it is finished; `basis` is what it is made on, where that is known."""
    basis = basis or await basis_now(database, settings)
    now = clock.now()
    expires_at = timestamp(now + timedelta(hours=settings.plan_hours))
    told = {"kind": making.kind, "target": making.target, "request": compact(making.request)}
    by = {"made_by": making.asker.actor, "token_name": making.asker.token_name}
    opened = sql.statement(
        "plans/open_plan", **told, **by, run=making.run, basis=basis.text(), now=timestamp(now), expires_at=expires_at
    )
    found = await ask_one(database, opened)
    return Draft(database, clock, making, basis, number(found, "id"), expires_at)
