"""Insert and upgrade what a plan says, by the statement that a page of a backfill uses."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Literal

from backfill.target import Target
from plans.backfill_listing import Listed
from plans.backfill_pages import page_source, writing
from plans.items import Item
from plans.lines import Sources
from plans.work import Portion
from ports import Statement
from runs.lease import commit, held_batch
from runs.record import Run

PORTION = Portion(250, 250)
"""Objects of one transaction: at most 1.5 MB of keys."""


@dataclass
class Writes:
    """The inserts and upgrades of one call."""

    run: Run
    target: Target
    listed: Listed
    slack: int
    steps: tuple[Literal["insert", "upgrade"], ...] = ("insert", "upgrade")
    portion: Portion = PORTION
    inserted: int = 0
    upgraded: int = 0

    def sources(self, items: Sequence[Item]) -> Sources:
        """Return the SQL of what is to be done with these objects, as R2 and the table have them."""
        return {"rows": page_source(self.target, self.listed.page(items, self.target.bucket, self.slack))}

    async def change(self, items: Sequence[Item], checking: Sequence[Statement], kept: Sequence[Statement]) -> None:
        """Insert and upgrade these objects in one transaction."""
        page = self.listed.page(items, self.target.bucket, self.slack)
        batch = held_batch(self.run)
        batch.extend([*checking, writing(self.target, page), *kept])
        await commit(self.listed.database, self.run, batch)
        inserted = sum(item.step == "insert" for item in items)
        self.inserted += inserted
        self.upgraded += len(items) - inserted
