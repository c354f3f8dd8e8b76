from __future__ import annotations

import asyncio
import json
import time
from collections.abc import Mapping

import pytest

from ports import Scalar
from tests.contract.conftest import Engine

ROW: dict[str, Scalar] = {"next": "wait", "why": "é😀\n\"'", "none": None, "half": 0.5, "many": 2**52, "flag": True}
PLAIN: dict[str, Scalar] = {"row": json.dumps(ROW), "fails": 0}


def state(engine: Engine, name: str) -> str:
    return asyncio.run(engine.flows.state(name))


def started(engine: Engine, name: str, params: Mapping[str, Scalar]) -> None:
    asyncio.run(engine.flows.start(name, params))


def ended(engine: Engine, name: str) -> str:
    for _ in range(100):
        engine.run_flows()
        if state(engine, name) != "running":
            break
        time.sleep(0.1)
    return state(engine, name)


def test_an_instance_that_nobody_started_is_absent(engine: Engine) -> None:
    assert state(engine, f"never-{engine.unique}") == "absent"


def test_an_instance_runs_to_its_end_and_what_a_step_returned_arrives_as_it_was(engine: Engine) -> None:
    name = f"echo_{engine.unique}"
    started(engine, name, PLAIN)
    assert state(engine, name) in ("running", "complete")
    assert ended(engine, name) == "complete"
    assert json.loads(asyncio.run(engine.store.get("echo")) or "") == ROW


def test_starting_a_name_again_starts_nothing_whether_it_runs_or_has_ended(engine: Engine) -> None:
    name = f"{engine.unique}-twice".ljust(64, "x")
    started(engine, name, PLAIN)
    started(engine, name, {**PLAIN, "row": "{}"})
    assert ended(engine, name) == "complete"
    started(engine, name, {**PLAIN, "fails": 1})
    assert ended(engine, name) == "complete"
    assert json.loads(asyncio.run(engine.store.get("echo")) or "") == ROW


@pytest.mark.parametrize("fails", [1, "yes"])
def test_an_instance_that_raises_is_errored(engine: Engine, fails: Scalar) -> None:
    name = f"fails-{fails}-{engine.unique}"
    started(engine, name, {**PLAIN, "fails": fails})
    assert ended(engine, name) == "errored"
