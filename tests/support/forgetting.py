"""Databases with rows whose object is gone, and what one does with them."""

from __future__ import annotations

import asyncio
from collections.abc import Iterable
from typing import Any

from forget.call import ForgetRequest
from forget.run import forget
from ports import Ports
from settings import Settings, read_settings
from tests.support import databases
from tests.support.databases import Shape
from tests.support.fakes import DictBucket, World

BUCKET = databases.BUCKET
SETTINGS = read_settings({"MAX_DELETES": 1_000_000, "BUCKETS": {BUCKET: "B"}})
VERIFIED = "2026-11-20T00:00:00.000Z"


def world_of(shape: Shape, keys: Iterable[str], further: str = "") -> World:
    """Return a world with a row for each key, numbered from 1, all of whose objects are there."""
    world = shape.world(further)
    world.buckets = {BUCKET: DictBucket()}
    for number, key in enumerate(keys, start=1):
        shape.artifact(world, number, key, fetched_at="2026-01-01", note=f"note {number}")
        world.bucket.put(key)
    return world


def mark(world: World, key: str, *, verified: bool = True, gone: bool = True) -> None:
    """Mark the rows of a key as missing, as two passes and R2 would; `gone`: its object is."""
    world.database.connection.execute(
        "INSERT INTO steward_missing SELECT r2_bucket, r2_key, id, '2026-11-20', '2026-11-18', '2026-11-20', ?, NULL"
        " FROM artifacts WHERE r2_key = ?",
        (VERIFIED if verified else None, key),
    )
    if gone:
        world.bucket.sizes.pop(key, None)


def forgotten(on: World | Ports, settings: Settings = SETTINGS, **request: Any) -> dict[str, Any]:  # noqa: ANN401
    """Do one call of `POST /forget`, dry unless told otherwise."""
    ports = on.ports() if isinstance(on, World) else on
    return asyncio.run(forget(ports, settings, ForgetRequest(**request)))


def forgotten_all(on: World | Ports, settings: Settings = SETTINGS, **request: Any) -> list[dict[str, Any]]:  # noqa: ANN401
    """Call it live until it is done, and return the reports."""
    reports: list[dict[str, Any]] = []
    while not reports or not reports[-1]["done"]:
        reports.append(forgotten(on, settings, dry_run=False, **request))
        assert len(reports) < 100, reports[-1]
    return reports


def keys(world: World) -> list[str]:
    """Return the keys that have a row."""
    return [str(key) for (key,) in world.database.all("SELECT r2_key FROM artifacts ORDER BY r2_key")]
