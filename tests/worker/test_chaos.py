"""The chaos suite in small: a few kills, one crowd, one odd bucket. `make chaos` does it at length."""

from __future__ import annotations

import json
from collections.abc import Iterator
from pathlib import Path

import pytest

from tests.chaos.__main__ import content, keep
from tests.chaos.crowds import Crowd
from tests.chaos.kills import KilledBackfill
from tests.chaos.odd import buckets, walked_twice
from tests.chaos.setup import PROGRESS, Outcome, chance_of, key, played
from tooling.fill import fill
from tooling.harness import Harness

OBJECTS = 9000


@pytest.fixture(scope="module")
def far() -> Iterator[Harness]:
    """Start a Worker whose platform takes its time, so that what comes from outside falls into its runs."""
    with played("far") as harness:
        yield harness


@pytest.fixture
def filled(far: Harness) -> Harness:
    """Give a test the bucket filled, and nothing in the tables."""
    if not far.r2_list(key(0)):
        fill(far, map(key, range(OBJECTS)))
    far.d1_batch((f"DELETE FROM {table}", ()) for table in ("artifacts", "steward_runs", "steward_passes"))
    far.kv_delete(PROGRESS)
    return far


def test_a_backfill_killed_at_work_goes_on_until_every_row_is_right(filled: Harness) -> None:
    assert KilledBackfill(filled, chance_of(1, "kills"), OBJECTS).run(3).differences == []


def test_of_many_at_once_one_owns_the_work_and_the_end_is_the_same_as_of_one(filled: Harness) -> None:
    assert Crowd(filled, chance_of(1, "crowd"), OBJECTS).run(1).differences == []


def test_keys_that_look_the_same_in_two_normal_forms_get_a_row_each(far: Harness) -> None:
    outcome = Outcome()
    walked_twice(far, outcome, "NFC and NFD twins", buckets()["NFC and NFD twins"])
    assert outcome.differences == []


def test_a_part_that_is_run_alone_leaves_the_results_of_the_others(tmp_path: Path) -> None:
    results = tmp_path / "chaos.json"
    keep(results, "odd", content({"a case": Outcome({"keys": 1})}, 7, 1.2))
    keep(results, "crowds", content({"another": Outcome(differences=["a row is gone"])}, 8, 2))
    keep(results, "odd", content({"a case": Outcome({"keys": 2})}, 9, 1.2))
    parts = json.loads(results.read_text())["parts"]
    assert {name: part["seed"] for name, part in parts.items()} == {"odd": 9, "crowds": 8}
    assert parts["odd"]["cases"]["a case"]["figures"] == {"keys": 2}
    assert parts["crowds"]["cases"]["another"]["differences"] == ["a row is gone"]
    assert all(part["at"] and part["command"] for part in parts.values())
