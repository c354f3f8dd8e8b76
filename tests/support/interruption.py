"""Kill a run at a chosen point: after so many platform calls, before or after the call took effect.

A dead Worker says nothing more, so every later call fails too; what it had committed stays.
"""

from __future__ import annotations

from collections.abc import Awaitable, Callable, Mapping, Sequence
from dataclasses import dataclass
from typing import Protocol, TypeVar

from ports import Bucket, Database, Flows, KeyValue, ListRequest, Page, Ports, Result, Scalar, Statement
from tests.support.fakes import World
from words import FlowState

T = TypeVar("T")


class KilledError(Exception):
    """The Worker was stopped; none of the code under test knows this error."""


class Gate(Protocol):
    """What every platform call goes through, and may not come back from."""

    async def passed(self, call: Callable[[], Awaitable[T]]) -> T:
        """Return the call's answer, or raise."""
        ...


@dataclass
class Fuse:
    """Lets `calls` platform calls through and kills at the next one."""

    calls: int
    takes_effect: bool
    """Whether the fatal call is still done: its answer is lost either way."""

    async def passed(self, call: Callable[[], Awaitable[T]]) -> T:
        """Return the call's answer while the Worker lives."""
        self.calls -= 1
        if self.calls >= 0:
            return await call()
        if self.calls == -1 and self.takes_effect:
            await call()
        raise KilledError


@dataclass(frozen=True)
class FusedDatabase:
    """A database behind a fuse."""

    database: Database
    fuse: Gate

    async def batch(self, statements: Sequence[Statement]) -> list[Result]:
        """Run the batch while the fuse holds."""
        return await self.fuse.passed(lambda: self.database.batch(statements))

    async def bookmark(self) -> str | None:
        """Return the database's bookmark while the fuse holds."""
        return await self.fuse.passed(self.database.bookmark)


@dataclass(frozen=True)
class FusedBucket:
    """A bucket behind a fuse."""

    bucket: Bucket
    fuse: Gate

    async def has(self, key: str) -> bool:
        """Ask for the object while the fuse holds."""
        return await self.fuse.passed(lambda: self.bucket.has(key))

    async def list_page(self, request: ListRequest) -> Page:
        """List the page while the fuse holds."""
        return await self.fuse.passed(lambda: self.bucket.list_page(request))


@dataclass(frozen=True)
class FusedStore:
    """A key-value store behind a fuse."""

    store: KeyValue
    fuse: Gate

    async def get(self, key: str) -> str | None:
        """Read while the fuse holds."""
        return await self.fuse.passed(lambda: self.store.get(key))

    async def put(self, key: str, value: str) -> None:
        """Write while the fuse holds."""
        await self.fuse.passed(lambda: self.store.put(key, value))


@dataclass(frozen=True)
class FusedFlows:
    """A Workflow binding behind a fuse."""

    flows: Flows
    fuse: Gate

    async def start(self, instance: str, params: Mapping[str, Scalar]) -> None:
        """Start the instance while the fuse holds."""
        await self.fuse.passed(lambda: self.flows.start(instance, params))

    async def state(self, instance: str) -> FlowState:
        """Look at the instance while the fuse holds."""
        return await self.fuse.passed(lambda: self.flows.state(instance))


def fused(world: World | Ports, fuse: Gate) -> Ports:
    """Return the world's ports behind one fuse."""
    return Ports(
        database=FusedDatabase(world.database, fuse),
        buckets={name: FusedBucket(bucket, fuse) for name, bucket in world.buckets.items()},
        store=FusedStore(world.store, fuse),
        clock=world.clock,
        poster=world.poster,
        flows=FusedFlows(world.flows, fuse) if world.flows else None,
    )
