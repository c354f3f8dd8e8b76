"""Count all that an invocation asks of the platform, whoever asks: its limits hold for all parts of a run together.

What would pass them is refused before it is asked, so that enough is left to close the run and free its lease.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace

from ports import CLOSING, Asked, Bucket, Database, KeyValue, ListRequest, Page, Ports, Poster, Result, Statement


@dataclass(frozen=True)
class CountedDatabase:
    """A database each of whose statements is counted."""

    database: Database
    asked: Asked
    closing: bool = False
    """Whether it may use what is left for the end of a run."""

    @property
    def for_closing(self) -> CountedDatabase:
        """The database as the end of a run may use it."""
        return replace(self, closing=True)

    async def batch(self, statements: Sequence[Statement]) -> list[Result]:
        """Run the batch; a call that fails is counted too."""
        self.asked.take(len(statements), closing=self.closing)
        return await self.database.batch(statements)

    async def bookmark(self) -> str | None:
        """Return D1's bookmark, for which it is asked a query."""
        self.asked.take()
        return await self.database.bookmark()


@dataclass(frozen=True)
class CountedBucket:
    """A bucket each of whose calls is counted."""

    bucket: Bucket
    asked: Asked

    async def has(self, key: str) -> bool:
        """Ask for one object."""
        self.asked.take()
        return await self.bucket.has(key)

    async def list_page(self, request: ListRequest) -> Page:
        """List a page."""
        self.asked.take()
        return await self.bucket.list_page(request)


@dataclass(frozen=True)
class CountedStore:
    """A KV namespace each of whose calls is counted."""

    store: KeyValue
    asked: Asked

    async def get(self, key: str) -> str | None:
        """Return the value, or None where there is none."""
        self.asked.take(closing=True)
        return await self.store.get(key)

    async def put(self, key: str, value: str) -> None:
        """Store the value."""
        self.asked.take(closing=True)
        await self.store.put(key, value)


@dataclass(frozen=True)
class CountedPoster:
    """Outgoing HTTP each of whose requests is counted."""

    poster: Poster
    asked: Asked

    async def send(self, method: str, url: str, body: str, headers: Mapping[str, str], timeout_seconds: float) -> int:
        """Make the request and return the status."""
        self.asked.take(closing=True)
        return await self.poster.send(method, url, body, headers, timeout_seconds)


def counted(ports: Ports, queries: int, before: Asked | None = None) -> Ports:
    """Return the ports of one invocation, all calls through which are counted in `asked`: `queries` at most.

    Where the invocation has other ports, `before` is what counts theirs.
    """
    asked = before or Asked(most=queries - CLOSING)
    return replace(
        ports,
        database=CountedDatabase(ports.database, asked),
        buckets={name: CountedBucket(bucket, asked) for name, bucket in ports.buckets.items()},
        store=CountedStore(ports.store, asked),
        poster=CountedPoster(ports.poster, asked),
        asked=asked,
    )
