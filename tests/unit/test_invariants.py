from __future__ import annotations

import asyncio
from typing import Any

import pytest

from invariants.runner import run_check
from settings import read_settings
from tests.fakes import World, migrate, migrated_world

SETTINGS = read_settings({})


def checked(world: World, mode: str) -> dict[str, Any]:
    return asyncio.run(run_check(world.ports(), SETTINGS, mode))


def outcomes(report: dict[str, Any]) -> dict[str, tuple[str, str]]:
    return {one["name"]: (one["outcome"], one["method"]) for one in report["invariants"]}


@pytest.mark.parametrize("mode", ["full", "fast"])
def test_every_invariant_holds_on_a_fresh_database(mode: str) -> None:
    report = checked(migrated_world(), mode)
    assert report["ok"] is True, report
    method = {"full": "scan", "fast": "proof"}[mode]
    assert outcomes(report) == {
        "guards_present": ("holds", method),
        "no_directory_citations": ("not_checked", "scan"),
        "no_orphan_datapoints": ("holds", method),
        "no_unknown_source_type": ("holds", method),
        "one_artifact_per_object": ("holds", method),
        "unique_index_present": ("holds", method),
    }


def dirty_world() -> World:
    world = World()
    world.database.script("""
      CREATE TABLE artifacts (id INTEGER PRIMARY KEY, r2_bucket TEXT NOT NULL, r2_key TEXT NOT NULL, source_type TEXT NOT NULL, fetched_at TEXT);
      CREATE TABLE datapoints (id INTEGER PRIMARY KEY, artifact_id INTEGER, source_url TEXT);
      INSERT INTO artifacts VALUES (1,'b','k','unknown',NULL),(2,'b','k','report','2026-01-01'),(3,'b','l','unknown',NULL);
      INSERT INTO datapoints VALUES (1,1,'https://x.org/'),(2,9,'https://x.org/a.pdf'),(3,NULL,'https://x.org?q=/a');
    """)
    migrate(world.database)
    return world


@pytest.mark.parametrize("mode", ["full", "fast"])
def test_a_dirty_database_violates_what_it_was_made_to_violate(mode: str) -> None:
    world = dirty_world()
    report = checked(world, mode)
    assert report["ok"] is False
    assert {one["name"]: one["violations"] for one in report["invariants"]} == {
        "guards_present": 0,
        "no_directory_citations": 2,
        "no_orphan_datapoints": 1,
        "no_unknown_source_type": 2,
        "one_artifact_per_object": 1,
        "unique_index_present": 1,
    }
