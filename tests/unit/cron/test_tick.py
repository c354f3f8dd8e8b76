from __future__ import annotations

import asyncio
import json
from dataclasses import dataclass

import pytest

from backfill.copies import store_key
from errors import PlatformError
from ports import ListRequest, Page
from runs.lease import LEASE
from runs.record import Opening, open_run
from tests.support.actions import DefectiveDatabase, counts, numbered, rows, tick, types, walked
from tests.support.fakes import DictBucket, DictStore, World, migrated_world

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


def test_a_ticks_cost_is_that_of_its_check_and_its_walk_together(world: World) -> None:
    tick(world, FULL_CHECK_HOURS=8760)
    walk = tick(world, BACKFILL_MODE="dry", PASS_INTERVAL_HOURS=0)
    check = tick(world, BACKFILL_MODE="off")
    both, alone = (
        world.database.one("SELECT cost ->> 'd1_batches' FROM steward_runs WHERE id = ?", outcome["run_id"])
        for outcome in (walk, check)
    )
    assert isinstance(both, int)
    assert isinstance(alone, int)
    assert alone > 0
    assert both == alone + walked(walk)["pages"]


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


def test_buckets_share_the_objects_of_a_tick_to_the_last(two: World) -> None:
    for number in (3001, 1999):
        outcome = tick(two, TICK_MAX_OBJECTS=number, **TWO)
        shares = [walked(outcome)["scanned"], walked(outcome, "archive")["scanned"]]
        assert sum(shares) == number
        assert max(shares) - min(shares) <= 1
    assert len(rows(two)) == 5000


def test_what_a_bucket_leaves_of_its_share_goes_to_the_next(two: World) -> None:
    two.buckets["archive"].sizes = {"raw/x": 1}
    # Another bucket is the first in each tick, so of two ticks one takes the small one first.
    shares = [walked(tick(two, BACKFILL_MODE="dry", TICK_MAX_OBJECTS=2000, **TWO))["scanned"] for _ in range(2)]
    assert sorted(shares) == [1000, 1999]


def test_a_bucket_that_got_no_share_says_so_and_is_the_first_in_the_next_tick(two: World) -> None:
    told = [tick(two, TICK_MAX_OBJECTS=1, **TWO) for _ in range(2)]
    first, second = [[walked(one, bucket) for bucket in two.buckets] for one in told]
    for one, other in ((first[0], second[0]), (first[1], second[1])):
        assert {one.get("scanned"), other.get("scanned")} == {None, 1}
        assert "budget" in {**one, **other}["not_walked"]


@pytest.mark.parametrize("variables", [{"PASS_INTERVAL_HOURS": 0}, {"BACKFILL_MODE": "dry"}])
@pytest.mark.parametrize("other_runs", [0, 1])
def test_a_bucket_that_uses_up_all_it_gets_in_every_tick_keeps_no_other_from_being_walked(
    two: World, variables: dict[str, object], other_runs: int
) -> None:
    two.buckets["archive"].sizes = {"raw/x": 1}
    for _ in range(4):
        outcome = tick(two, TICK_MAX_OBJECTS=500, **TWO, **variables)
        assert walked(outcome, "archive")["scanned"] == 1
        assert walked(outcome)["scanned"] >= 250
        for _ in range(other_runs):
            asyncio.run(open_run(two.database, two.clock, Opening("check", "fast", "http", {}, exclusive=False)))
        two.clock.advance(minutes=15)


def test_a_slow_bucket_leaves_the_others_their_share_of_the_time(two: World) -> None:
    class SlowBucket(DictBucket):
        async def list_page(self, request: ListRequest) -> Page:
            two.clock.advance(seconds=11)
            return await super().list_page(request)

    for bucket in two.buckets:
        two.buckets[bucket] = SlowBucket(two.buckets[bucket].sizes)
    outcome = tick(two, TICK_SECONDS=20, **TWO)
    assert (walked(outcome)["scanned"], walked(outcome, "archive")["scanned"]) == (1000, 1000)


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
            page = await super().list_page(request)
            # What is at hand is done long before the answer is there.
            for _ in range(10):
                await asyncio.sleep(0)
            world.clock.advance(seconds=11)
            return page

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


ALERTING = {
    "ALERT_WEBHOOK_URL": "https://a.example/x",
    "ALERT_WEBHOOK_SECRET": "s",
    "HEARTBEAT_URL": "https://h.example",
}


@pytest.mark.parametrize(
    ("text", "part"),
    [
        ("pragma_foreign_key_list", "check"),
        ("FROM source_type_rules", "backfill of artifacts"),
        ("INSERT INTO artifacts", "backfill of archive"),
    ],
)
def test_an_error_that_nobody_foresaw_fails_its_part_and_nothing_else(
    two: World, text: str, part: str, capsys: pytest.CaptureFixture[str]
) -> None:
    two.database = DefectiveDatabase(two.database.connection, text, ZeroDivisionError("oh no"))
    outcome = tick(two, **ALERTING, **TWO)
    [(status, error)] = two.database.all("SELECT status, error FROM steward_runs")
    assert (outcome["status"], status) == ("failed", "failed")
    assert f"{part}: ZeroDivisionError: oh no" in str(error)
    assert two.database.one("SELECT lease_token FROM steward_control") is None
    assert [url for _, url, _, _ in two.poster.sent] == [ALERTING["ALERT_WEBHOOK_URL"], "https://h.example/fail"]
    assert "ZeroDivisionError: oh no" in two.poster.sent[0][2]
    logged = [json.loads(line) for line in capsys.readouterr().out.splitlines()]
    told = [line for line in logged if line["event"] == "unexpected_error"]
    assert len(told) == str(error).count("ZeroDivisionError")
    assert all(line["run_id"] == outcome["run_id"] and "in batch" in line["traceback"] for line in told)
    if part == "check":
        assert walked(outcome)["inserted"] + walked(outcome, "archive")["inserted"] == 5000
    else:
        assert outcome["counts"]["check"]["ok"] is True


def test_a_rule_that_plain_sql_stored_wrong_fails_the_backfill_and_not_the_tick(world: World) -> None:
    world.database.script("INSERT INTO source_type_rules VALUES ('high', 'old/*', 'old')")
    outcome = tick(world)
    assert walked(outcome)["refused"] == "rules"
    assert "'high', of the rule 'old/*'" in walked(outcome)["error"]
    assert world.database.all("SELECT status FROM steward_runs") == [("failed",)]
    assert outcome["counts"]["alerts"] == {"sent": 0, "waiting": 0}


def test_a_stores_unforeseen_error_does_not_stop_the_other_bucket(two: World) -> None:
    class Store(DictStore):
        async def get(self, key: str) -> str | None:
            if "artifacts" in key:
                raise KeyError(key)
            return await super().get(key)

    two.store = Store()
    outcome = tick(two, **TWO)
    assert "KeyError" in walked(outcome)["error"]
    assert walked(outcome, "archive")["inserted"] == 2500


def test_a_tick_whose_row_cannot_be_closed_still_calls_the_heartbeat(world: World) -> None:
    world.database = DefectiveDatabase(world.database.connection, "SET status = ?", PlatformError("no more"))
    with pytest.raises(PlatformError, match="no more"):
        tick(world, HEARTBEAT_URL="https://h.example")
    assert [url for _, url, _, _ in world.poster.sent] == ["https://h.example/fail"]


class CpuLimitExceeded(BaseException):  # the name of Pyodide's own
    """Ends the Worker; nothing may hold it up."""


@pytest.mark.parametrize("text", ["sqlite_schema", "FROM source_type_rules", "INSERT INTO artifacts"])
def test_what_ends_the_worker_passes(world: World, text: str) -> None:
    world.database = DefectiveDatabase(world.database.connection, text, CpuLimitExceeded())
    with pytest.raises(CpuLimitExceeded):
        tick(world, HEARTBEAT_URL="https://h.example")
    assert world.poster.sent == []
    assert world.database.all("SELECT status FROM steward_runs") == [("running",)]
