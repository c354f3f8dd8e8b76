"""Every bucket that is due has its turn to be first, whatever else runs between the ticks."""

from __future__ import annotations

import asyncio
from dataclasses import dataclass

from hypothesis import given, settings
from hypothesis import strategies as st

from errors import PlatformError
from ports import ListRequest, Page
from tests.support.actions import numbered, tick
from tests.support.databases import checked
from tests.support.fakes import DictBucket, World, migrated_world
from tests.support.shapes import examples


@dataclass
class FailingBucket(DictBucket):
    """A bucket that never answers."""

    async def list_page(self, request: ListRequest) -> Page:
        raise PlatformError(f"R2 does not list {request.prefix!r}.")


def world_of(buckets: int, failing: int) -> World:
    world = migrated_world()
    world.rules((1, "raw/*", "raw"))
    world.buckets = {}
    for number in range(buckets):
        world.buckets[f"b{number}"] = FailingBucket() if number < failing else DictBucket()
        world.buckets[f"b{number}"].put(*numbered(30))
    return world


def first_walked(world: World) -> str:
    """Fire a tick that has room for one object, and return the bucket that was first."""
    tick(world, BUCKETS={name: name.upper() for name in world.buckets}, TICK_MAX_OBJECTS=1)
    return str(world.database.one("SELECT walked_first FROM steward_control"))


@settings(max_examples=examples(40), deadline=None)
@given(
    buckets=st.integers(2, 5), failing=st.integers(0, 1), between=st.lists(st.integers(0, 3), min_size=8, max_size=8)
)
def test_each_due_bucket_is_first_in_turn_whatever_runs_between(buckets: int, failing: int, between: list[int]) -> None:
    world = world_of(buckets, failing)
    firsts = []
    for others in between:
        for _ in range(others):
            checked(world, "fast")
        firsts.append(first_walked(world))
    assert firsts == [f"b{number % buckets}" for number in range(8)]


def test_with_one_check_between_ticks_two_buckets_both_get_on() -> None:
    world = world_of(2, 0)
    for _ in range(6):
        first_walked(world)
        checked(world, "fast")
    assert world.database.all("SELECT r2_bucket, count(*) FROM artifacts GROUP BY 1") == [("b0", 3), ("b1", 3)]


def test_the_turn_passes_over_a_bucket_that_is_not_due() -> None:
    world = world_of(3, 0)
    world.buckets["b1"] = DictBucket()
    assert [first_walked(world) for _ in range(4)][2:] == ["b2", "b0"]
    assert asyncio.run(world.store.get("backfill:b1:")) is not None
