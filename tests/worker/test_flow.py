"""Passes by flow on the real Workflows engine: each test is a pass in which something happens.

D1 and R2 are some way off (`tests/chaos/environments/far.py`), so that it happens in mid-pass.
"""

from __future__ import annotations

import threading
import time
from collections.abc import Callable, Iterator
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any

import pytest

from tests.chaos.setup import configured
from tests.support.actions import TOKEN, numbered, walked
from tests.support.runtime import migrate, wipe_records
from tests.worker.conftest import Steward
from tooling.around import copy_of_src
from tooling.client import Steward as Client
from tooling.harness import Config, Harness
from tooling.run import wake_flows

OBJECTS = 600
VARIABLES: dict[str, object] = {
    "STEWARD_TOKEN": TOKEN,
    "BACKFILL_MODE": "live",
    "PASS_ENGINE": "workflow",
    "TICK_MAX_OBJECTS": 100,
    "BUCKETS": {"artifacts": "ARTIFACTS", "archive": "ARCHIVE"},
}
LONGEST_SECONDS = 30
GATED = Path(__file__).parents[1] / "chaos" / "worker" / "entry.py"


@pytest.fixture(scope="module")
def config() -> Iterator[Config]:
    """Lend the configuration of a Worker at a distance from its platform."""
    with configured("far") as far:
        yield replace(far, vars=VARIABLES, r2=("ARCHIVE",))


@pytest.fixture(scope="module")
def running(config: Config) -> Iterator[Harness]:
    """Start it once for this module."""
    with Harness(config) as harness:
        harness.r2_put((key, "body") for key in numbered(OBJECTS))
        yield harness


@dataclass(frozen=True)
class Flown(Steward):
    """A Worker whose passes are walked by flows."""

    def begin(self, bucket: str = "artifacts") -> str:
        """Fire a tick, and return the instance that it started."""
        report = walked(self.tick(), bucket)
        assert report["state"] == "started", report
        return str(report["instance"])

    def until(self, what: Callable[[], object]) -> None:
        """Wait until something is so."""
        end = time.monotonic() + LONGEST_SECONDS
        while not what():
            assert time.monotonic() < end, [self.runs()[:3], self.harness.logs()[-3:]]
            time.sleep(0.05)

    def at_work(self, objects: int = 100) -> None:
        """Wait until some objects have their row, and fewer than all."""
        self.until(lambda: self.count() >= objects)
        assert self.count() < OBJECTS

    def whole(self, instance: str) -> None:
        """Wait until the instance has ended, and look at the table and the pass."""
        self.until(lambda: self.harness.flow_state(instance)["status"] not in ("queued", "running", "waiting"))
        assert self.harness.flow_state(instance)["status"] == "complete"
        rows = self.sql("SELECT r2_key, source_type FROM artifacts WHERE r2_bucket = 'artifacts' ORDER BY id")
        assert len(rows) == OBJECTS
        assert {row["r2_key"]: row["source_type"] for row in rows} == dict.fromkeys(numbered(OBJECTS), "raw")
        [one] = [found for found in self.summary()["passes"] if found["bucket"] == "artifacts"]
        assert (one["state"], one["counts"]["scanned"]) == ("complete", OBJECTS)

    def summary(self) -> dict[str, Any]:
        """Return the summary."""
        found: dict[str, Any] = self.send("GET", "/summary").json()
        return found

    def runs(self, kind: str = "slice") -> list[dict[str, Any]]:
        """Return the runs of a kind, the newest first."""
        found: list[dict[str, Any]] = self.send("GET", f"/runs?kind={kind}&limit=100").json()["runs"]
        return found


@pytest.fixture
def flown(running: Harness) -> Flown:
    """Give a test the Worker with its full bucket and nothing in the tables."""
    wipe_records(running)
    steward = Flown(running)
    migrate(running)
    steward.rules((20, "raw/*", "raw"))
    running.clear_logs()
    return steward


def test_a_pass_ends_in_one_go_and_is_started_once(flown: Flown) -> None:
    instance = flown.begin()
    assert walked(flown.tick())["instance"] == instance
    flown.whole(instance)
    slices = [run for run in flown.runs() if run["request"]["r2_bucket"] == "artifacts"]
    assert len(slices) == OBJECTS // 100
    assert {(run["trigger"], run["mode"], run["status"]) for run in slices} == {("flow", "live", "succeeded")}
    assert slices[0]["request"]["instance"] == instance
    assert "not_walked" in walked(flown.tick())
    assert flown.harness.flow_state(instance)["output"] == "Stopped because of end."


def test_a_pause_in_mid_pass_is_slept_through(flown: Flown) -> None:
    instance = flown.begin()
    flown.at_work()
    flown.send("POST", "/pause", {"reason": "moving house"})
    flown.until(lambda: any("moving house" in log.message for log in flown.harness.logs()))
    before = flown.count()
    time.sleep(1)
    assert flown.count() == before < OBJECTS
    flown.send("POST", "/resume")
    flown.whole(instance)


def test_a_recovery_and_a_tick_in_mid_pass_have_their_turn(flown: Flown) -> None:
    instance = flown.begin()
    flown.at_work()
    answer = flown.send("POST", "/recover", {"dry_run": False})
    assert (answer.status, answer.json()["done"]) == (200, True), answer.text
    assert flown.count() < OBJECTS
    assert flown.tick()["counts"]["backfill"]["artifacts"] == {"instance": instance, "state": "running"}
    flown.whole(instance)
    assert {run["status"] for run in flown.runs("tick")} == {"succeeded"}


def test_a_step_that_fails_is_done_again_by_the_engine(flown: Flown) -> None:
    instance = flown.begin()
    flown.at_work()
    flown.sql("INSERT INTO source_type_rules VALUES ('high', 'old/*', 'old')")
    flown.until(lambda: any("'high', of the rule" in (run["error"] or "") for run in flown.runs()))
    flown.sql("DELETE FROM source_type_rules WHERE priority = 'high'")
    flown.whole(instance)


def test_the_tick_starts_a_successor_of_an_instance_that_was_ended(flown: Flown) -> None:
    instance = flown.begin()
    flown.at_work()
    flown.harness.flow_terminate(instance)
    flown.until(lambda: flown.harness.flow_state(instance)["status"] == "terminated")
    flown.let_the_lease_run_out()
    assert flown.harness.scheduled() == "exception"
    tick = flown.runs("tick")[0]
    assert f"{instance}-2 follows" in tick["error"]
    flown.whole(f"{instance}-2")


def test_two_ticks_at_once_and_two_flows_at_once(flown: Flown) -> None:
    flown.harness.r2_put(((key, "body") for key in numbered(300, "raw/archived/")), binding="ARCHIVE")
    ticks = [threading.Thread(target=flown.harness.scheduled) for _ in range(2)]
    for one in ticks:
        one.start()
    for one in ticks:
        one.join()
    flown.until(lambda: all(one["completed_at"] for one in flown.summary()["passes"]))
    assert flown.count() == OBJECTS + 300
    slices = [run["request"] for run in reversed(flown.runs())]
    assert len({request["instance"] for request in slices}) == 2
    # Neither waits until the other has ended.
    first = [request["r2_bucket"] for request in slices[:6]]
    assert 2 <= first.count("archive") <= 4


def test_a_schedule_by_flow_without_the_binding_is_refused_by_its_name() -> None:
    # The gated entry has no class PassFlow, so it gets no Workflow; by cron it works without (test_faults.py).
    with copy_of_src(GATED) as main, Harness(Config(vars=VARIABLES, main=main, r2=("ARCHIVE",))) as harness:
        answer = Steward(harness).send("GET", "/summary")
        assert (answer.status, answer.json()["setting"]) == (503, "PASS")
        assert "[[workflows]]" in answer.json()["hint"]


def test_a_runtime_killed_in_mid_step_goes_on_with_other_code_which_hands_over(flown: Flown, config: Config) -> None:
    assert config.main
    code = config.main.parent / "flow" / "slice_step.py"
    words = code.read_text(encoding="utf-8")
    assert words.count("Handed over to") == 1
    instance = flown.begin()
    flown.at_work()
    flown.harness.kill()
    code.write_text(words.replace("Handed over to", "In its new version, gave way to"), encoding="utf-8")
    flown.harness.config = replace(config, vars={**VARIABLES, "FLOW_STEPS": 1, "TICK_MAX_OBJECTS": 150})
    flown.harness.start()
    assert flown.count() < OBJECTS
    flown.let_the_lease_run_out()
    wake_flows(Client(flown.harness, TOKEN))
    flown.until(lambda: flown.summary()["passes"][0]["completed_at"])
    last = str(flown.runs()[0]["request"]["instance"])
    assert last.startswith(f"{instance}-")
    flown.whole(last)
    assert str(flown.harness.flow_state(instance)["output"]) == f"In its new version, gave way to {instance}-2."
    assert {run["status"] for run in flown.runs()} <= {"succeeded", "abandoned"}
