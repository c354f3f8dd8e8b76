"""How evenly a bucket that was never walked is cut while it is walked, and at which price.

A listing takes so many turns of the event loop and nothing else takes any, so the turns of a whole walk tell how long
its slowest lane took.
"""

from __future__ import annotations

import asyncio
from dataclasses import dataclass, replace
from random import Random

import pytest
from hypothesis import given
from hypothesis import strategies as st

from backfill.ranges import Ranges, whole
from backfill.spec import SliceReport, WalkSpec
from backfill.splitting import LAST, KeySpace
from backfill.target import read_target
from backfill.walk import walk
from ports import ListRequest, Page
from runs.budget import Budget
from tests.support.fakes import DictBucket, migrated_world

LANES = 6
LANE_PAGES = 200
PAGE_OBJECTS = 3
TURNS = 40
WHOLE = whole()
TEXTS = st.text(st.characters(exclude_categories=["Cs"]), min_size=1, max_size=6)


@dataclass
class SlowBucket(DictBucket):
    """A bucket whose every answer takes equally long, with a few objects a page."""

    turn: int = 0

    async def list_page(self, request: ListRequest) -> Page:
        """List as a bucket does, after some turns of the loop."""
        for _ in range(TURNS):
            await asyncio.sleep(0)
        return await super().list_page(replace(request, limit=min(request.limit, PAGE_OBJECTS)))

    async def count_turns(self) -> None:
        """Count the turns of the loop, without end."""
        while True:
            self.turn += 1
            await asyncio.sleep(0)


def _keys(kind: str, count: int) -> list[str]:
    order = Random(7)  # noqa: S311  # names, not secrets
    match kind:
        case "uuid":
            return [f"{order.getrandbits(128):032x}" for _ in range(count)]
        case "dates":
            days = ((2000 + n * 26 // count, order.randrange(12) + 1, order.randrange(28) + 1) for n in range(count))
            return [f"raw/{year}/{month:02}/{day:02}/{n:06}.html" for n, (year, month, day) in enumerate(days)]
        case "serial":
            return [f"doc-{n:09}" for n in range(count)]
        case "zipf":
            return [f"site{int(order.paretovariate(1))}/{n:06}" for n in range(count)]
        case _:
            return [f"{'big' if n % 10 else f'p{n}'}/{'x' * 200}{n:06}" for n in range(count)]


async def _walked(bucket: SlowBucket, ranges: Ranges = WHOLE) -> SliceReport:
    world = migrated_world()
    target = await read_target(world.database, "artifacts", "", live=False)
    budget = Budget(world.clock, world.clock.now().replace(year=2100), subrequests=10**6)
    turns = asyncio.ensure_future(bucket.count_turns())
    try:
        spec = WalkSpec(target, world.database, bucket, budget, ranges, lanes=LANES)
        return [report async for report in walk(spec)][-1]
    finally:
        turns.cancel()


@pytest.mark.parametrize("kind", ["uuid", "dates", "serial", "zipf", "one prefix"])
def test_the_slowest_lane_is_near_the_ideal_and_the_looks_cost_a_twentieth(kind: str) -> None:
    pages, bucket = LANE_PAGES * LANES, SlowBucket()
    bucket.put(*_keys(kind, pages * PAGE_OBJECTS))
    report = asyncio.run(_walked(bucket))
    assert (report.complete, report.counts.scanned) == (True, len(bucket.sizes))
    assert bucket.lists <= 1.05 * report.pages
    assert bucket.turn <= 1.3 * LANE_PAGES * (TURNS + 1)


def test_a_pass_in_the_ranges_of_the_one_before_looks_for_no_cuts() -> None:
    bucket = SlowBucket()
    bucket.put(*_keys("serial", 72))
    ranges = tuple(whole()[0].split(f"doc-{n:09}" for n in range(11, 60, 12)))
    report = asyncio.run(_walked(bucket, ranges))
    assert (report.complete, report.counts.scanned) == (True, 72)
    assert bucket.lists == report.pages == 24


@given(texts=st.lists(st.tuples(TEXTS, st.none() | TEXTS), max_size=8), low=TEXTS, high=TEXTS)
def test_gaps_stay_apart_and_in_order_and_nothing_is_spread_into_them(
    texts: list[tuple[str, str | None]], low: str, high: str
) -> None:
    space = KeySpace()
    for text, key in texts:
        if key is None or key > text:
            space.learn(text, key)
    flat = [end for gap in space.gaps for end in gap]
    assert flat == sorted(flat)
    points = space.spread(min(low, high), max(low, high), 5)
    assert points == sorted(set(points))
    assert all(min(low, high) < point < max(low, high) for point in points)
    assert 0 <= space.share(min(low, high), low, max(low, high)) <= 1


def test_what_is_known_to_be_empty_is_left_out() -> None:
    space = KeySpace()
    space.learn("a5", None)
    space.learn("a1", "a3")
    assert space.end("a0", LAST) == "a5"
    assert space.first_after("a2") == "a3"
    assert space.first_after("a4") is None
    assert space.first_after("b") == LAST
    assert space.share("a0", "a3", LAST) == pytest.approx(1 / 3)
    assert space.spread("a0", LAST, 2) == ["a3", "a4"]


def test_of_dates_come_dates() -> None:
    space = KeySpace(keys={"raw/2021/11/30/7"})
    space.learn("raw/3", None)
    found = space.spread("raw/2000/01/05/1", LAST, 3)
    assert [text[:10] for text in found] == ["raw/2250/0", "raw/2500/0", "raw/2750/0"]
