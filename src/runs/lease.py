"""The lease that keeps live work to one run at a time, and writes that only its holder can make.

The fence is a number that grows with each lease: a write that checks it cannot come from a run that lost its lease.
"""

from __future__ import annotations

from datetime import timedelta
from typing import Protocol

import sql
from database.batch import Batch
from errors import ConstraintError, LeaseLostError
from log import timestamp
from ports import Clock, Database, Statement

LEASE = timedelta(seconds=90)
"""A killed run frees the lease after this long; longer than D1's longest statement (30 s) and a retry."""

RENEW_AFTER = timedelta(seconds=20)

WAITS = timedelta(seconds=10)
"""Who has not said again for so long that it waits for the lease does not any more: its run may have been killed."""


class Holder(Protocol):
    """A run that has the lease."""

    @property
    def clock(self) -> Clock:
        """The run's clock."""
        ...

    @property
    def token(self) -> str | None:
        """What names the lease; None for a run without one."""
        ...

    @property
    def fence(self) -> int | None:
        """The number of the lease; None for a run without one."""
        ...

    async def renew(self) -> None:
        """Renew the lease when its last renewal is old; raises LeaseLostError where another run has it."""
        ...


def held_batch(run: Holder) -> Batch:
    """Return a batch that fails as a whole unless `run` still has the lease, and renews it."""
    batch = Batch()
    until = timestamp(run.clock.now() + LEASE)
    batch.add(sql.statement("control/hold_lease", token=run.token, fence=run.fence, until=until))
    return batch


async def commit(database: Database, run: Holder, batch: Batch) -> None:
    """Run a held batch. Raises LeaseLostError where another run has the lease, and what the database raises."""
    await run.renew()
    try:
        await batch.run(database)
    except ConstraintError as error:
        refuse_lost_lease(error)
        raise


async def write_held(database: Database, run: Holder, *statements: Statement) -> None:
    """Run the statements in one transaction that only the holder of the lease can make; see `commit`."""
    batch = held_batch(run)
    batch.extend(statements)
    await commit(database, run, batch)


def asking(clock: Clock, who: str) -> Statement:
    """Return the statement that says that `who` waits for the lease.

    A flow takes the lease again as soon as it gave it back, so it lets those go first who waited before it did.
    """
    now = clock.now()
    return sql.statement("control/ask_turn", who=who, now=timestamp(now), until=timestamp(now + WAITS))


def ending(who: str) -> Statement:
    """Return the statement that says that `who` waits no more."""
    return sql.statement("control/end_turn", who=who)


def looking(clock: Clock, who: str) -> Statement:
    """Return the statement whose row says how many `others` began to wait before `who` did, and whether it waits."""
    return sql.statement("control/waits_before", who=who, now=timestamp(clock.now()))


def refuse_lost_lease(error: Exception) -> None:
    """Raise LeaseLostError where an error says that the lease was another run's."""
    if "steward_control.fence" in str(error) or "steward_passes.fence" in str(error):
        raise LeaseLostError("The run lost its lease.", hint="Another run took over; see GET /runs.") from error
