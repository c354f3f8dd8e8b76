"""Several lanes' pages in one transaction, and the first pages that R2 lists while a run opens."""

from __future__ import annotations

import asyncio
import contextlib
from collections.abc import Sequence
from dataclasses import dataclass, field, replace
from typing import Any

import pytest

from backfill.cursor import encode
from backfill.ranges import whole
from backfill.walk import AT_ONCE
from errors import PlatformError, RefusedError, TransientError
from ports import Database, ListRequest, Page, Ports, Result, Statement
from runs.lease import LEASE
from tests.support.actions import counts, live, numbered, tick, types
from tests.support.fakes import DictBucket, World, migrate, migrated_world
from tests.support.interruption import Fuse, KilledError, fused

PAGE = 10
OBJECTS = 240
LANES = 4
ENDING = 2 * LANES * PAGE
TICK = {"WALK_LANES": LANES, "FULL_CHECK_HOURS": 1000}
CHECK = """
CREATE TABLE artifacts (id INTEGER PRIMARY KEY, r2_bucket TEXT NOT NULL, r2_key TEXT NOT NULL,
  source_type TEXT NOT NULL, fetched_at TEXT CHECK (r2_key NOT GLOB 'raw/*7'), UNIQUE (r2_bucket, r2_key));
"""


@dataclass
class FarBucket(DictBucket):
    """A bucket of short pages, every answer of which takes some turns of the event loop."""

    events: list[str] = field(default_factory=list)
    failing: int = 0
    uneven: bool = False
    """Whether some answers take longer than others."""

    async def list_page(self, request: ListRequest) -> Page:
        """List, after some turns."""
        self.events.append("list")
        for _ in range(5 + 30 * self.uneven * (len(self.events) % LANES)):
            await asyncio.sleep(0)
        if self.failing:
            self.failing -= 1
            raise TransientError("Listing the bucket failed: Network connection lost")
        return await super().list_page(replace(request, limit=min(request.limit, PAGE)))


@dataclass
class FarDatabase:
    """A database every batch of which takes longer than a listing."""

    near: Database
    events: list[str]
    pages: list[int] = field(default_factory=list)
    """How many pages each batch with any held."""
    under_way: int = 0
    at_once: int = 0
    """The most batches that were under way at one time."""
    failing_at: int = -1
    """Which batch of pages fails, before it takes effect; -1 for none."""
    page_batches: int = 0

    async def batch(self, statements: Sequence[Statement]) -> list[Result]:
        """Run the batch, after some turns."""
        self.under_way += 1
        self.at_once = max(self.at_once, self.under_way)
        for _ in range(20):
            await asyncio.sleep(0)
        self.under_way -= 1
        self.events.append("batch")
        self.page_batches += any("unclassified_sample" in one.sql for one in statements)
        if self.page_batches == self.failing_at:
            self.failing_at = -1
            raise PlatformError("A D1 batch failed: D1_ERROR: no such table: SQLITE_ERROR")
        results = await self.near.batch(statements)
        counted = sum(bool(result.rows and "unclassified_sample" in result.rows[0]) for result in results)
        self.pages += [counted] if counted else []
        return results

    async def bookmark(self) -> str | None:
        """Return the database's bookmark."""
        return await self.near.bookmark()


def far(world: World, *keys: str) -> tuple[Ports, FarBucket, FarDatabase]:
    bucket = FarBucket()
    bucket.put(*keys)
    database = FarDatabase(world.database, bucket.events)
    return replace(world.ports(), database=database, buckets={"artifacts": bucket}), bucket, database


def in_ranges(count: int) -> dict[str, Any]:
    """Return a request that walks so many keys in even ranges, one a lane."""
    size = count // LANES
    ranges = tuple(whole()[0].split(f"raw/{size * lane - 1:05}" for lane in range(1, LANES)))
    return {"cursor": encode("artifacts", "", ranges), "max_objects": LANES * 5000}


@pytest.fixture
def world() -> World:
    world = migrated_world()
    world.rules((1, "raw/*", "raw"), (2, "bad/*", "bad"))
    return world


def test_pages_that_wait_for_a_far_database_are_committed_together(world: World) -> None:
    ports, bucket, database = far(world, *numbered(OBJECTS))
    report = live(ports, **in_ranges(OBJECTS))
    assert (report["inserted"], report["pages"], report["stopped_because"]) == (OBJECTS, OBJECTS // PAGE, "end")
    assert len(types(world)) == OBJECTS
    assert bucket.lists == OBJECTS // PAGE
    assert max(database.pages) == LANES
    assert len(database.pages) <= OBJECTS // PAGE // 2
    again = live(ports, **in_ranges(OBJECTS))
    assert counts(again) == {**dict.fromkeys(counts(again), 0), "scanned": OBJECTS, "unchanged": OBJECTS}


def test_the_last_pages_of_lanes_are_sent_while_the_database_is_at_work(world: World) -> None:
    ports, bucket, database = far(world, *numbered(ENDING))
    bucket.uneven = True
    assert live(ports, **in_ranges(ENDING))["inserted"] == ENDING
    assert 1 < database.at_once <= AT_ONCE
    alone, _, slow = far(migrated_world(), *numbered(OBJECTS))
    live(alone, max_objects=OBJECTS + 1)
    assert slow.at_once == 1


@pytest.mark.parametrize("failing_at", range(1, 4))
def test_where_one_transaction_fails_what_is_committed_beside_it_is_counted(world: World, failing_at: int) -> None:
    ports, bucket, database = far(world, *numbered(ENDING))
    bucket.uneven, database.failing_at = True, failing_at
    with pytest.raises(PlatformError):
        live(ports, **in_ranges(ENDING))
    [(status, inserted)] = world.database.all("SELECT status, counts ->> 'inserted' FROM steward_runs")
    assert (status, inserted) == ("failed", len(types(world)))


def test_new_objects_among_unchanged_pages_are_written_and_every_page_is_counted_once(world: World) -> None:
    ports, bucket, _ = far(world, *numbered(OBJECTS))
    live(ports, **in_ranges(OBJECTS))
    bucket.put(*(f"raw/{number:05}-new" for number in range(0, OBJECTS, 25)))
    report = live(ports, **in_ranges(OBJECTS))
    new = len(range(0, OBJECTS, 25))
    assert (report["scanned"], report["inserted"], report["unchanged"]) == (OBJECTS + new, new, OBJECTS)
    assert len(types(world)) == OBJECTS + new


def test_an_object_that_is_refused_among_pages_taken_together_is_refused_alone() -> None:
    world = World()
    world.database.script(CHECK)
    migrate(world.database)
    world.rules((1, "raw/*7", "bad"), (2, "raw/*", "raw"))
    ports, *_ = far(world, *numbered(OBJECTS))
    report = live(ports, **in_ranges(OBJECTS))
    assert (report["scanned"], report["inserted"], report["refused"]) == (OBJECTS, OBJECTS * 9 // 10, OBJECTS // 10)
    assert world.database.one("SELECT count(*) FROM steward_refused") == OBJECTS // 10


def test_the_first_pages_are_listed_while_the_run_opens_and_no_page_twice(world: World) -> None:
    ports, bucket, _ = far(world, *numbered(OBJECTS))
    report = live(ports, **in_ranges(OBJECTS))
    assert bucket.events[:LANES] == ["list"] * LANES
    assert report["cost"]["r2_lists"] == bucket.lists == OBJECTS // PAGE


def test_an_early_listing_that_fails_in_passing_is_made_again(world: World) -> None:
    ports, bucket, _ = far(world, *numbered(OBJECTS))
    bucket.failing = LANES
    assert live(ports, **in_ranges(OBJECTS))["inserted"] == OBJECTS


def test_a_run_that_is_refused_leaves_no_listing_behind(world: World) -> None:
    ports, bucket, _ = far(world, *numbered(OBJECTS))
    world.database.script("UPDATE steward_control SET paused_by = 'operator', pause_reason = 'moving house'")
    with pytest.raises(RefusedError):
        live(ports, **in_ranges(OBJECTS))
    assert bucket.lists <= LANES
    assert types(world) == {}


@pytest.mark.parametrize("most", [1, 9, 10, 11, 35])
def test_early_listings_keep_max_objects_exact(world: World, most: int) -> None:
    ports, *_ = far(world, *numbered(OBJECTS))
    assert live(ports, max_objects=most)["scanned"] == most


@pytest.mark.parametrize("takes_effect", [False, True])
@pytest.mark.parametrize("calls", range(8, 40, 3))
def test_a_pass_killed_among_pages_taken_together_counts_each_object_once(
    world: World, calls: int, *, takes_effect: bool
) -> None:
    ports, *_ = far(world, *numbered(OBJECTS))
    tick(ports, **TICK)
    world.database.script("DELETE FROM artifacts")
    world.clock.advance(seconds=25 * 3600)
    with contextlib.suppress(KilledError):
        tick(fused(ports, Fuse(calls, takes_effect)), **TICK)
    world.clock.advance(seconds=LEASE.total_seconds() + 1)
    tick(ports, **TICK)
    last = "SELECT completed_at IS NOT NULL, counts ->> '{}' FROM steward_passes ORDER BY started_at DESC LIMIT 1"
    assert len(types(world)) == OBJECTS
    assert world.database.all(last.format("inserted")) == [(1, OBJECTS)]
    assert world.database.all(last.format("scanned")) == [(1, OBJECTS)]
