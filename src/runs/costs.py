"""Count what a piece of work asks of the platform, and what is left of a day for it."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from math import inf
from typing import Protocol

from database.rows import number
from errors import RefusedError
from limits import PlanLimits
from log import timestamp
from naming.names import Names
from ports import Asked, Bucket, Database, ListRequest, Page, Result, Row, Statement
from runs.asked import CountedDatabase

SUBREQUESTS = 1_000
"""D1 takes so many queries of an invocation, and Workers so many subrequests (d1/platform/limits)."""

PIECE_ROWS_READ, PIECE_ROWS_WRITTEN = 4_000, 2_000
"""What a page of 1,000 new objects takes (docs/costs.md): with less of a day left, no further piece is begun."""


@dataclass
class Cost:
    """Calls and rows so far. `statements` is what D1's limit per invocation counts in the worst case."""

    r2_lists: int = 0
    r2_heads: int = 0
    d1_batches: int = 0
    rows_read: int = 0
    rows_written: int = 0
    statements: int = 0
    longest_batch_ms: float = 0.0

    def report(self) -> dict[str, int]:
        """Return the four figures every answer prints."""
        return {
            "r2_lists": self.r2_lists,
            "d1_batches": self.d1_batches,
            "rows_read": self.rows_read,
            "rows_written": self.rows_written,
        }

    def add(self, other: Cost) -> None:
        """Add what another piece of work asked."""
        for name in ("r2_lists", "r2_heads", "d1_batches", "rows_read", "rows_written", "statements"):
            setattr(self, name, getattr(self, name) + getattr(other, name))
        self.longest_batch_ms = max(self.longest_batch_ms, other.longest_batch_ms)

    @property
    def subrequests(self) -> int:
        """Calls counted against the invocation, each SQL statement as one."""
        return self.r2_lists + self.r2_heads + self.statements


class Daily(Protocol):
    """What all runs of a day together may read and write, 0 for what the plan sets; and what the plan sets."""

    @property
    def daily_rows_read(self) -> int:
        """How many rows they may read."""
        ...

    @property
    def daily_rows_written(self) -> int:
        """How many rows they may write."""
        ...

    @property
    def limits(self) -> PlanLimits:
        """What the plan allows."""
        ...

    @property
    def tables(self) -> Names:
        """What the database calls its tables."""
        ...


@dataclass(frozen=True)
class Rest:
    """The rows that a run may still read and write today."""

    rows_read: float = inf
    rows_written: float = inf

    @classmethod
    def of_day(cls, daily: Daily, control: Row, now: datetime) -> Rest:
        """Return what the runs that ended before left of the day."""
        today = control["day"] == day_of(now)
        read, written = (number(control, name) if today else 0 for name in ("day_rows_read", "day_rows_written"))
        may_read = daily.daily_rows_read or daily.limits.rows_read
        may_write = daily.daily_rows_written or daily.limits.rows_written
        return cls(may_read - read if may_read else inf, may_write - written if may_write else inf)

    @property
    def limited(self) -> bool:
        """Whether there is a limit."""
        return min(self.rows_read, self.rows_written) < inf

    def used_up(self, cost: Cost) -> bool:
        """Tell whether a further piece of work might pass it, after what the run took."""
        read, written = self.rows_read - cost.rows_read, self.rows_written - cost.rows_written
        return read < PIECE_ROWS_READ or written < PIECE_ROWS_WRITTEN


def day_of(now: datetime) -> str:
    """Return the UTC day, as `YYYY-MM-DD`."""
    return timestamp(now)[:10]


def next_day(now: datetime) -> str:
    """Return when the next UTC day begins."""
    return timestamp(datetime.combine((now + timedelta(days=1)).date(), datetime.min.time(), now.tzinfo))


def no_rest(now: datetime) -> RefusedError:
    """Return the refusal of a run for which the day has no rows left."""
    message = "The runs of today read or wrote the rows that DAILY_ROWS_READ and DAILY_ROWS_WRITTEN allow."
    return RefusedError("quota", message, hint=f"Work continues at {next_day(now)}, or with a higher limit.")


def asked_of(database: Database) -> Asked | None:
    """Return what counts the calls of the invocation that this database belongs to; None where nothing does."""
    return database.asked if isinstance(database, CountedDatabase) else None


def for_closing(database: Database) -> Database:
    """Return the database as the end of a run may use it."""
    return database.for_closing if isinstance(database, CountedDatabase) else database


@dataclass(frozen=True)
class MeteredDatabase:
    """A database that adds what it does to `cost`."""

    database: Database
    cost: Cost

    async def batch(self, statements: Sequence[Statement]) -> list[Result]:
        """Run the batch; a call that fails is counted too."""
        self.cost.d1_batches += 1
        self.cost.statements += len(statements)
        results = await self.database.batch(statements)
        self.cost.rows_read += sum(result.rows_read for result in results)
        self.cost.rows_written += sum(result.rows_written for result in results)
        self.cost.longest_batch_ms = max(self.cost.longest_batch_ms, sum(r.duration_ms for r in results))
        return results

    async def bookmark(self) -> str | None:
        """Return D1's Time Travel bookmark of this moment, or None where there is none."""
        return await self.database.bookmark()


@dataclass(frozen=True)
class MeteredBucket:
    """A bucket that adds what it does to `cost`."""

    bucket: Bucket
    cost: Cost

    async def has(self, key: str) -> bool:
        """Ask for one object; a call that fails is counted too."""
        self.cost.r2_heads += 1
        return await self.bucket.has(key)

    async def list_page(self, request: ListRequest) -> Page:
        """List a page; a call that fails is counted too."""
        self.cost.r2_lists += 1
        return await self.bucket.list_page(request)
