"""The rows beside the objects of a pass: those that no object is listed for, and those older than their object.

Whatever is found is noted before the pass moves on, so a crash can repeat a look but never skip one.
"""

from __future__ import annotations

from dataclasses import dataclass

import sql
from backfill.page import Pages, Taken, Written
from database.batch import Batch
from database.rows import number, optional_text
from log import timestamp
from ports import Value
from runs.lease import Holder, commit, held_batch
from runs.retry import retried

ROWS = 10_000
"""A look takes in so many rows at most: an emptied bucket would put every row into one, and meet D1's 30 s."""

_NO_OBJECTS = sql.Fragment("SELECT NULL AS r2_key WHERE 0")


@dataclass
class Beside:
    """Looks at the rows beside the objects of one slice of a pass."""

    pages: Pages
    run: Holder
    seen_in: str
    """When the pass began."""
    limit: int
    """With more missing objects than this a pass tells no verdict, so there is no need to look on."""
    found: int = 0
    """Rows that no object was listed for, at least."""

    async def after_page(self, taken: Taken, written: Written) -> None:
        """Look at the rows among the objects of a page that was committed."""
        if written.lone_rows:
            await self._look(taken.after, written.last_key, taken)
        if written.marked or written.counts.newer:
            await self._settle(taken)

    async def after_end(self, after: str, until: str | None) -> None:
        """Look at the rows after the last object of a range."""
        if until is None or after < until:
            await self._look(after, until, None)

    async def _look(self, after: str, until: str | None, taken: Taken | None) -> None:
        """Note the rows of an interval that are not among the objects of a page; all where there is none."""
        looked_at = ROWS
        while looked_at == ROWS and self.found <= self.limit:
            looked_at, reached = await self._step(after, until, taken)
            after = reached or after

    async def _step(self, after: str, until: str | None, taken: Taken | None) -> tuple[int, str | None]:
        given: dict[str, Value] = {"bucket": self.pages.target.bucket, "low": after, "high": until, "rows": ROWS}
        rows = sql.fragment("missing/rows_beside")
        objects = _NO_OBJECTS if taken is None else self._keys(taken)
        batch = held_batch(self.run)
        noted = batch.add_counted(
            sql.statement("missing/look", rows_beside=rows, objects=objects, seen_in=self.seen_in, **given)
        )
        reach = batch.add(sql.statement("missing/reach", rows_beside=rows, **given))
        await self._commit(batch)
        self.found += noted.changed
        return number(reach.row, "looked_at"), optional_text(reach.row, "last_key")

    async def _settle(self, taken: Taken) -> None:
        """Heal the marks of objects that were listed, and bring what is known of newer ones up to date."""
        given = self.pages.given(taken, 0, taken.part.count)
        statements, now = self.pages.statements, timestamp(self.pages.budget.clock.now())
        keys = {name: given[name] for name in ("bucket", "first_key", "last_key")}
        batch = held_batch(self.run)
        batch.add(sql.statement("missing/heal", objects=self._keys(taken), now=now, **keys))
        batch.add(sql.bind(statements.newer_gone, **given))
        batch.add(sql.bind(statements.newer, **given, now=now))
        await self._commit(batch)

    async def _commit(self, batch: Batch) -> None:
        await retried(self.pages.budget.clock, lambda: commit(self.pages.database, self.run, batch))

    def _keys(self, taken: Taken) -> sql.Fragment:
        """Return the SQL of a page's keys."""
        part = taken.part
        return self.pages.statements.keys_of(part.objects, part.count)
