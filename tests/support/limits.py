"""A platform that refuses what is beyond the free plan's limits of an invocation, as Cloudflare does."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field, replace

from errors import OverloadedError
from limits import LIMITS
from ports import Bucket, Database, KeyValue, ListRequest, Page, Ports, Poster, Result, Statement
from runs.asked import counted

MESSAGE = "Too many API requests by single Worker invocation."


@dataclass
class Meter:
    """Counts what one invocation asks, each statement of a batch as one, and refuses what is too much."""

    most: int = LIMITS["free"].queries
    used: int = 0
    refused: int = 0
    by_kind: dict[str, int] = field(default_factory=dict)

    def take(self, kind: str, count: int = 1) -> None:
        """Count; raises as D1 and R2 do once there is too much."""
        self.used += count
        self.by_kind[kind] = self.by_kind.get(kind, 0) + count
        if self.used > self.most:
            self.refused += 1
            raise OverloadedError(f"A call failed: {MESSAGE}")


@dataclass(frozen=True)
class LimitedDatabase:
    """A database that is asked so many statements and no more."""

    database: Database
    meter: Meter

    async def batch(self, statements: Sequence[Statement]) -> list[Result]:
        """Run the batch, or refuse it."""
        self.meter.take("statements", len(statements))
        return await self.database.batch(statements)

    async def bookmark(self) -> str | None:
        """Return D1's bookmark."""
        self.meter.take("statements")
        return await self.database.bookmark()


@dataclass(frozen=True)
class LimitedBucket:
    """A bucket."""

    bucket: Bucket
    meter: Meter

    async def has(self, key: str) -> bool:
        """Ask for an object, or refuse."""
        self.meter.take("R2 calls")
        return await self.bucket.has(key)

    async def list_page(self, request: ListRequest) -> Page:
        """List a page, or refuse."""
        self.meter.take("R2 calls")
        return await self.bucket.list_page(request)


@dataclass(frozen=True)
class LimitedStore:
    """A KV namespace."""

    store: KeyValue
    meter: Meter

    async def get(self, key: str) -> str | None:
        """Read, or refuse."""
        self.meter.take("KV calls")
        return await self.store.get(key)

    async def put(self, key: str, value: str) -> None:
        """Write, or refuse."""
        self.meter.take("KV calls")
        await self.store.put(key, value)


@dataclass(frozen=True)
class LimitedPoster:
    """Outgoing HTTP."""

    poster: Poster
    meter: Meter

    async def send(self, method: str, url: str, body: str, headers: Mapping[str, str], timeout_seconds: float) -> int:
        """Send, or refuse."""
        self.meter.take("requests")
        return await self.poster.send(method, url, body, headers, timeout_seconds)


def limited(ports: Ports, meter: Meter, queries: int = LIMITS["free"].queries) -> Ports:
    """Return the ports of one invocation, whose calls the Worker counts up to `queries`, and the platform refuses."""
    refusing = replace(
        ports,
        database=LimitedDatabase(ports.database, meter),
        buckets={name: LimitedBucket(bucket, meter) for name, bucket in ports.buckets.items()},
        store=LimitedStore(ports.store, meter),
        poster=LimitedPoster(ports.poster, meter),
    )
    return counted(refusing, queries)
