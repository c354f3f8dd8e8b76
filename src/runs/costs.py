"""Count what a piece of work asks of the platform."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from ports import Bucket, Database, ListRequest, Page, Result, Statement


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
