from __future__ import annotations

import asyncio
from dataclasses import dataclass, field, replace
from random import Random

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from backfill.counts import Counts
from backfill.cursor import decode, encode
from backfill.ranges import Position, Range, Ranges, abut, complete, everything_up_to, joined, whole
from backfill.spec import SliceReport, WalkSpec
from backfill.splitting import KeySpace, cuts
from backfill.target import read_target
from backfill.walk import walk
from errors import PlatformError
from ports import ListRequest, Page
from runs.budget import Budget
from tests.support.fakes import DictBucket, World, migrated_world
from tests.support.shapes import examples

KEYS = st.text(st.characters(exclude_categories=["Cs"]), min_size=1, max_size=6)


@dataclass
class UnevenBucket(DictBucket):
    """A bucket whose answers come back in any order, a few objects a page."""

    order: Random = field(default_factory=lambda: Random(0))  # noqa: S311  # an order, not a secret
    page: int = 3

    async def list_page(self, request: ListRequest) -> Page:
        """List as a bucket does, after some turns of the loop."""
        for _ in range(self.order.randrange(6)):
            await asyncio.sleep(0)
        return await super().list_page(replace(request, limit=min(request.limit, self.page)))


class ProbelessBucket(UnevenBucket):
    """A bucket that answers no request for a single object."""

    async def list_page(self, request: ListRequest) -> Page:
        """List as the bucket does, but for a single object."""
        if request.limit == 1:
            raise PlatformError("Listing the bucket failed: Error: internal error")
        return await super().list_page(request)


async def _walked(world: World, bucket: DictBucket, start: Ranges, lanes: int, most: int | None = None) -> SliceReport:
    target = await read_target(world.database, "artifacts", "", live=True)
    budget = Budget(world.clock, world.clock.now().replace(year=2100), subrequests=10**6, max_objects=most)
    walked = walk(WalkSpec(target, world.database, bucket, budget, start, lanes=lanes))
    return [SliceReport(start), *[report async for report in walked]][-1]


def table(world: World) -> list[tuple[object, ...]]:
    return world.database.all("SELECT r2_key, source_type FROM artifacts ORDER BY r2_key")


@settings(max_examples=examples(60), deadline=None)
@given(
    keys=st.sets(KEYS, max_size=60),
    at=st.lists(KEYS, max_size=6),
    lanes=st.integers(1, 6),
    seed=st.integers(0, 10**6),
    most=st.integers(1, 70),
)
def test_any_lanes_ranges_order_and_cut_give_the_table_and_counts_of_one_walk(
    keys: set[str], at: list[str], lanes: int, seed: int, most: int
) -> None:
    one, other = migrated_world(), migrated_world()
    named = [f"raw/{key}" for key in keys]
    plain, uneven = DictBucket(), UnevenBucket(order=Random(seed))  # noqa: S311  # an order, not a secret
    plain.put(*named)
    uneven.put(*named)
    expected = asyncio.run(_walked(one, plain, whole(), 1))
    ranges = tuple(whole()[0].split(f"raw/{key}" for key in at))
    counts, report = Counts(), SliceReport(ranges)
    for _ in range(200):
        report = asyncio.run(_walked(other, uneven, ranges, lanes, most))
        assert report.counts.scanned == most or report.complete
        assert abut(report.ranges)
        counts += report.counts
        ranges = decode(encode("artifacts", "", report.ranges), "artifacts", "")
        if report.complete:
            break
    assert report.complete
    assert counts.scanned == len(keys)
    assert replace(counts, unclassified_sample=()) == replace(expected.counts, unclassified_sample=())
    assert table(other) == table(one)


def _many(kind: str) -> list[str]:
    order = Random(7)  # noqa: S311  # names, not secrets
    match kind:
        case "uuid":
            return [f"{order.getrandbits(128):032x}" for _ in range(3000)]
        case "dates":
            return [f"raw/{2000 + n // 360}/{n % 360 // 30 + 1:02}/{n % 30 + 1:02}/{n}.html" for n in range(3000)]
        case "serial":
            return [f"doc-{n:09}" for n in range(3000)]
        case "zipf":
            return [f"site{int(order.paretovariate(1))}/{n:06}" for n in range(3000)]
        case _:
            return [f"{'big' if n % 10 else f'p{n}'}/{'x' * 200}{n:06}" for n in range(3000)]


@pytest.mark.parametrize("kind", ["uuid", "dates", "serial", "zipf", "one prefix"])
def test_a_bucket_never_walked_is_split_and_every_key_is_walked_once(kind: str) -> None:
    world = migrated_world()
    bucket = UnevenBucket(page=10)
    bucket.put(*_many(kind))
    report = asyncio.run(_walked(world, bucket, whole(), 6))
    assert report.complete
    assert report.counts.scanned == len(bucket.sizes)
    assert bucket.lists <= report.pages * 1.2
    assert report.pages > len(bucket.sizes) / 10, "more than one range was walked"


def test_a_bucket_that_cannot_be_probed_is_walked_whole_and_the_log_says_so(capsys: pytest.CaptureFixture[str]) -> None:
    world, bucket = migrated_world(), ProbelessBucket(page=10)
    bucket.put(*_many("serial")[:200])
    report = asyncio.run(_walked(world, bucket, whole(), 4))
    assert (report.complete, report.counts.scanned, report.pages) == (True, 200, 20)
    assert "range_not_cut" in capsys.readouterr().out


def test_an_object_put_at_a_boundary_and_one_deleted_there_change_nothing_else() -> None:
    world, bucket = migrated_world(), UnevenBucket()
    bucket.put("raw/a", "raw/c", "raw/e")
    ranges = tuple(whole()[0].split(["raw/b", "raw/d"]))
    bucket.put("raw/b", "raw/b0")
    report = asyncio.run(_walked(world, bucket, ranges, 3))
    assert (report.complete, report.counts.scanned) == (True, 5)
    assert report.position.last_key == "raw/e"


def test_a_pass_is_complete_only_when_its_ranges_abut_and_all_are_done() -> None:
    near, far = Range(None, "m", done=True), Range("m", None, done=True)
    assert complete((near, far))
    assert not complete((near,))
    assert not complete((near, Range("n", None, done=True)))
    assert not complete((near, Range("m", None)))
    assert not complete(())


def test_what_is_done_up_to_is_the_first_gap() -> None:
    ranges = (Range(None, "b", done=True), Range("b", "d", Position(None, "c")), Range("d", None, done=True))
    assert everything_up_to(ranges) == Position(None, "c")
    assert len(joined(ranges)) == 2
    assert joined(ranges)[0].until == "d"


@given(low=KEYS, high=KEYS, count=st.integers(1, 6))
def test_a_spread_lies_in_order_between_its_ends(low: str, high: str, count: int) -> None:
    points = KeySpace().spread(min(low, high), max(low, high), count)
    assert points == sorted(set(points))
    assert all(min(low, high) < point < max(low, high) for point in points)
    assert len(points) <= count


@settings(max_examples=examples(100), deadline=None)
@given(keys=st.sets(KEYS, min_size=1, max_size=40), wanted=st.integers(1, 5))
def test_a_range_is_cut_only_at_keys_that_exist_in_it(keys: set[str], wanted: int) -> None:
    ordered = sorted(keys)

    async def probe(after: str) -> str | None:
        return next((key for key in ordered if key > after), None)

    found = asyncio.run(cuts(probe, KeySpace(), (ordered[0], ordered[0]), None, wanted))
    assert set(found) <= set(ordered[1:])
    assert len(found) <= wanted


def test_a_range_whose_last_key_is_listed_needs_no_further_listing() -> None:
    world, bucket = migrated_world(), UnevenBucket(page=10)
    bucket.put(*_many("serial")[:200])
    ranges = tuple(whole()[0].split(f"doc-{n:09}" for n in (49, 99, 149)))
    report = asyncio.run(_walked(world, bucket, ranges, 4))
    assert (report.complete, report.counts.scanned, report.pages) == (True, 200, 20)
    assert bucket.lists == 20
