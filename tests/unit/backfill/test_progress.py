from __future__ import annotations

import asyncio
import contextlib
import json
from dataclasses import dataclass, field, replace
from datetime import datetime, timedelta
from itertools import pairwise
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from backfill.copies import store_key
from backfill.counts import Counts
from backfill.cursor import encode
from backfill.passes import LANE_PAGES, MARKS, Marks, Pass, last_pass, noted
from backfill.progress import SAVE_EVERY, Progress
from backfill.ranges import START, Position, Range, Ranges, whole
from backfill.spec import SliceReport
from bindings.failures import translate
from database.batch import ask
from errors import InputError, LeaseLostError
from log import timestamp
from runs.lease import LEASE
from runs.record import Opening, open_run
from tests.support.actions import backfill, live, numbered, rows, tick, walked
from tests.support.fakes import DictStore, ManualClock, World, migrated_world
from tests.support.interruption import Fuse, KilledError, fused
from tests.support.shapes import typed

PASS = Pass(
    "2026-11-22T12:00:00.000Z",
    whole(Position("r2", "raw/b")),
    Counts(scanned=3, inserted=2, unclassified=1, unclassified_sample=("other",)),
)
KEY = store_key("artifacts", "")


@dataclass
class Kept:
    """A pass that a run with the lease keeps."""

    world: World = field(default_factory=migrated_world)

    def __post_init__(self) -> None:
        opening = Opening("tick", "live", "cron", {}, exclusive=True)
        self.run = asyncio.run(open_run(self.world.database, self.world.clock, opening))
        self.progress = Progress(self.world.ports(), "artifacts", "")

    def stored(self) -> Pass | None:
        return asyncio.run(Progress(self.world.ports(), "artifacts", "").load())

    def copy(self) -> dict[str, Any]:
        found: dict[str, Any] = json.loads(self.world.store.values[KEY])
        return found

    def save(self, start: Pass, report: SliceReport | None = None, *, at_end: bool = True) -> None:
        self.progress.keep(self.run, start)
        stands = report.of_pass(start) if report else start
        ended = timestamp(self.world.clock.now()) if report and report.complete else None
        asyncio.run(self.progress.save(replace(stands, completed_at=ended), at_end=at_end))

    def begun(self, lanes: int = 1) -> Pass:
        return asyncio.run(Progress(self.world.ports(), "artifacts", "").begin_or_continue(lanes))


@pytest.fixture
def kept() -> Kept:
    return Kept()


def placed(ranges: Ranges) -> list[tuple[str | None, str | None, str | None, bool]]:
    """Return where ranges stand, without R2's cursors, which only the copy in KV keeps."""
    return [(one.after, one.until, one.last_key, one.done) for one in ranges]


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


def test_what_is_saved_is_loaded(kept: Kept) -> None:
    marked = replace(PASS, marks=Marks(("raw/a", "raw/b"), 2, 1), previous=Counts(scanned=9, skipped=9))
    kept.save(marked)
    stored = kept.stored()
    assert stored is not None
    assert placed(stored.ranges) == placed(PASS.ranges)
    assert replace(stored, ranges=PASS.ranges, copies=0) == marked


def test_a_complete_pass_has_no_position_and_keeps_its_ranges(kept: Kept) -> None:
    ranges = (Range(None, "m", done=True), Range("m", None, done=True))
    kept.save(PASS, SliceReport(ranges, Counts(scanned=2, unchanged=2), complete=True))
    stored = kept.stored()
    assert stored is not None
    assert placed(stored.ranges) == [(None, None, "m", True)]
    assert stored.position == START
    assert stored.completed_at is not None
    assert (stored.counts.scanned, stored.counts.unchanged) == (5, 2)
    assert kept.copy()["cursor"] is None


def test_the_copy_is_readable_json_with_the_last_key_beside_the_opaque_cursor(kept: Kept) -> None:
    kept.save(PASS)
    assert kept.copy()["last_key"] == "raw/b"
    assert kept.copy()["pass_started_at"] == PASS.pass_started_at
    assert kept.copy()["counts"]["inserted"] == 2


def test_nothing_stored_begins_a_pass_now(kept: Kept) -> None:
    begun = kept.begun()
    assert begun.position == START
    assert begun.pass_started_at.startswith("2026-11-22T12:00:00")


def test_a_pass_under_way_is_continued_and_a_complete_one_begun_anew(kept: Kept) -> None:
    kept.save(PASS)
    assert kept.begun().pass_started_at == PASS.pass_started_at
    kept.save(PASS, SliceReport((Range(done=True),), complete=True))
    kept.world.clock.advance(seconds=1)
    assert (kept.begun().counts, kept.begun().previous) == (Counts(), PASS.counts)


def test_a_pass_is_cut_where_the_pages_of_the_one_before_it_ended(kept: Kept) -> None:
    marks = Marks()
    for number in range(20):
        marks = marks.page(f"{number:02}")
    kept.save(PASS, SliceReport((Range(done=True),), marks=marks, complete=True))
    kept.world.clock.advance(seconds=1)
    assert [one.until for one in kept.begun(lanes=4).ranges] == ["04", "09", "14", None]
    assert [one.until for one in kept.begun(lanes=1).ranges] == [None]


@given(pages=st.integers(0, 5000), lanes=st.integers(1, 6))
def test_marks_stay_few_and_cut_a_bucket_into_even_parts(pages: int, lanes: int) -> None:
    marks = Marks()
    for number in range(pages):
        marks = marks.page(f"{number:05}")
    cuts = [-1, *(int(key) for key in marks.cuts(lanes)), pages - 1]
    parts = [last - first for first, last in pairwise(cuts)]
    assert len(marks.keys) <= MARKS
    assert len(parts) == max(1, min(lanes, len(marks.keys) * marks.every // LANE_PAGES))
    assert max(parts) <= pages / len(parts) + 2 * marks.every


def test_within_a_slice_the_pass_is_stored_at_most_every_few_seconds_and_always_at_its_end(kept: Kept) -> None:
    store, clock = kept.world.store, kept.world.clock
    for _ in range(5):
        kept.save(PASS, at_end=False)
    assert (store.writes, kept.stored()) == (0, None)
    for _ in range(2):
        clock.advance(seconds=SAVE_EVERY.total_seconds())
        kept.save(PASS, at_end=False)
        kept.save(PASS, at_end=False)
    kept.save(PASS, at_end=True)
    assert store.writes == 3


def test_a_run_that_lost_its_lease_cannot_say_where_the_pass_stands(kept: Kept) -> None:
    kept.world.database.script("UPDATE steward_control SET lease_token = 'of another', fence = fence + 1")
    with pytest.raises(LeaseLostError):
        kept.save(PASS)
    assert kept.world.database.all("SELECT count(*) FROM steward_passes") == [(0,)]


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


def test_the_write_at_the_end_of_a_slice_keeps_apart_from_the_one_before_it() -> None:
    world = migrated_world()
    world.store = store = ThrottledStore(clock=world.clock)
    kept = Kept(world)
    world.clock.advance(seconds=SAVE_EVERY.total_seconds())
    kept.save(PASS, at_end=False)
    kept.save(PASS, at_end=True)
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


def pass_row(world: World) -> dict[str, Any]:
    [row] = asyncio.run(ask(world.database, last_pass("artifacts", "")))
    return row


def test_without_the_copy_in_kv_a_pass_goes_on_where_d1_says(world: World) -> None:
    tick(world, TICK_MAX_OBJECTS=1000)
    world.store.values.clear()
    assert walked(tick(world, TICK_MAX_OBJECTS=1000))["inserted"] == 1000


def test_without_d1s_row_a_pass_goes_on_where_the_copy_in_kv_says(world: World) -> None:
    tick(world, TICK_MAX_OBJECTS=1000)
    world.database.script("DELETE FROM steward_passes")
    assert walked(tick(world, TICK_MAX_OBJECTS=1000))["inserted"] == 1000
    assert noted(pass_row(world)).counts.scanned == 2000


@pytest.mark.parametrize("column", ["ranges", "counts", "page", "marks", "started_at"])
def test_a_row_of_d1_that_cannot_be_read_is_logged_and_the_copy_taken(
    world: World, column: str, capsys: pytest.CaptureFixture[str]
) -> None:
    tick(world, TICK_MAX_OBJECTS=1000)
    world.database.script(f"UPDATE steward_passes SET {column} = '[7]'")
    assert walked(tick(world, TICK_MAX_OBJECTS=1000))["inserted"] == 1000
    assert "progress_unreadable" in capsys.readouterr().out


def test_a_pass_that_d1_was_restored_behind_of_repeats_what_came_after(world: World) -> None:
    tick(world, TICK_MAX_OBJECTS=1000)
    before = pass_row(world)
    tick(world, TICK_MAX_OBJECTS=1000)
    given = (before["ranges"], before["counts"], before["copies"])
    world.database.connection.execute("UPDATE steward_passes SET ranges = ?, counts = ?, copies = ?", given)
    assert walked(tick(world, TICK_MAX_OBJECTS=1000))["unchanged"] == 1000


def test_a_pass_that_a_version_without_d1s_row_began_since_is_the_one_to_continue(world: World) -> None:
    tick(world)
    since = {**json.loads(world.store.values[KEY]), "pass_started_at": "2026-12-01T00:00:00.000Z", "completed_at": None}
    world.store.values[KEY] = json.dumps(since)
    assert walked(tick(world))["unchanged"] == 2500
    assert noted(pass_row(world)).pass_started_at == since["pass_started_at"]


@pytest.mark.parametrize("takes_effect", [False, True])
@pytest.mark.parametrize("calls", range(24))
def test_a_pass_killed_at_any_call_has_the_counts_of_one_that_was_not(
    world: World, calls: int, *, takes_effect: bool
) -> None:
    world.database.script("INSERT INTO artifacts (r2_bucket, r2_key) VALUES ('artifacts', 'raw/00007')")
    world.bucket.put("odd")
    with contextlib.suppress(KilledError):
        tick(fused(world, Fuse(calls, takes_effect)), TICK_MAX_OBJECTS=2000)
    for _ in range(3):
        world.clock.advance(seconds=LEASE.total_seconds())
        tick(world, TICK_MAX_OBJECTS=900)
    found = noted(pass_row(world)).counts
    assert (found.scanned, found.inserted, found.upgraded, found.unclassified) == (2501, 2499, int(typed()), 1)


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
