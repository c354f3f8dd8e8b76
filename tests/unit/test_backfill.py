from __future__ import annotations

import asyncio
from typing import Any

import pytest

from backfill.runner import BackfillRequest, run_backfill
from errors import InputError, RefusedError
from settings import read_settings
from tests.fakes import World, migrated_world
from tick import run_tick

SETTINGS = read_settings({"STEWARD_TOKEN": "t", "BACKFILL_MODE": "live"})


def backfill(world: World, **request: Any) -> dict[str, Any]:
    return asyncio.run(run_backfill(world.ports(), SETTINGS, BackfillRequest(**request)))


def tick(world: World, **variables: Any) -> dict[str, Any]:
    settings = read_settings({"BACKFILL_MODE": "live", **variables})
    return asyncio.run(run_tick(world.ports(), settings, "* * * * *"))


def rows(world: World) -> list[tuple[object, ...]]:
    return world.database.all("SELECT r2_key, source_type, fetched_at FROM artifacts ORDER BY r2_key")


@pytest.fixture
def world() -> World:
    world = migrated_world()
    world.rules((10, "raw/*.pdf", "report"), (20, "raw/*", "raw"))
    return world


def test_a_live_backfill_inserts_every_classified_object(world: World) -> None:
    world.bucket.put("raw/a.pdf", "raw/b", "other/c")
    report = backfill(world, dry_run=False)
    assert rows(world) == [
        ("raw/a.pdf", "report", "2026-01-02T03:04:05.000Z"),
        ("raw/b", "raw", "2026-01-02T03:04:05.000Z"),
    ]
    assert (report["scanned"], report["inserted"], report["unclassified"]) == (3, 2, 1)
    assert report["unclassified_sample"] == ["other/c"]
    assert report["stopped_because"] == "end"
    assert report["truncated"] is False
    assert report["cursor"] is None


def test_slices_resumed_by_cursor_cover_the_bucket(world: World) -> None:
    world.bucket.put(*(f"raw/{i:05}" for i in range(2500)))
    cursor, scanned = None, 0
    for _ in range(4):
        report = backfill(world, dry_run=False, max_objects=700, cursor=cursor)
        scanned += report["scanned"]
        cursor = report["cursor"]
    assert scanned == 2500
    assert cursor is None
    assert len(rows(world)) == 2500


def test_the_tick_walks_on_from_kv(world: World) -> None:
    world.bucket.put(*(f"raw/{i:05}" for i in range(2500)))
    for expected in (1000, 2000, 2500, 2500):
        outcome = tick(world, TICK_MAX_OBJECTS=1000)
        assert outcome["status"] == "succeeded", outcome
        assert len(rows(world)) == expected


def test_live_is_refused_without_the_unique_index(world: World) -> None:
    world.database.script("ALTER TABLE artifacts RENAME TO old; CREATE TABLE artifacts AS SELECT * FROM old")
    with pytest.raises(RefusedError):
        backfill(world, dry_run=False)


def test_an_unknown_bucket_is_refused_by_name(world: World) -> None:
    with pytest.raises(InputError, match="There is no bucket"):
        backfill(world, r2_bucket="nope")
