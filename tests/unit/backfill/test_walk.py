"""The walk against buckets that answer as R2 may answer: short, stale, out of order, in several chunks."""

from __future__ import annotations

import json
from collections.abc import Callable, Sequence
from dataclasses import dataclass, field, replace
from datetime import timedelta

import pytest

from backfill.cursor import encode
from backfill.lister import EMPTY_PAGES, OrderError
from backfill.ranges import Position, whole
from errors import (
    CursorError,
    InputError,
    OverloadedError,
    PageTooLargeError,
    PlatformError,
    StewardError,
    TransientError,
)
from ports import ListRequest, Page, Ports, Result, Statement
from tests.support import shapes
from tests.support.actions import RecordingDatabase, backfill, counts, live, numbered, rows, tick, types, walked
from tests.support.fakes import DictBucket, World, migrated_world


@pytest.fixture
def world() -> World:
    world = migrated_world()
    world.rules((1, "raw/*", "raw"))
    return world


@dataclass
class ScriptedBucket(DictBucket):
    """A bucket whose answers a test bends: `bend` gets each request and R2's right answer."""

    bend: Callable[[ListRequest, Page], Page] = lambda _request, page: page
    requests: list[ListRequest] = field(default_factory=list)

    async def list_page(self, request: ListRequest) -> Page:
        self.requests.append(request)
        return self.bend(request, await super().list_page(request))


def scripted(world: World, bend: Callable[[ListRequest, Page], Page]) -> ScriptedBucket:
    bucket = ScriptedBucket(world.bucket.sizes, bend=bend)
    world.buckets["artifacts"] = bucket
    return bucket


@dataclass
class FlakyDatabase:
    """A database that raises the given errors in turn at each batch that binds a page."""

    world: World
    errors: list[StewardError | None]
    after_commit: bool = False

    async def batch(self, statements: Sequence[Statement]) -> list[Result]:
        is_page = any("jsonb(?" in one.sql and "unclassified" in one.sql for one in statements)
        error = self.errors.pop(0) if is_page and self.errors else None
        if error and not self.after_commit:
            raise error
        results = await self.world.database.batch(statements)
        if error:
            raise error
        return results

    async def bookmark(self) -> str | None:
        return await self.world.database.bookmark()


def flaky(world: World, *errors: StewardError | None, after_commit: bool = False) -> Ports:
    database = FlakyDatabase(world, list(errors), after_commit)
    return Ports(database, world.buckets, world.store, world.clock, world.poster)


def empty_end(_request: ListRequest, _page: Page) -> Page:
    return Page((), truncated=False, cursor=None)


# What a page costs


def page_batches(world: World, **request: object) -> tuple[list[int], dict[str, object]]:
    """Do a live backfill; return how many statements each batch of a page had, and the report."""
    recorder = RecordingDatabase(world.database)
    ports = Ports(recorder, world.buckets, world.store, world.clock, world.poster)
    report = live(ports, max_objects=10_000, **request)
    writes = [[one for one in batch if "changes()" not in one.sql] for batch in recorder.batches]
    return [len(batch) for batch in writes if "jsonb(?" in batch[0].sql], report


def test_a_new_page_is_counted_and_written_in_one_batch_and_an_unchanged_one_only_counted(world: World) -> None:
    world.bucket.put(*numbered(4000))
    assert page_batches(world)[0] == [2, 2, 2, 2]
    assert page_batches(world)[0] == [2, 1, 1, 1]


@pytest.mark.parametrize("kind", ["inserted", "upgraded"])
def test_a_page_to_write_behind_unchanged_ones_is_counted_again_with_its_write(world: World, kind: str) -> None:
    world.bucket.put(*numbered(4000))
    live(world, max_objects=10_000)
    world.database.script("DROP TRIGGER IF EXISTS steward_guard_known_type")
    change = {"inserted": "DELETE FROM artifacts", "upgraded": "UPDATE artifacts SET source_type = 'unknown'"}[kind]
    world.database.script(f"{change} WHERE r2_key >= 'raw/02500'")
    dry = backfill(world, max_objects=10_000)
    batches, report = page_batches(world)
    assert batches == [2, 1, 1, 2, 2]
    assert counts(report) == counts(dry)
    assert (report[kind], report["unchanged"]) == (1500, 2500)
    assert (len(rows(world)), set(types(world).values())) == (4000, {shapes.kind("raw")})


def test_a_dry_walk_only_counts(world: World) -> None:
    world.bucket.put(*numbered(2500))
    recorder = RecordingDatabase(world.database)
    backfill(Ports(recorder, world.buckets, world.store, world.clock, world.poster), max_objects=10_000)
    assert [len(batch) for batch in recorder.batches if "jsonb(?" in batch[0].sql] == [1, 1, 1]


# What a slice logs


def page_lines(capsys: pytest.CaptureFixture[str]) -> list[int]:
    """Return how many pages each line about pages tells of."""
    lines = [json.loads(line) for line in capsys.readouterr().out.splitlines()]
    return [line["pages"] for line in lines if line["event"] == "page"]


def test_a_slow_slice_has_a_line_for_each_page_and_no_page_has_two(
    world: World, capsys: pytest.CaptureFixture[str]
) -> None:
    world.clock.per_look = timedelta(seconds=1)
    world.bucket.put(*numbered(2500))
    assert live(world, max_objects=5000)["stopped_because"] == "end"
    assert page_lines(capsys) == [1, 2, 3]


def test_a_quick_slice_has_one_line_at_its_end(world: World, capsys: pytest.CaptureFixture[str]) -> None:
    world.bucket.put(*numbered(2500))
    live(world, max_objects=5000)
    assert page_lines(capsys) == [3]


def test_a_slice_without_a_page_has_no_line_about_one(world: World, capsys: pytest.CaptureFixture[str]) -> None:
    world.bucket.put(*numbered(10))
    with pytest.raises(PlatformError):
        live(flaky(world, PlatformError("broken")))
    assert page_lines(capsys) == []


# Bounds


@pytest.mark.parametrize("max_objects", [1, 2, 999, 1000, 1001, 1999, 2000, 2001, 2500])
def test_max_objects_is_exact_and_the_next_call_goes_on_after_it(world: World, max_objects: int) -> None:
    world.bucket.put(*numbered(2500))
    report = live(world, max_objects=max_objects)
    assert report["scanned"] == max_objects == len(rows(world))
    rest = live(world, max_objects=2500, cursor=report["cursor"])
    assert rest["scanned"] == 2500 - max_objects or report["cursor"] is None
    assert len(rows(world)) == 2500


def test_a_pass_that_ends_with_max_objects_is_known_to_be_complete(world: World) -> None:
    world.bucket.put(*numbered(10))
    report = live(world, max_objects=10)
    assert (report["truncated"], report["cursor"], report["start_after"]) == (False, None, None)
    assert report["stopped_because"] == "end"


def test_an_empty_bucket_is_a_complete_pass_of_nothing(world: World) -> None:
    report = live(world)
    assert counts(report) == dict.fromkeys(counts(report), 0)
    assert (report["truncated"], report["stopped_because"]) == (False, "end")


@pytest.mark.parametrize("prefix", ["raw/%", "raw/_", "raw/*", "raw/?", "raw/[", "raw/'", 'raw/"', "raw/\\", "raw/\n"])
def test_a_prefix_is_literal(world: World, prefix: str) -> None:
    world.bucket.put("raw/a", "raw/b/c", f"{prefix}x", prefix, "raw/zz", "other")
    report = live(world, r2_prefix=prefix)
    assert report["scanned"] == 2
    assert set(types(world)) == {prefix, f"{prefix}x"}


def test_a_prefix_that_matches_nothing_is_a_complete_pass_of_nothing(world: World) -> None:
    world.bucket.put("raw/a")
    assert live(world, r2_prefix="RAW/")["scanned"] == 0


def test_a_prefix_resumes_within_itself(world: World) -> None:
    world.bucket.put(*numbered(30), *numbered(30, "raw/x/"))
    report = live(world, r2_prefix="raw/x/", max_objects=20)
    assert live(world, r2_prefix="raw/x/", cursor=report["cursor"])["scanned"] == 10
    assert all(str(key).startswith("raw/x/") for key in types(world))


# Positions


def test_start_after_begins_strictly_after_the_key_whether_or_not_it_exists(world: World) -> None:
    world.bucket.put("raw/a", "raw/b", "raw/c")
    assert live(world, start_after="raw/b")["scanned"] == 1
    assert live(world, start_after="raw/aa")["scanned"] == 2
    assert live(world, start_after="raw/c")["scanned"] == 0
    assert live(world, start_after="")["scanned"] == 3


def test_both_positions_given_the_cursor_is_used(world: World) -> None:
    world.bucket.put(*numbered(20))
    cursor = live(world, max_objects=5)["cursor"]
    assert live(world, cursor=cursor, start_after="raw/00017")["scanned"] == 15


def test_start_after_of_an_answer_goes_on_where_its_cursor_would(world: World) -> None:
    world.bucket.put(*numbered(20))
    report = live(world, max_objects=5)
    assert backfill(world, start_after=report["start_after"])["scanned"] == 15
    assert backfill(world, cursor=report["cursor"])["scanned"] == 15


@pytest.mark.parametrize("start_after", ["", "raw", "RAW/a", "s", "other/raw/a"])
def test_a_start_after_outside_the_prefix_is_refused_by_field(world: World, start_after: str) -> None:
    with pytest.raises(InputError) as refused:
        live(world, r2_prefix="raw/", start_after=start_after)
    assert (refused.value.field, refused.value.status) == ("start_after", 422)


# What R2 may answer


def test_pages_shorter_than_asked_are_not_taken_for_the_end(world: World) -> None:
    world.bucket.put(*numbered(50))
    bucket = scripted(world, lambda _request, page: page)

    async def short(request: ListRequest) -> Page:
        return await DictBucket.list_page(bucket, ListRequest(request.prefix, 7, request.cursor, request.start_after))

    bucket.list_page = short  # type: ignore[method-assign]  # this bucket's own answer, nothing of the code under test
    report = live(world)
    assert (report["scanned"], report["pages"], report["stopped_because"]) == (50, 8, "end")


def test_an_empty_page_in_mid_listing_is_not_taken_for_the_end(world: World) -> None:
    world.bucket.put(*numbered(1500))

    def bend(request: ListRequest, page: Page) -> Page:
        if request.cursor is None:
            return Page((), truncated=True, cursor="")
        return page

    scripted(world, bend)
    assert live(world, max_objects=5000)["scanned"] == 1500


def test_an_empty_page_that_leads_to_itself_is_an_error_and_not_a_loop(world: World) -> None:
    scripted(world, lambda _request, _page: Page((), truncated=True, cursor="again"))
    with pytest.raises(OrderError):
        live(world)


@pytest.mark.parametrize("cursors", [["a"], ["a", "b"], ["a", "b", "c"]], ids=len)
def test_empty_pages_whose_cursors_go_in_circles_are_an_error_at_once(world: World, cursors: list[str]) -> None:
    following = dict(zip([None, *cursors], [*cursors, cursors[0]], strict=True))
    bucket = scripted(world, lambda asked, _page: Page((), truncated=True, cursor=following[asked.cursor]))
    with pytest.raises(OrderError, match="lead nowhere"):
        live(world)
    assert len(bucket.requests) == len(cursors) + 1


def test_empty_pages_without_end_are_an_error_and_not_a_loop_until_time_is_up(world: World) -> None:
    bucket = scripted(world, lambda _asked, _page: Page((), truncated=True, cursor=f"c{len(bucket.requests)}"))
    with pytest.raises(OrderError, match="lead nowhere"):
        live(world)
    assert len(bucket.requests) == EMPTY_PAGES + 1


@pytest.mark.parametrize("objects", [0, 3])
def test_a_page_that_is_truncated_without_a_cursor_is_an_error_at_once(world: World, objects: int) -> None:
    world.bucket.put(*numbered(objects))
    bucket = scripted(world, lambda _asked, page: Page(page.parts, truncated=True, cursor=None))
    with pytest.raises(OrderError, match="gives no cursor") as failed:
        live(world)
    assert len(bucket.requests) == 1
    assert world.database.all("SELECT id, status FROM steward_runs") == [(failed.value.run_id, "failed")]
    assert rows(world) == []


def test_a_stale_cursor_that_looks_like_the_end_is_asked_again_by_key(world: World) -> None:
    world.bucket.put(*numbered(20))
    cursor = live(world, max_objects=5)["cursor"]
    bucket = scripted(world, lambda request, page: empty_end(request, page) if request.cursor else page)
    report = live(world, cursor=cursor)
    assert (report["scanned"], report["truncated"]) == (15, False)
    assert [(request.cursor, request.start_after) for request in bucket.requests] == [
        ("raw/00004", None),
        (None, "raw/00004"),
    ]


def test_a_stale_cursor_that_starts_anew_is_asked_again_by_key(world: World) -> None:
    world.bucket.put(*numbered(20))
    cursor = live(world, max_objects=5)["cursor"]
    everything = ScriptedBucket(world.bucket.sizes)
    bucket = scripted(world, lambda _request, page: page)

    async def anew(request: ListRequest) -> Page:
        bucket.requests.append(request)
        start = request if request.cursor is None else ListRequest(request.prefix, request.limit)
        return await everything.list_page(start)

    bucket.list_page = anew  # type: ignore[method-assign]  # this bucket's own answer, nothing of the code under test
    report = live(world, cursor=cursor)
    assert counts(report)["inserted"] == report["scanned"] == 15


def test_a_cursor_that_goes_stale_between_two_pages_is_asked_again_by_key(world: World) -> None:
    world.bucket.put(*numbered(2500))
    scripted(world, lambda request, page: empty_end(request, page) if request.cursor else page)
    report = live(world, max_objects=5000)
    assert (report["scanned"], report["stopped_because"]) == (2500, "end")


def refusing(request: ListRequest, page: Page) -> Page:
    if request.cursor is not None:
        raise CursorError("list: The cursor is invalid. (10020)")
    return page


def test_a_given_cursor_that_r2_refuses_is_a_bad_request_that_names_it(world: World) -> None:
    world.bucket.put(*numbered(20))
    cursor = live(world, max_objects=5)["cursor"]
    scripted(world, refusing)
    with pytest.raises(InputError, match="refused the cursor") as refused:
        live(world, cursor=cursor)
    assert (refused.value.field, refused.value.status) == ("cursor", 400)
    assert "start_after" in refused.value.hint
    assert len(rows(world)) == 5
    assert refused.value.run_id is not None


def test_a_stored_cursor_that_r2_refuses_goes_on_from_the_last_key(world: World) -> None:
    world.bucket.put(*numbered(2500))
    tick(world, TICK_MAX_OBJECTS=1000)
    scripted(world, refusing)
    outcome = tick(world)
    assert outcome["status"] == "succeeded"
    assert (walked(outcome)["scanned"], walked(outcome)["complete"]) == (1500, True)


def test_a_cursor_that_r2_refuses_in_mid_walk_goes_on_from_the_last_key(world: World) -> None:
    world.bucket.put(*numbered(2500))
    scripted(world, refusing)
    assert live(world, max_objects=5000)["scanned"] == 2500


def test_objects_that_a_page_lists_twice_in_parts_fail_the_run(world: World) -> None:
    world.bucket.put(*numbered(3))
    scripted(world, lambda _request, page: replace(page, parts=[*page.parts, *page.parts]))
    with pytest.raises(OrderError, match="R2 listed"):
        live(world)
    assert rows(world) == []


@pytest.mark.parametrize("order", [["raw/b", "raw/a"], ["raw/a", "raw/a"]])
def test_keys_that_do_not_increase_across_pages_fail_the_run(world: World, order: list[str]) -> None:
    first, second = DictBucket(), DictBucket()
    first.put(order[0])
    second.put(order[1])
    bucket = scripted(world, lambda _request, page: page)

    async def unordered(request: ListRequest) -> Page:
        source = first if request.cursor is None and request.start_after is None else second
        page = await source.list_page(ListRequest("", 1000))
        return Page(page.parts, truncated=True, cursor="next")

    bucket.list_page = unordered  # type: ignore[method-assign]  # this bucket's own answer
    with pytest.raises(OrderError, match=order[0]) as failed:
        live(world)
    assert world.database.all("SELECT id, status FROM steward_runs") == [(failed.value.run_id, "failed")]
    assert set(types(world)) == {order[0]}


def test_a_page_over_the_value_limit_goes_through_in_parts(world: World) -> None:
    keys = numbered(64)
    world.bucket.put(*keys)
    world.bucket.max_part_bytes = 700
    report = live(world)
    assert counts(report)["inserted"] == report["scanned"] == 64
    assert report["cost"]["r2_lists"] == 1
    assert report["cost"]["d1_batches"] > 1
    assert sorted(map(str, types(world))) == keys


def test_where_r2_cannot_answer_a_page_so_large_shorter_ones_are_asked_for(world: World) -> None:
    world.bucket.put(*numbered(2500))
    world.bucket.max_answer_bytes = 4000
    report = live(world, max_objects=5000)
    assert (report["scanned"], report["stopped_because"]) == (2500, "end")
    assert report["cost"]["r2_lists"] == report["pages"] + 2


def test_a_list_that_fails_at_any_length_fails_the_run(world: World) -> None:
    world.bucket.put(*numbered(10))
    world.bucket.max_answer_bytes = 1
    with pytest.raises(PageTooLargeError):
        live(world)
    assert world.database.one("SELECT status FROM steward_runs") == "failed"


# Budgets


def test_no_new_page_starts_after_the_deadline_and_the_answer_says_how_to_go_on(world: World) -> None:
    world.bucket.put(*numbered(5000))

    def slow(_request: ListRequest, page: Page) -> Page:
        world.clock.advance(seconds=25)
        return page

    scripted(world, slow)
    report = live(world, max_objects=5000)
    assert (report["stopped_because"], report["scanned"], report["truncated"]) == ("time", 3000, True)
    assert live(world, max_objects=5000, cursor=report["cursor"])["scanned"] == 2000


def test_a_walk_stops_before_it_uses_up_the_platforms_subrequests(world: World) -> None:
    world.bucket.put(*numbered(1000))
    bucket = scripted(world, lambda _request, page: page)

    async def tiny(request: ListRequest) -> Page:
        return await DictBucket.list_page(bucket, ListRequest(request.prefix, 1, request.cursor, request.start_after))

    bucket.list_page = tiny  # type: ignore[method-assign]  # this bucket's own answer
    report = live(world, max_objects=1000)
    assert report["stopped_because"] == "subrequests"
    assert report["pages"] * len(("list", "plan", "write")) < 1000
    assert report["truncated"] is True
    assert world.database.one("SELECT status FROM steward_runs") == "stopped"


# Failures


@pytest.mark.parametrize("after_commit", [False, True])
def test_a_failure_that_passes_is_retried_and_leaves_the_same_table(world: World, *, after_commit: bool) -> None:
    world.bucket.put(*numbered(1500))
    ports = flaky(world, TransientError("lost"), TransientError("lost"), after_commit=after_commit)
    report = live(ports, max_objects=5000)
    assert report["scanned"] == len(rows(world)) == 1500
    assert report["stopped_because"] == "end"
    # The first page was sent three times; what its lost answers had written is told apart by this alone.
    assert report["repeated_pages"] == 1
    assert report["inserted"] == (500 if after_commit else 1500)


def test_a_report_without_repeated_pages_counts_what_it_wrote(world: World) -> None:
    world.bucket.put(*numbered(10))
    assert "repeated_pages" not in live(world)


def test_a_list_that_fails_in_passing_is_retried(world: World) -> None:
    world.bucket.put(*numbered(10))
    failures = [TransientError("list: (10001)"), TransientError("list: (10058)")]

    def bend(_request: ListRequest, page: Page) -> Page:
        if failures:
            raise failures.pop()
        return page

    scripted(world, bend)
    report = live(world)
    assert (report["scanned"], report["cost"]["r2_lists"]) == (10, 3)


def test_overload_stops_the_slice_where_it_is(world: World) -> None:
    world.bucket.put(*numbered(2500))
    report = live(flaky(world, None, OverloadedError("overloaded")), max_objects=5000)
    assert (report["stopped_because"], report["scanned"], report["truncated"]) == ("overloaded", 1000, True)
    assert live(world, max_objects=5000, cursor=report["cursor"])["scanned"] == 1500


def test_overload_stops_a_tick_where_it_is_and_the_next_goes_on(world: World) -> None:
    world.bucket.put(*numbered(2500))
    outcome = tick(flaky(world, None, OverloadedError("overloaded")))
    assert (walked(outcome)["stopped_because"], walked(outcome)["scanned"]) == ("overloaded", 1000)
    assert walked(tick(world))["inserted"] == 1500


@pytest.mark.parametrize("failure", [PlatformError("broken"), TransientError("never passes")])
def test_any_other_failure_ends_the_run_as_failed_with_what_was_done(world: World, failure: StewardError) -> None:
    world.bucket.put(*numbered(2500))
    with pytest.raises(type(failure)) as failed:
        live(flaky(world, None, *[failure] * 4), max_objects=5000)
    [(status, error, scanned, start_after)] = world.database.all(
        "SELECT status, error, counts ->> 'scanned', counts ->> 'start_after' FROM steward_runs WHERE id = ?",
        failed.value.run_id,
    )
    assert (status, scanned, start_after) == ("failed", 1000, "raw/00999")
    assert str(failure) in str(error)


def test_a_forged_position_outside_what_was_listed_only_moves_the_start(world: World) -> None:
    world.bucket.put("raw/a", "raw/b")
    token = encode("artifacts", "", whole(Position(None, "raw/a")))
    assert live(world, cursor=token)["scanned"] == 1
