"""What happens around a recovery while it is at work: other writers, other runs, and time."""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Callable, Sequence
from dataclasses import dataclass

import pytest

from backfill.request import BackfillRequest
from backfill.run import run_backfill
from cron.tick import run_tick
from errors import LeaseLostError
from invariants.run import run_check
from ports import Database, Ports, Result, Statement
from recovery.call import RecoverRequest, Sizes
from recovery.run import recover
from runs.record import Opening, open_run
from settings import read_settings
from tests.support.databases import SETTINGS, Shape, healed, recovered, undone
from tests.support.fakes import World

SHAPE = Shape(unique_index=False)


@dataclass
class Watched:
    """A database that calls `before` ahead of every batch with a statement that holds `text`."""

    database: Database
    text: str
    before: Callable[[], Awaitable[None]]

    async def batch(self, statements: Sequence[Statement]) -> list[Result]:
        """Call and run the batch."""
        if any(self.text in statement.sql for statement in statements):
            await self.before()
        return await self.database.batch(statements)

    async def bookmark(self) -> str | None:
        """Return no bookmark."""
        return None


def watched(world: World, text: str, before: Callable[[], Awaitable[None]]) -> Ports:
    return Ports(Watched(world.database, text, before), world.buckets, world.store, world.clock, world.poster)


def once(work: Callable[[], None]) -> Callable[[], Awaitable[None]]:
    waiting = [work]

    async def before() -> None:
        if waiting:
            waiting.pop()()

    return before


@pytest.mark.parametrize("beside", ["unknown", "raw"], ids="beside a row that is {}".format)
def test_a_duplicate_that_takes_a_losers_id_before_the_index_is_there_is_merged_and_not_lost(beside: str) -> None:
    world = SHAPE.world()
    world.rules((1, "*", "raw"))
    SHAPE.artifact(world, 1, "a", fetched_at="2026-02-01")
    SHAPE.artifact(world, 3, "b", beside)
    SHAPE.artifact(world, 4, "a", fetched_at="2026-01-01")
    SHAPE.datapoint(world, 1, 1)
    SHAPE.datapoint(world, 2, 4)
    ports = watched(world, "CREATE UNIQUE INDEX", once(lambda: SHAPE.artifact(world, 4, "a", fetched_at="2026-03-01")))
    report = recovered(ports, dry_run=False)
    assert report["ok"], report
    assert world.database.all("SELECT id, r2_key FROM artifacts ORDER BY id") == [(3, "b"), (4, "a")]
    assert world.database.all("SELECT artifact_id FROM datapoints") == [(4,), (4,)]
    merges = world.database.all("SELECT chunk, loser_id, winner_id FROM steward_merges")
    assert merges == [(1, 4, 1), (2, 1, 4)]


def test_a_long_recovery_keeps_its_run_alive() -> None:
    world = SHAPE.world()
    for number in range(18):
        SHAPE.artifact(world, number, f"raw/{number // 2:02}")

    async def someone_looks() -> None:
        world.clock.advance(seconds=11)
        await run_check(world.ports(), read_settings({}), "fast")

    ports = watched(world, "INTO steward_merges", someone_looks)
    report = asyncio.run(recover(ports, SETTINGS, RecoverRequest(dry_run=False), sizes=Sizes(chunk_objects=1)))
    status = world.database.one("SELECT status FROM steward_runs WHERE id = ?", report["run_id"])
    assert (report["done"], status) == (True, "succeeded")


def test_a_long_full_check_keeps_the_lease_of_its_tick() -> None:
    world = Shape().world()
    for number in range(20):
        Shape().artifact(world, number, f"raw/{number:02}")
        Shape().datapoint(world, number, number)
    holders: list[object] = []

    async def someone_looks() -> None:
        world.clock.advance(seconds=15)
        await open_run(world.database, world.clock, Opening("check", "fast", "http", {}, exclusive=False))
        holders.append(world.database.one("SELECT lease_until > ? FROM steward_control", f"{world.clock.now():%FT%T}"))

    ports = watched(world, "lowest_id", someone_looks)
    settings = read_settings({"TICK_SECONDS": 600})
    outcome = asyncio.run(run_tick(ports, settings, "", range_rows=2))
    assert len(holders) > 8
    assert set(holders) == {1}
    assert world.database.one("SELECT status FROM steward_runs WHERE id = ?", outcome["run_id"]) == "succeeded"


def test_a_recovery_that_lost_its_lease_changes_nothing_more() -> None:
    world = SHAPE.world()
    for number in range(4):
        SHAPE.artifact(world, number, f"raw/{number // 2:02}")
    before = world.database.all("SELECT * FROM artifacts")
    steal = "UPDATE steward_control SET lease_token = 'thief', fence = fence + 1, deletes_left = 7"
    for text in ("deletes_left = ?", "INTO steward_merges"):
        ports = watched(world, text, once(lambda: world.database.script(steal)))
        report = recovered(ports, dry_run=False)
        assert "lost its lease" in str(report)
        assert world.database.all("SELECT * FROM artifacts") == before
        assert world.database.one("SELECT deletes_left FROM steward_control") == 7
        world.database.script("UPDATE steward_control SET lease_token = NULL")
    assert healed(world)["done"]


def test_a_recovery_that_lost_its_lease_does_not_end_another_ones_pause() -> None:
    world = SHAPE.world()
    SHAPE.artifact(world, 1, "raw/a")
    steal = "UPDATE steward_control SET lease_token = 'thief', fence = fence + 1"
    ports = watched(world, "paused_by = NULL", once(lambda: world.database.script(steal)))
    asyncio.run(recover(ports, read_settings({}), RecoverRequest(dry_run=False)))
    assert world.database.one("SELECT paused_by FROM steward_control") == "recovery"


def test_an_undo_that_lost_its_lease_does_not_pause() -> None:
    world = SHAPE.world()
    for number in range(2):
        SHAPE.artifact(world, number, "raw/a")
    world.rules((1, "*", "raw"))
    report = recovered(world, dry_run=False)
    assert world.database.one("SELECT paused_by FROM steward_control") is None
    steal = "UPDATE steward_control SET lease_token = 'thief', fence = fence + 1"
    ports = watched(world, "GROUP BY chunk", once(lambda: world.database.script(steal)))
    with pytest.raises(LeaseLostError):
        undone(ports, report["run_id"])
    assert world.database.one("SELECT paused_by FROM steward_control") is None


def test_a_backfill_killed_by_its_lease_is_told_so() -> None:
    world = Shape().world()
    world.rules((1, "*", "raw"))
    world.bucket.put(*(f"raw/{number:04}" for number in range(1500)))

    def steal() -> None:
        world.clock.advance(seconds=30)
        world.database.script("UPDATE steward_control SET lease_token = 'thief'")

    ports = watched(world, "INSERT INTO artifacts", once(steal))
    with pytest.raises(Exception, match="lost its lease"):
        asyncio.run(run_backfill(ports, read_settings({}), BackfillRequest(dry_run=False, max_objects=5000)))
    assert world.database.one("SELECT lease_token FROM steward_control") == "thief"
    assert world.database.one("SELECT count(*) FROM artifacts") == 1000
