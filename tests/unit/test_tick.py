from __future__ import annotations

import asyncio
import json
from dataclasses import dataclass

import pytest

from backfill.progress import store_key
from errors import PlatformError
from ports import ListRequest, Page
from runs import LEASE, Opening, open_run
from tests.fakes import DictBucket, DictStore, World, migrated_world
from tests.support import counts, numbered, rows, tick, types, walked

TWO = {"BUCKETS": {"artifacts": "ARTIFACTS", "archive": "ARCHIVE"}}


@pytest.fixture
def world() -> World:
    world = migrated_world()
    world.rules((1, "raw/*", "raw"))
    world.bucket.put(*numbered(2500))
    return world


@pytest.fixture
def two(world: World) -> World:
    world.buckets["archive"] = DictBucket()
    world.buckets["archive"].put(*numbered(2500))
    return world


class BrokenBucket(DictBucket):
    async def list_page(self, request: ListRequest) -> Page:
        raise PlatformError(f"Listing {request.prefix!r} failed: it is broken")


def stored(world: World, bucket: str = "artifacts") -> dict[str, object]:
    value: dict[str, object] = json.loads(world.store.values[store_key(bucket, "")])
    return value


def test_ticks_walk_on_from_kv_until_nothing_is_left_and_then_wait(world: World) -> None:
    for expected in (1000, 2000, 2500, 2500):
        assert tick(world, TICK_MAX_OBJECTS=1000)["status"] == "succeeded"
        assert len(rows(world)) == expected
    assert stored(world)["completed_at"]
    assert stored(world)["cursor"] is None


def test_a_tick_is_exact_about_its_number_of_objects(world: World) -> None:
    assert walked(tick(world, TICK_MAX_OBJECTS=1234))["scanned"] == 1234
    assert len(rows(world)) == 1234


def test_a_tick_is_on_record_with_its_counts(world: World) -> None:
    outcome = tick(world)
    [(kind, mode, trigger, status, scanned)] = world.database.all(
        "SELECT kind, mode, trigger, status, counts ->> '$.backfill.artifacts.scanned' FROM steward_runs WHERE id = ?",
        outcome["run_id"],
    )
    assert (kind, mode, trigger, status, scanned) == ("tick", "live", "cron", "succeeded", 2500)


def test_the_counts_of_a_pass_add_up_over_its_ticks(world: World) -> None:
    world.bucket.put("other/x")
    for _ in range(3):
        report = walked(tick(world, TICK_MAX_OBJECTS=1000))
        assert report["scanned"] == sum(counts(report).values()) - report["scanned"]
    total = stored(world)["counts"]
    assert isinstance(total, dict)
    assert (total["scanned"], total["inserted"], total["unclassified"]) == (2501, 2500, 1)
    assert total["unclassified_sample"] == ["other/x"]


def test_a_new_pass_begins_when_the_interval_is_over_and_not_before(world: World) -> None:
    tick(world)
    world.bucket.put("raw/new")
    world.clock.advance(hours=11.9)
    assert "scanned" not in walked(tick(world, PASS_INTERVAL_HOURS=12))
    world.clock.advance(hours=0.2)
    assert walked(tick(world, PASS_INTERVAL_HOURS=12))["inserted"] == 1


def test_with_an_interval_of_zero_passes_follow_each_other(world: World) -> None:
    tick(world, PASS_INTERVAL_HOURS=0)
    assert walked(tick(world, PASS_INTERVAL_HOURS=0))["unchanged"] == 2500


def test_buckets_share_the_objects_of_a_tick(two: World) -> None:
    outcome = tick(two, TICK_MAX_OBJECTS=3000, **TWO)
    assert (walked(outcome)["scanned"], walked(outcome, "archive")["scanned"]) == (2500, 500)
    outcome = tick(two, TICK_MAX_OBJECTS=3000, **TWO)
    assert "scanned" not in walked(outcome)
    assert (walked(outcome, "archive")["scanned"], walked(outcome, "archive")["complete"]) == (2000, True)


def test_a_bucket_that_got_no_share_says_so(two: World) -> None:
    assert "budget" in walked(tick(two, TICK_MAX_OBJECTS=2000, **TWO), "archive")["not_walked"]


def test_one_buckets_failure_does_not_stop_the_other_and_fails_the_tick(two: World) -> None:
    two.buckets["artifacts"] = BrokenBucket()
    outcome = tick(two, **TWO)
    assert outcome["status"] == "failed"
    assert "broken" in walked(outcome)["stopped_because"]
    assert walked(outcome, "archive")["inserted"] == 2500
    assert "artifacts" in str(two.database.one("SELECT error FROM steward_runs"))


def test_a_failed_tick_keeps_what_it_did_and_the_next_goes_on(world: World) -> None:
    tick(world, TICK_MAX_OBJECTS=1000)
    healthy = world.bucket
    world.buckets["artifacts"] = BrokenBucket()
    assert tick(world)["status"] == "failed"
    world.buckets["artifacts"] = healthy
    assert walked(tick(world))["scanned"] == 1500


def test_a_dry_tick_counts_and_writes_neither_rows_nor_kv(world: World) -> None:
    outcome = tick(world, BACKFILL_MODE="dry")
    assert walked(outcome)["inserted"] == 2500
    assert rows(world) == []
    assert (world.store.values, world.store.writes) == ({}, 0)


def test_mode_off_lists_nothing(world: World) -> None:
    outcome = tick(world, BACKFILL_MODE="off")
    assert outcome["status"] == "succeeded"
    assert "not_walked" in outcome["counts"]["backfill"]
    assert world.bucket.lists == 0


def test_a_paused_tick_lists_nothing_and_says_who_paused(world: World) -> None:
    world.database.script("UPDATE steward_control SET paused_by = 'operator', pause_reason = 'why'")
    outcome = tick(world)
    assert "operator" in outcome["counts"]["backfill"]["not_walked"]
    assert world.bucket.lists == 0


def test_no_new_page_starts_after_the_ticks_seconds(world: World) -> None:
    class SlowBucket(DictBucket):
        async def list_page(self, request: ListRequest) -> Page:
            world.clock.advance(seconds=11)
            return await super().list_page(request)

    world.buckets["artifacts"] = SlowBucket(world.bucket.sizes)
    report = walked(tick(world, TICK_SECONDS=20))
    assert (report["scanned"], report["stopped_because"]) == (2000, "time")
    assert walked(tick(world, TICK_SECONDS=20))["scanned"] == 500


def test_a_tick_that_finds_live_work_under_way_is_skipped_and_changes_nothing(world: World) -> None:
    opening = Opening("backfill", "live", "http", {}, exclusive=True)
    asyncio.run(open_run(world.database, world.clock, opening))
    outcome = tick(world)
    assert (outcome["status"], outcome["run_id"]) == ("skipped", None)
    assert rows(world) == []
    assert world.database.one("SELECT count(*) FROM steward_runs") == 1


def test_a_tick_goes_on_where_a_killed_one_left_its_lease(world: World) -> None:
    opening = Opening("tick", "live", "cron", {}, exclusive=True)
    asyncio.run(open_run(world.database, world.clock, opening))
    world.clock.advance(seconds=LEASE.total_seconds())
    assert tick(world)["status"] == "succeeded"
    assert world.database.all("SELECT status FROM steward_runs ORDER BY id") == [("abandoned",), ("succeeded",)]


def test_without_the_unique_index_a_live_tick_is_refused_and_on_record_as_failed(world: World) -> None:
    world.database.script(
        "DROP TABLE datapoints; DROP TABLE artifacts;"
        "CREATE TABLE artifacts (id INTEGER PRIMARY KEY, r2_bucket, r2_key, source_type, fetched_at)"
    )
    outcome = tick(world)
    assert outcome["status"] == "failed"
    assert walked(outcome)["refused"] == "unique_index"
    assert types(world) == {}


@dataclass
class StoreThatFailsFor:
    """A KV that does not answer for keys that hold a text."""

    inner: DictStore
    text: str

    async def get(self, key: str) -> str | None:
        if self.text in key:
            raise PlatformError("KV GET failed")
        return await self.inner.get(key)

    async def put(self, key: str, value: str) -> None:
        await self.inner.put(key, value)


def test_a_bucket_whose_progress_cannot_be_read_does_not_stop_the_others(two: World) -> None:
    two.store = StoreThatFailsFor(two.store, "artifacts")  # type: ignore[assignment]  # another KeyValue
    outcome = tick(two, **TWO)
    assert outcome["status"] == "failed"
    assert "KV GET failed" in outcome["counts"]["backfill"]["artifacts"]["error"]
    assert walked(outcome, "archive")["inserted"] == 2500
