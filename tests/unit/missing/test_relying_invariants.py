"""The invariants that rely on passes hold, fire, and say why they cannot be looked at."""

from __future__ import annotations

import asyncio
from typing import Any

import pytest

from invariants.run import run_check
from settings import read_settings
from tests.support.actions import numbered, tick
from tests.support.fakes import World, migrated_world

LIVE: dict[str, object] = {"PASS_INTERVAL_HOURS": 0, "MISSING_LIMIT_PERCENT": 100, "MISSING_GRACE_HOURS": 0}


@pytest.fixture
def world() -> World:
    world = migrated_world()
    world.rules((1, "raw/*", "raw"))
    world.bucket.put(*numbered(20))
    return world


def passed(world: World, **settings: object) -> None:
    """Do a pass, an hour after the last one."""
    world.clock.advance(hours=1)
    assert tick(world, **{**LIVE, **settings})["status"] == "succeeded"


def verdict(world: World, name: str, **settings: object) -> dict[str, Any] | None:
    """Return what a check says of an invariant; None where it is not looked at."""
    report: Any = asyncio.run(run_check(world.ports(), read_settings({**LIVE, **settings}), "fast"))
    return next((one for one in report["invariants"] if one["name"] == name), None)


def said(world: World, name: str, **settings: object) -> tuple[object, object]:
    """Return the outcome and the violations."""
    found = verdict(world, name, **settings)
    assert found is not None
    return found["outcome"], found["violations"]


@pytest.mark.parametrize("name", ["objects_present", "objects_unchanged"])
def test_it_is_not_checked_before_the_first_pass_and_holds_after_it(world: World, name: str) -> None:
    before = verdict(world, name)
    assert before is not None
    assert (before["outcome"], before["reason"]) == ("not_checked", "No pass over artifacts is complete yet.")
    passed(world)
    after = verdict(world, name)
    assert after is not None
    assert (after["outcome"], after["violations"]) == ("holds", 0)
    assert after["since"] == world.database.one("SELECT max(started_at) FROM steward_passes")


def test_a_missing_object_is_a_violation_that_says_how_many_rows_cite_it(world: World) -> None:
    passed(world)
    world.database.script(
        "INSERT INTO datapoints (artifact_id) SELECT id FROM artifacts, (SELECT 1 UNION SELECT 2)"
        " WHERE r2_key = 'raw/00007'"
    )
    del world.bucket.sizes["raw/00007"]
    passed(world)
    passed(world)
    found = verdict(world, "objects_present")
    assert found is not None
    assert (found["outcome"], found["violations"]) == ("violated", 1)
    assert (found["sample"][0]["r2_key"], found["sample"][0]["cited"]) == ("raw/00007", 2)


def test_a_newer_object_is_a_violation(world: World) -> None:
    passed(world)
    world.database.script("UPDATE artifacts SET fetched_at = '2025-01-01T00:00:00Z' WHERE r2_key = 'raw/00007'")
    passed(world)
    assert said(world, "objects_unchanged") == ("violated", 1)


def test_a_certificate_that_is_too_old_is_none(world: World) -> None:
    passed(world)
    world.clock.advance(hours=25)
    found = verdict(world, "objects_present")
    assert found is not None
    assert found["outcome"] == "not_checked"
    assert "with a certificate is fresh: the last one ended at" in found["reason"]


def test_why_the_latest_pass_has_no_certificate_is_the_reason(world: World) -> None:
    passed(world)
    world.clock.advance(hours=24)
    world.bucket.sizes.clear()
    passed(world)
    found = verdict(world, "objects_present")
    assert found is not None
    assert found["outcome"] == "not_checked"
    assert "It listed no object." in found["reason"]
    assert said(world, "objects_unchanged")[0] == "holds"


def test_coverage_is_off_unless_asked_for_and_then_holds_and_fires(world: World) -> None:
    assert verdict(world, "coverage") is None
    assert said(world, "coverage", COVERAGE_HOURS=5) == ("violated", 1)
    passed(world)
    assert said(world, "coverage", COVERAGE_HOURS=5) == ("holds", 0)
    world.clock.advance(hours=6)
    found = verdict(world, "coverage", COVERAGE_HOURS=5)
    assert found is not None
    assert (found["outcome"], found["sample"][0]["r2_bucket"]) == ("violated", "artifacts")
