"""A pass of six lanes that is killed anywhere ends with the table, the counts and the verdicts of one that is not."""

from __future__ import annotations

import asyncio
import contextlib
from collections.abc import Sequence
from dataclasses import dataclass, field, replace
from functools import cache
from random import Random
from typing import Any

import pytest

from errors import StewardError, TransientError
from ports import Database, ListRequest, Page, Ports, Result, Statement
from runs.lease import LEASE
from tests.support.actions import numbered, tick
from tests.support.fakes import DictBucket, World, migrated_world
from tests.support.interruption import Fuse, KilledError, fused

OBJECTS = 300
LOST = ("raw/00000", "raw/00049", "raw/00123", "raw/00124", "raw/00299")
SIX_LANES = {"WALK_LANES": 6, "TICK_MAX_OBJECTS": 40_000, "PASS_INTERVAL_HOURS": 0, "MISSING_LIMIT_PERCENT": 100}


@dataclass
class UnevenBucket(DictBucket):
    """A bucket of five objects a page, whose answers come in any order."""

    order: Random = field(default_factory=lambda: Random(0))  # noqa: S311  # an order, not a secret

    async def list_page(self, request: ListRequest) -> Page:
        """List as a bucket does, after some turns of the loop."""
        for _ in range(self.order.randrange(6)):
            await asyncio.sleep(0)
        return await super().list_page(replace(request, limit=min(request.limit, 5)))


@dataclass
class UnevenDatabase:
    """A database that batches come to, and answers come from, in any order; some answers are lost."""

    near: Database
    order: Random

    async def batch(self, statements: Sequence[Statement]) -> list[Result]:
        """Run the batch between some turns of the loop."""
        await self._turns()
        results = await self.near.batch(statements)
        await self._turns()
        if self.order.random() < 0.05:
            raise TransientError("A D1 batch failed: Network connection lost")
        return results

    async def bookmark(self) -> str | None:
        """Return the database's bookmark."""
        return await self.near.bookmark()

    async def _turns(self) -> None:
        for _ in range(self.order.randrange(12)):
            await asyncio.sleep(0)


def uneven(world: World, seed: int) -> Ports:
    """Return the world's ports, where the database's answers come in any order too."""
    chance = Random(seed)  # noqa: S311  # an order, not a secret
    return replace(world.ports(), database=UnevenDatabase(world.database, chance))


def a_world(seed: int) -> World:
    """Return a world whose first pass is complete, and from which objects were lost and others came since."""
    world = migrated_world()
    world.rules((1, "raw/*", "raw"))
    bucket = UnevenBucket(order=Random(seed))  # noqa: S311  # an order, not a secret
    world.buckets["artifacts"] = bucket
    bucket.put(*numbered(OBJECTS))
    ticked(world)
    for key in LOST:
        del bucket.sizes[key]
    bucket.put("raw/00049.5", "raw/new", "other")
    world.database.script(
        "UPDATE artifacts SET fetched_at = '2025-01-01T00:00:00Z' WHERE r2_key IN ('raw/00007', 'raw/00200')"
    )
    return world


def ticked(world: World) -> dict[str, Any]:
    """Do a tick, two hours after the last one."""
    world.clock.advance(hours=2)
    return tick(world, **SIX_LANES)


def state(world: World) -> dict[str, list[tuple[object, ...]]]:
    """Return the table, the counts of the passes, and the verdicts."""
    counted = "SELECT counts FROM steward_passes WHERE completed_at IS NOT NULL ORDER BY started_at LIMIT 2"
    told = "SELECT r2_key FROM steward_missing WHERE verified_at IS NOT NULL AND resolved_at IS NULL ORDER BY r2_key"
    return {
        "rows": world.database.all("SELECT r2_key, source_type, fetched_at FROM artifacts ORDER BY r2_key"),
        "counts": world.database.all(counted.replace("SELECT counts", f"SELECT {', '.join(COUNTED)}")),
        "told": world.database.all(told),
        "newer": world.database.all("SELECT r2_key FROM steward_newer ORDER BY r2_key"),
    }


COUNTED = [
    "counts ->> 'scanned'",
    # Where a kill falls between the write of a page and the look at the rows beside it, the page is walked again.
    "(counts ->> 'inserted') + (counts ->> 'unchanged')",
    *(f"counts ->> '{name}'" for name in ("upgraded", "newer", "unclassified")),
]


def after_some_passes(world: World) -> dict[str, list[tuple[object, ...]]]:
    """Return the state after the pass that may have been killed, and two that were not."""
    for _ in range(3):
        ticked(world)
    return state(world)


@cache
def expected() -> dict[str, list[tuple[object, ...]]]:
    """Return the state after passes none of which was killed."""
    return after_some_passes(a_world(0))


def test_the_pass_that_is_not_killed_tells_what_was_lost() -> None:
    assert expected()["told"] == [(key,) for key in LOST]
    assert expected()["newer"] == [("raw/00007",), ("raw/00200",)]
    assert expected()["counts"] == [(300, 300, 0, 0, 0), (298, 295, 0, 2, 1)]


@pytest.mark.parametrize("seed", range(100))
def test_a_pass_of_six_lanes_killed_at_random_has_the_table_and_the_verdicts_of_one_that_was_not(seed: int) -> None:
    chance = Random(seed)  # noqa: S311  # chance, not a secret
    world = a_world(seed)
    world.clock.advance(hours=2)
    for _ in range(chance.randrange(1, 4)):
        with contextlib.suppress(KilledError, StewardError):
            tick(fused(uneven(world, seed), Fuse(chance.randrange(8, 150), chance.random() < 0.5)), **SIX_LANES)
        world.clock.advance(seconds=LEASE.total_seconds())
    assert after_some_passes(world) == expected()
