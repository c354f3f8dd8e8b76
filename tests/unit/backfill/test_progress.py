from __future__ import annotations

import asyncio
import json
from dataclasses import dataclass, field
from datetime import datetime, timedelta

import pytest

from backfill.counts import Counts
from backfill.cursor import encode
from backfill.progress import SAVE_EVERY, Pass, Progress, store_key
from backfill.ranges import START, Position, whole
from backfill.walk import SliceReport
from bindings.failures import translate
from errors import InputError
from tests.support.actions import backfill, live, numbered, rows, tick, walked
from tests.support.fakes import DictStore, ManualClock, World, migrated_world

PASS = Pass(
    "2026-11-22T12:00:00.000Z",
    whole(Position("r2", "raw/b")),
    Counts(scanned=3, inserted=2, unclassified=1, unclassified_sample=("other",)),
)
KEY = store_key("artifacts", "")


@pytest.fixture
def progress() -> Progress:
    return Progress(DictStore(), ManualClock(), "artifacts", "")


def stored(progress: Progress) -> Pass | None:
    return asyncio.run(progress.load())


def save(progress: Progress, current: Pass, *, at_end: bool = True) -> None:
    asyncio.run(progress.save(current, at_end=at_end))


def text_of(**changes: object) -> str:
    """Return a stored value with some of its parts replaced."""
    value: dict[str, object] = {
        "cursor": encode("artifacts", "", PASS.ranges),
        "last_key": PASS.position.last_key,
        "pass_started_at": PASS.pass_started_at,
        "completed_at": None,
        "counts": {"scanned": 3, "inserted": 2, "unclassified": 1, "unclassified_sample": ["other"]},
    }
    return json.dumps({**value, **changes})


def test_what_is_saved_is_loaded(progress: Progress) -> None:
    save(progress, PASS)
    assert stored(progress) == PASS


def test_a_complete_pass_is_saved_without_a_position(progress: Progress) -> None:
    done = progress.after(PASS, SliceReport(whole(Position("r2", "z")), Counts(scanned=2, unchanged=2), complete=True))
    save(progress, done)
    assert stored(progress) == done
    assert done.position == START
    assert done.completed_at is not None
    assert (done.counts.scanned, done.counts.unchanged) == (5, 2)


def test_the_stored_value_is_readable_json_with_the_last_key_beside_the_opaque_cursor(progress: Progress) -> None:
    save(progress, PASS)
    assert isinstance(progress.store, DictStore)
    value = json.loads(progress.store.values[KEY])
    assert value["last_key"] == "raw/b"
    assert value["pass_started_at"] == PASS.pass_started_at
    assert value["counts"]["inserted"] == 2


def test_nothing_stored_begins_a_pass_now(progress: Progress) -> None:
    begun = asyncio.run(progress.begin_or_continue())
    assert begun.position == START
    assert begun.pass_started_at.startswith("2026-11-22T12:00:00")


def test_a_pass_under_way_is_continued_and_a_complete_one_begun_anew(progress: Progress) -> None:
    save(progress, PASS)
    assert asyncio.run(progress.begin_or_continue()) == PASS
    save(progress, progress.after(PASS, SliceReport(whole(), complete=True)))
    assert asyncio.run(progress.begin_or_continue()).counts == Counts()


def test_within_a_slice_kv_is_written_at_most_every_few_seconds_and_always_at_its_end(progress: Progress) -> None:
    assert isinstance(progress.store, DictStore)
    assert isinstance(progress.clock, ManualClock)
    for _ in range(5):
        save(progress, PASS, at_end=False)
    assert progress.store.writes == 0
    for _ in range(2):
        progress.clock.advance(seconds=SAVE_EVERY.total_seconds())
        save(progress, PASS, at_end=False)
        save(progress, PASS, at_end=False)
    save(progress, PASS, at_end=True)
    assert progress.store.writes == 3


@dataclass
class ThrottledStore(DictStore):
    """A KV that refuses a second write within a second, as Cloudflare's does."""

    clock: ManualClock = field(default_factory=ManualClock)
    written_at: datetime | None = None

    async def put(self, key: str, value: str) -> None:
        now = self.clock.moment
        if self.written_at is not None and now - self.written_at < timedelta(seconds=1):
            raise translate("KV PUT failed: 429 Too Many Requests", doing="Writing to KV")
        self.written_at = now
        await super().put(key, value)


def test_slices_that_end_within_a_second_of_a_write_wait_their_turn_at_kv(world: World) -> None:
    world.store = ThrottledStore(clock=world.clock)
    assert live(world, resume=True, max_objects=1000)["inserted"] == 1000
    assert live(world, resume=True, max_objects=1000)["inserted"] == 1000
    assert walked(tick(world))["inserted"] == 500
    assert json.loads(world.store.values[KEY])["counts"]["scanned"] == 2500


def test_the_write_at_the_end_of_a_slice_keeps_apart_from_the_one_before_it(progress: Progress) -> None:
    assert isinstance(progress.clock, ManualClock)
    progress.store = store = ThrottledStore(clock=progress.clock)
    progress.clock.advance(seconds=SAVE_EVERY.total_seconds())
    save(progress, PASS, at_end=False)
    save(progress, PASS, at_end=True)
    assert store.writes == 2


@pytest.mark.parametrize("position", [{"start_after": "raw/02000"}, {"cursor": encode("artifacts", "", PASS.ranges)}])
def test_resume_takes_no_position_for_the_pass_would_not_be_a_whole_one(
    world: World, position: dict[str, object]
) -> None:
    with pytest.raises(InputError) as refused:
        live(world, resume=True, **position)
    assert (refused.value.field, refused.value.status) == ("resume", 422)
    assert (rows(world), world.store.values) == ([], {})


def test_every_bucket_and_prefix_has_a_key_of_its_own_that_kv_can_take() -> None:
    pairs = [("a", ""), ("a", "b"), ("b", ""), ("a", "x" * 1024), ("a", "y" * 1024), ("a", "é" * 300)]
    keys = [store_key(bucket, prefix) for bucket, prefix in pairs]
    assert len(set(keys)) == len(pairs)
    assert all(len(key.encode()) <= 512 for key in keys)


UNREADABLE = [
    "",
    "not json",
    "null",
    "7",
    "[]",
    "{}",
    "\0",
    text_of(cursor="not ours"),
    text_of(cursor=encode("other", "", PASS.ranges)),
    text_of(cursor=7),
    text_of(counts=None),
    text_of(counts={"scanned": "many"}),
    text_of(counts={"scanned": 1, "unclassified_sample": 5}),
    text_of(counts={"of another version": 1}),
    text_of(pass_started_at=None),
    text_of(completed_at="yesterday"),
    text_of(completed_at="2026-11-22T12:00:00"),
    text_of(completed_at=5),
]


@pytest.mark.parametrize("text", UNREADABLE)
def test_a_value_that_cannot_be_read_is_logged_and_starts_the_pass_over(
    text: str, capsys: pytest.CaptureFixture[str]
) -> None:
    world = migrated_world()
    world.rules((1, "raw/*", "raw"))
    world.bucket.put("raw/a", "raw/c")
    world.store.values[KEY] = text
    outcome = tick(world)
    assert outcome["status"] == "succeeded"
    assert walked(outcome)["inserted"] == 2
    warnings = [json.loads(line) for line in capsys.readouterr().out.splitlines() if '"warn"' in line]
    assert {warning["event"] for warning in warnings} == {"progress_unreadable"}


@pytest.fixture
def world() -> World:
    world = migrated_world()
    world.rules((1, "raw/*", "raw"))
    world.bucket.put(*numbered(2500))
    return world


def test_a_stale_value_only_repeats_idempotent_work(world: World) -> None:
    tick(world, TICK_MAX_OBJECTS=1000)
    stale = world.store.values[KEY]
    tick(world, TICK_MAX_OBJECTS=1000)
    world.store.values[KEY] = stale
    outcome = tick(world)
    assert (walked(outcome)["unchanged"], walked(outcome)["inserted"]) == (1000, 500)
    final = json.loads(world.store.values[KEY])
    assert final["counts"]["scanned"] == 2500
    assert final["completed_at"]


def test_a_manual_run_with_resume_goes_on_where_cron_stands_and_leaves_cron_where_it_stops(world: World) -> None:
    tick(world, TICK_MAX_OBJECTS=1000)
    report = live(world, resume=True, max_objects=700)
    assert (report["scanned"], report["start_after"]) == (700, "raw/01699")
    assert walked(tick(world))["scanned"] == 800


def test_a_manual_run_without_resume_leaves_the_stored_pass_alone(world: World) -> None:
    tick(world, TICK_MAX_OBJECTS=1000)
    before = dict(world.store.values)
    live(world, max_objects=1700)
    assert world.store.values == before
    assert walked(tick(world))["unchanged"] == 700


def test_a_dry_run_with_resume_reads_the_stored_position_and_does_not_move_it(world: World) -> None:
    tick(world, TICK_MAX_OBJECTS=1000)
    before, writes = dict(world.store.values), world.store.writes
    assert backfill(world, resume=True, max_objects=10)["start_after"] == "raw/01009"
    assert (world.store.values, world.store.writes) == (before, writes)


def test_prefixes_are_separate_passes(world: World) -> None:
    live(world, resume=True, r2_prefix="raw/00", max_objects=10)
    assert walked(tick(world))["scanned"] == 2500
    assert live(world, resume=True, r2_prefix="raw/00")["scanned"] == 990
