"""A record that is too large for its place ends well, and says that it was shortened."""

from __future__ import annotations

import asyncio
import json
from datetime import UTC, datetime

import log
from runs.record import Opening, open_run
from tests.support.actions import numbered, tick, walked
from tests.support.fakes import DictStore, ManualClock, World, migrated_world


def closed(world: World, counts: object, error: str | None = None) -> dict[str, object]:
    ports = world.ports()
    run = asyncio.run(open_run(ports.database, ports.clock, Opening("check", "full", "http", {}, exclusive=True)))
    asyncio.run(run.close("failed", counts=counts, error=error))
    [row] = world.database.all("SELECT status, counts, error FROM steward_runs")
    assert world.database.one("SELECT lease_token FROM steward_control") is None
    return {"status": row[0], "counts": json.loads(str(row[1])), "error": row[2]}


def test_a_run_whose_counts_pass_two_megabytes_is_closed_all_the_same() -> None:
    found = closed(migrated_world(), {"sample": ["é" * 1000] * 2000})
    assert found["status"] == "failed"
    assert "bytes of JSON" in str(found["counts"])


def test_counts_that_fit_are_kept_whole() -> None:
    assert closed(migrated_world(), {"sample": ["x" * 1000] * 1000})["counts"] == {"sample": ["x" * 1000] * 1000}


def test_an_error_of_megabytes_is_shortened_in_the_row_and_in_the_log() -> None:
    found = closed(migrated_world(), {}, "x" * 3_000_000)
    assert str(found["error"]).endswith("(shortened: 3000000 characters)")
    line = log.line(datetime.now(UTC), "error", "unexpected_error", traceback="y" * 3_000_000)
    assert len(line) < 10_000
    assert "shortened: 3000000" in line


def test_a_stored_pass_of_any_depth_is_no_crash() -> None:
    world = migrated_world()
    world.rules((1, "raw/*", "raw"))
    world.bucket.put(*numbered(3))
    world.store = DictStore({"backfill:artifacts:": "[" * 100_000})
    world.clock = ManualClock()
    assert walked(tick(world))["inserted"] == 3
