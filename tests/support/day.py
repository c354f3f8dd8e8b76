"""A world whose bucket holds more than a small day takes, and the application with the day's limit set."""

from __future__ import annotations

from tests.support.actions import TOKEN, Api, numbered
from tests.support.fakes import World, migrated_world

OBJECTS = 6_000


def filled_world() -> World:
    """Return a world of `OBJECTS` objects, none of them in the index."""
    world = migrated_world()
    world.rules((1, "raw/*", "raw"))
    world.bucket.put(*numbered(OBJECTS))
    return world


def limited(world: World, written: int, **more: object) -> Api:
    """Return the application where all runs of a day may write so many rows."""
    return Api(world, {"STEWARD_TOKEN": TOKEN, "DAILY_ROWS_WRITTEN": written, **more})
