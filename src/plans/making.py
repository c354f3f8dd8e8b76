"""Make a plan: its items come one after the other, and are written slice by slice, so that memory is bounded."""

from __future__ import annotations

import hashlib
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
from ports import Asker, Clock, Database
from settings import Settings
from words import PlanKind

SLICE_ITEMS, SLICE_BYTES = 500, 400_000
"""D1 takes 2 MB a row; one read of a slice, and one answer about it, stay small."""


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
    forecast: object = None
    """What the live run would need; None where that is not known."""
    stopped_after: object = None
    """After what the making stopped because the run's budget was used up; None: it has everything."""

    def __post_init__(self) -> None:
        self.hash = hashlib.sha256()
        self._feed(self.making.kind, compact(self.making.request), self.basis.text())

    def _feed(self, *texts: str) -> None:
        for text in texts:
            self.hash.update(text.encode() + b"\n")

    async def add(self, items: Iterable[Item]) -> None:
        """Add items, in their order."""
        for item in items:
            text = item.text()
            size = len(text.encode())
            if self.texts and (len(self.texts) >= self.slice_items or self.size + size > SLICE_BYTES):
                await self._flush()
            self.texts.append(text)
            self.size += size
            self.items += 1
            self.totals.update(item.counts())
            self._feed(text)

    async def _flush(self) -> None:
        if not self.texts:
            return
        self.slices += 1
        items = stored(self.texts)
        first = self.items - len(self.texts) + 1
        place: dict[str, int] = {"plan": self.id, "slice": self.slices, "first": first}
        await self.database.batch([sql.statement("plans/add_slice", **place, items=items, digest=sha256(items))])
        self.texts, self.size = [], 0

    async def finish(self) -> dict[str, object]:
        """Write what is left; from now on there is the plan. Return what the answer of the dry run says of it."""
        await self._flush()
        digest, now = self.hash.hexdigest(), timestamp(self.clock.now())
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


async def begin_draft(database: Database, clock: Clock, settings: Settings, making: Making) -> Draft:
    """Begin a plan, which is none until it is finished."""
    basis = await basis_now(database, settings)
    now = clock.now()
    expires_at = timestamp(now + timedelta(hours=settings.plan_hours))
    told = {"kind": making.kind, "target": making.target, "request": compact(making.request)}
    by = {"made_by": making.asker.actor, "token_name": making.asker.token_name}
    opened = sql.statement(
        "plans/open_plan", **told, **by, run=making.run, basis=basis.text(), now=timestamp(now), expires_at=expires_at
    )
    found = await ask_one(database, opened)
    return Draft(database, clock, making, basis, number(found, "id"), expires_at)
