"""The whole Worker on the real runtime, on bindings that refuse the 51st call of an invocation."""

from __future__ import annotations

import json
from collections.abc import Iterator
from pathlib import Path

import pytest

from tests.support.free_requests import requests
from tests.support.runtime import fresh
from tests.worker.conftest import TOKENS, Steward
from tooling.around import copy_of_src
from tooling.harness import Config, Harness

ENTRY = Path(__file__).parent / "limited" / "entry.py"
NOT_FOUND = 404
KEYS = [f"raw/{number:05}.pdf" for number in range(2500)]
FREE = {**TOKENS, "BACKFILL_MODE": "live", "PLAN_LIMITS": "free", "PASS_INTERVAL_HOURS": 1, "MISSING_GRACE_HOURS": 0}


@pytest.fixture(scope="module")
def running() -> Iterator[Harness]:
    with copy_of_src(ENTRY) as main, Harness(Config(main=main, vars=FREE)) as harness:
        yield harness


@pytest.fixture
def limited(running: Harness) -> Steward:
    fresh(running)
    steward = Steward(running)
    steward.rules((10, "raw/*.pdf", "report"))
    used(steward)
    return steward


def used(steward: Steward) -> list[dict[str, int]]:
    """Return what each invocation used since the last look."""
    found: list[dict[str, int]] = steward.harness.fetch("GET", "/used").json()
    return found


def ended_well(steward: Steward, *, known: bool = True) -> None:
    """Hold that nothing was refused, no run is left open, and nobody has the lease; an unknown path asks nothing."""
    found = used(steward)
    assert found or not known
    assert [one for one in found if one["refused"]] == []
    assert steward.sql("SELECT id FROM steward_runs WHERE status = 'running'") == []
    assert steward.sql("SELECT lease_token FROM steward_control WHERE lease_token IS NOT NULL") == []


def test_ticks_bring_a_pass_to_its_end(limited: Steward) -> None:
    limited.put(*KEYS)
    for _ in range(8):
        limited.harness.scheduled()
        ended_well(limited)
    assert limited.count() == len(KEYS)
    [last] = limited.sql("SELECT completed_at, certificate FROM steward_passes")
    assert last["completed_at"] is not None
    assert json.loads(last["certificate"])["certified"]


def test_every_route_ends_well_on_a_database_in_which_much_is_violated(limited: Steward) -> None:
    limited.put(*KEYS[:50])
    for table in ("datapoints", "artifacts"):
        limited.sql(f"DROP TABLE {table}")
    limited.sql(
        "CREATE TABLE artifacts (id INTEGER PRIMARY KEY, r2_bucket TEXT NOT NULL, r2_key TEXT NOT NULL,"
        " source_type TEXT NOT NULL, fetched_at TEXT)"
    )
    limited.sql("CREATE TABLE datapoints (id INTEGER PRIMARY KEY, artifact_id INTEGER)")
    for number in range(40):
        row = (number + 1, KEYS[number // 2], "unknown" if number % 3 else "report")
        limited.sql("INSERT INTO artifacts VALUES (?1, 'artifacts', ?2, ?3, NULL)", *row)
        limited.sql("INSERT INTO datapoints VALUES (?1, ?2)", number + 1, number + 1 + 5 * (number % 9 == 0))
    for _ in range(3):
        limited.harness.scheduled()
        ended_well(limited)
    for method, path, body in requests():
        answer = limited.send(method, path, body)
        assert answer.status in (200, 404, 409), (path, body, answer.text)
        ended_well(limited, known=answer.status != NOT_FOUND)
