"""A fault at every single platform call: nothing false is said, nothing is lost, and the next call makes it whole."""

from __future__ import annotations

import json
from itertools import count

import pytest

from ports import Ports
from settings import read_settings
from tests.chaos.engines import FakeEngine
from tests.chaos.fault_cases import SCENARIOS, backfilled, between, whole_pass
from tests.chaos.faults import KINDS, Fault, Kind, StaleStore
from tests.chaos.fixtures import clean_world, tick_once

NONE = 1_000_000
"""The number of a call that is never made."""


@pytest.mark.parametrize("kind", KINDS, ids=str)
@pytest.mark.parametrize("name", SCENARIOS)
def test_with_a_fault_at_any_call_the_truth_is_told_and_the_next_call_makes_it_whole(name: str, kind: Kind) -> None:
    scenario = SCENARIOS[name]
    for at in count():
        fault = Fault(at, kind)
        try:
            scenario.play(FakeEngine(scenario.world(), fault))
        except AssertionError as error:
            error.add_note(f"the fault was at call {at}")
            raise
        if not fault.struck:
            break
    assert at >= scenario.fewest


@pytest.mark.parametrize("minutes", [0.2, 0.5, 1, 15])
def test_with_a_kv_that_is_a_minute_behind_every_object_still_gets_its_row(minutes: float) -> None:
    world = clean_world()
    store = StaleStore(world.clock)
    ports = Ports(world.database, world.buckets, store, world.clock, world.poster)
    settings = read_settings({"BACKFILL_MODE": "live", "TICK_MAX_OBJECTS": 3})
    engine = FakeEngine(world, Fault(NONE))
    for _ in range(60):
        tick_once(ports, settings)
        assert between(engine)
        world.clock.advance(minutes=minutes)
    assert backfilled(engine)
    passes = [json.loads(value) for _, value in store.history["backfill:artifacts:"]]
    complete = [one["counts"] for one in passes if one["completed_at"] is not None]
    assert complete
    assert all(map(whole_pass, complete))
