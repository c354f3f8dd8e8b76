"""D1 and R2 as far away as they are in production: every call lets some time pass.

The local ones answer within the process, and a run's calls then follow one another so closely that the runtime reads
no socket before the run ends: nothing that a test does from outside would fall into it.
"""

from __future__ import annotations

import asyncio
from collections.abc import Sequence
from dataclasses import dataclass, replace

from bindings.connect import WorkerEnvironment as LocalEnvironment
from ports import Bucket, Database, ListRequest, Page, Ports, Result, Statement
from settings import Settings

LIST_SECONDS = 0.02
BATCH_SECONDS = 0.005


@dataclass(frozen=True)
class FarDatabase:
    """A database some way off."""

    near: Database

    async def batch(self, statements: Sequence[Statement]) -> list[Result]:
        """Wait, and run the statements in one transaction."""
        await asyncio.sleep(BATCH_SECONDS)
        return await self.near.batch(statements)

    async def bookmark(self) -> str | None:
        """Return the database's bookmark."""
        return await self.near.bookmark()


@dataclass(frozen=True)
class FarBucket:
    """A bucket some way off."""

    near: Bucket

    async def has(self, key: str) -> bool:
        """Wait, and ask."""
        await asyncio.sleep(LIST_SECONDS)
        return await self.near.has(key)

    async def list_page(self, request: ListRequest) -> Page:
        """Wait, and list."""
        await asyncio.sleep(LIST_SECONDS)
        return await self.near.list_page(request)


class WorkerEnvironment(LocalEnvironment):
    """The Worker's own environment, at a distance."""

    def ports(self, settings: Settings) -> Ports:
        """Return the platform as ports."""
        near = super().ports(settings)
        buckets = {name: FarBucket(bucket) for name, bucket in near.buckets.items()}
        return replace(near, database=FarDatabase(near.database), buckets=buckets)
