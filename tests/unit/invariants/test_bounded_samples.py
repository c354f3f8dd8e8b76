"""Sampled values are shortened where they travel, say so, and keep no other invariant from being recorded."""

from __future__ import annotations

import pytest

from tests.support.actions import Api, tick
from tests.support.databases import Shape, broken, verdicts
from tests.support.fakes import World

LONG = "https://example.com/" + "d" * 120_000 + "/"


@pytest.fixture
def world() -> World:
    world = Shape().world()
    for number in range(1, 31):
        Shape().artifact(world, number, f"k{number}", "unknown")
        Shape().datapoint(world, number, number, LONG)
    return world


def test_a_check_of_thirty_rows_with_long_values_is_recorded_whole(world: World) -> None:
    found = verdicts(world)
    assert broken(found) == {"no_directory_citations": 30, "no_unknown_source_type": 30}
    [shown] = {row["source_url"] for row in found["no_directory_citations"]["sample"]}
    assert shown.startswith("https://example.com/dd")
    assert shown.endswith(f"… (shortened: {len(LONG)} characters)")
    findings = Api(world).json("GET", "/findings").json()["findings"]
    assert {one["invariant"] for one in findings} == {"no_directory_citations", "no_unknown_source_type"}


def test_a_tick_over_long_values_records_every_finding(world: World) -> None:
    assert tick(world, BACKFILL_MODE="off")["counts"]["check"]["mode"] == "full"
    assert world.database.one("SELECT count(*) FROM steward_findings WHERE resolved_at IS NULL") == 2


def test_bytes_in_a_sample_are_shown_as_digits(world: World) -> None:
    world.database.connection.execute("UPDATE datapoints SET source_url = ?", (LONG.encode(),))
    world.database.connection.execute(
        "INSERT INTO artifacts VALUES (99, 'b', ?, 'unknown', NULL, NULL)", (b"\xff" * 1000,)
    )
    found = verdicts(world)
    row = next(
        one for one in found["no_unknown_source_type"]["sample"] + found["keys_are_text"]["sample"] if one["id"] == 99
    )
    assert "ffff" in str(row["r2_key"]).lower()
    assert len(str(row["r2_key"])) < 500


@pytest.mark.parametrize("size", [300, 301])
def test_a_value_is_shortened_only_past_three_hundred_characters(size: int) -> None:
    world = Shape().world()
    key = "k" * size
    Shape().artifact(world, 1, key, "unknown")
    [row] = verdicts(world)["no_unknown_source_type"]["sample"]
    assert (row["r2_key"] == key) == (size == 300)
