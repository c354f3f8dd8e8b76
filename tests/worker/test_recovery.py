from __future__ import annotations

import contextlib
import threading
import time
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from tests.support.databases import Shape, broken, steps
from tests.support.databases import numbers as counts
from tests.support.runtime import migrate
from tests.worker.conftest import CONFIG, Steward
from tests.worker.databases import healed, install, lost, recovered, seed, verdicts
from tooling.harness import Harness, HarnessError

OBJECTS, DOUBLED, TRIPLED = 88_000, 10_000, 2_000
"""100,000 artifacts, 10,000 duplicate groups, 12,000 losers, 5,000 unknowns, 200,000 datapoints."""

RULES = ((1, "raw/*.pdf", "report"),)


def seeded(steward: Steward, shape: Shape, objects: int, doubled: int, tripled: int) -> None:
    install(steward, shape)
    steward.rules(*RULES)
    seed(steward, shape, objects, doubled, tripled)


@pytest.mark.parametrize(
    "shape", [Shape("INTEGER", unique_index=False), Shape("TEXT", True, unique_index=False)], ids=str
)
def test_the_whole_seed_scenario_dry_then_live_in_several_calls_then_clean(empty: Steward, shape: Shape) -> None:
    seeded(empty, shape, OBJECTS, DOUBLED, TRIPLED)
    found = broken(verdicts(empty, "full"))
    assert (found["one_artifact_per_object"], found["unique_index_present"]) == (DOUBLED, 1)
    assert empty.sql("SELECT count(*) AS n FROM artifacts WHERE source_type = 'unknown'") == [{"n": 5_000}]

    dry = recovered(empty)
    assert empty.count() == OBJECTS + DOUBLED + TRIPLED
    refused = empty.send("POST", "/recover", {"dry_run": False, "max_groups": 4000})
    assert refused.status == 409
    assert "may delete 1000" in refused.text

    live = healed(empty, max_groups=4000, max_deletes=DOUBLED + TRIPLED)
    assert [report["done"] for report in live] == [False, False, True]
    assert live[-1]["ok"]
    foretold = steps(dry)["dedupe"]
    for name in ("changed", "groups", "types_carried", "children_remapped"):
        assert sum(steps(report)["dedupe"][name] for report in live) == foretold[name], name
    for name in ("index", "guards", "classify", "orphans"):
        assert counts(live[-1])[name] == counts(dry)[name], name
    assert foretold["changed"] == DOUBLED + TRIPLED

    assert empty.count() == OBJECTS
    assert lost(empty) == 0
    assert empty.sql("SELECT count(*) AS n FROM datapoints") == [{"n": 2 * (OBJECTS + DOUBLED + TRIPLED)}]
    assert broken(verdicts(empty, "full")) == {}
    assert empty.sql("SELECT paused_by FROM steward_control") == [{"paused_by": None}]

    again = healed(empty, max_deletes=0)
    assert {step["changed"] for step in again[0]["steps"] if step["name"] not in ("pause", "resume")} == {0}


def test_an_undo_on_d1_gives_back_every_row_and_reference(empty: Steward) -> None:
    shape = Shape(unique_index=False)
    seeded(empty, shape, 3000, 800, 100)
    before = contents(empty)
    [report] = healed(empty)
    reply = empty.send("POST", f"/runs/{report['run_id']}/undo")
    assert reply.status == 200, reply.text
    undone = reply.json()
    assert (undone["restored"], undone["refused"], undone["done"]) == (900, [], True)
    after = contents(empty)
    assert after["datapoints"] == before["datapoints"]
    typeless = [{**row, "source_type": None} for row in before["artifacts"]]
    assert [{**row, "source_type": None} for row in after["artifacts"]] == typeless


def test_every_value_survives_the_journal_of_d1(empty: Steward) -> None:
    columns = [f"c{number}" for number in range(40)]
    odd = [
        "4611686018427387905",
        "0.1 + 0.2",
        "7.2355316942001144e-304",
        "9e999",
        "5.0",
        "x'00ff'",
        "x''",
        "'steward:blob:00'",
        "''",
        "'null'",
    ]
    empty.sql(
        "CREATE TABLE artifacts (id INTEGER PRIMARY KEY, r2_bucket TEXT NOT NULL, r2_key TEXT NOT NULL,"
        f" source_type TEXT NOT NULL, fetched_at, {', '.join(columns)})"
    )
    migrate(empty.harness)
    for number in (1, 2):
        empty.sql(f"INSERT INTO artifacts VALUES ({number}, 'b', 'k', 'raw', NULL, {', '.join(odd * 4)})")
    shown = ", ".join(f"typeof({name}) || ' ' || quote({name}) AS {name}" for name in columns)
    before = empty.sql(f"SELECT id, {shown} FROM artifacts")
    [report] = healed(empty)
    assert empty.count() == 1
    assert empty.send("POST", f"/runs/{report['run_id']}/undo").json()["restored"] == 1
    assert empty.sql(f"SELECT id, {shown} FROM artifacts") == before


def contents(steward: Steward) -> dict[str, list[dict[str, Any]]]:
    return {
        "artifacts": steward.sql("SELECT * FROM artifacts ORDER BY id"),
        "datapoints": steward.sql("SELECT * FROM datapoints ORDER BY id"),
    }


def journal(steward: Steward) -> list[dict[str, Any]]:
    return steward.sql("SELECT loser_id, winner_id, loser FROM steward_merges ORDER BY loser_id")


# Killed in the middle

KILLS = 4
KILL_AT = 0.35
"""Of the time that the whole recovery takes: past the measuring, in the middle of the merge."""


@pytest.fixture
def mortal(tmp_path: Path) -> Iterator[Steward]:
    """Give a test a Worker of its own, to be killed."""
    with Harness(CONFIG, state=tmp_path / "state") as harness:
        yield Steward(harness)


def test_killed_in_the_middle_and_called_again_it_ends_as_if_nothing_had_happened(
    mortal: Steward, empty: Steward
) -> None:
    shape = Shape(unique_index=False)
    for steward in (mortal, empty):
        seeded(steward, shape, 20_000, 4_000, 500)
    start = time.monotonic()
    assert healed(empty, max_deletes=4_500)[-1]["ok"]
    seconds = (time.monotonic() - start) * KILL_AT
    merged, killed = [], 0
    for _ in range(KILLS):
        killed += killed_after(mortal, seconds)
        merged.append(len(journal(mortal)))
        assert lost(mortal) == 0
        mortal.let_the_lease_run_out()
    assert killed >= 1
    assert merged == sorted(merged)
    assert healed(mortal, max_deletes=4_500)[-1]["ok"]
    assert contents(mortal) == contents(empty)
    assert journal(mortal) == journal(empty)
    statuses = [run["status"] for run in mortal.send("GET", "/runs?kind=recovery").json()["runs"]]
    assert statuses.count("abandoned") == killed
    assert mortal.sql("SELECT paused_by FROM steward_control") == [{"paused_by": None}]


def killed_after(steward: Steward, seconds: float) -> bool:
    """Start a live recovery, kill the Worker after so long, start it again; tell whether it had not yet answered."""
    answers: list[int] = []

    def recover() -> None:
        with contextlib.suppress(HarnessError):
            answers.append(steward.send("POST", "/recover", {"dry_run": False, "max_deletes": 4_500}).status)

    worker = threading.Thread(target=recover)
    worker.start()
    worker.join(seconds)
    steward.harness.kill()
    worker.join()
    steward.harness.start()
    return not answers
