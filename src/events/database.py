"""A database in which events write: every transaction is refused while they may not, and the first counts them too."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field

import sql
from errors import ConstraintError
from log import timestamp
from ports import Clock, Database, Result, Statement
from runs.lease import refuse_lost_lease


@dataclass
class EventsDatabase:
    """Puts before the statements of a transaction what refuses it, and once behind them those of `beside`.

    Events take no lease: they insert or upgrade under the unique index, as any other writer does, and a pass may run
    beside them. A recovery or an undo may not: it works under a pause, and with the lease, so the transaction looks at
    both.
    """

    database: Database
    clock: Clock
    beside: list[Statement]
    answers: list[Result] = field(default_factory=list)
    """What the statements of `beside` returned, once they ran."""

    async def batch(self, statements: Sequence[Statement]) -> list[Result]:
        """Run all statements in one transaction; raises LeaseLostError where events may not write now."""
        try:
            results = await self.database.batch([self._may_apply(), *statements, *self.beside])
        except ConstraintError as error:
            refuse_lost_lease(error)
            raise
        behind = 1 + len(statements)
        if self.beside:
            self.beside, self.answers = [], results[behind:]
        return results[1:behind]

    async def rest(self) -> None:
        """Run what is to run beside a transaction where there was none."""
        if self.beside:
            await self.batch([])

    async def bookmark(self) -> str | None:
        """Return D1's Time Travel bookmark of this moment, or None where there is none."""
        return await self.database.bookmark()

    def _may_apply(self) -> Statement:
        may_write = sql.fragment("control/may_write", unique_index=sql.load("schema/unique_index"))
        return sql.statement("events/may_apply", may_write=may_write, now=timestamp(self.clock.now()))
