"""A recovery killed anywhere, then called again, ends as one that was never killed."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from dataclasses import dataclass

import pytest

from tests.support.databases import DIRTY_SHAPES, Shape, artifacts, datapoints, healed, recovered, undone, verdicts
from tests.support.dirty import clean_sample
from tests.support.fakes import World
from tests.support.interruption import Fuse, KilledError, fused

LONGER_THAN_THE_LEASE = 100


@dataclass(frozen=True)
class Crash:
    """A run that was killed at platform call number `call`."""

    world: World
    call: int


def crashes(before: World, act: Callable[[object], object], *, takes_effect: bool) -> Iterator[Crash]:
    """Kill the act at every platform call in turn, until it gets to its end unharmed."""
    call = 0
    while True:
        world = before.copied()
        try:
            act(fused(world, Fuse(call, takes_effect)))
        except KilledError:
            world.clock.advance(seconds=LONGER_THAN_THE_LEASE)
            yield Crash(world, call)
        else:
            return
        call += 1


def contents(world: World) -> dict[str, object]:
    """Return what the database holds, and the net effect of its journal."""
    query = world.database.all
    merges = query("SELECT loser_id, winner_id, loser, undone_by IS NULL FROM steward_merges ORDER BY loser_id")
    remaps = query("SELECT child_table, child_column, row_key, loser_id FROM steward_remaps ORDER BY 1, 2, 3, 4")
    return {
        "artifacts": artifacts(world),
        "datapoints": datapoints(world),
        "notes": query("SELECT * FROM notes ORDER BY about, word"),
        "schema": query("SELECT type, name, sql FROM sqlite_schema ORDER BY type, name"),
        "merges": merges,
        "remaps": remaps,
        "control": query("SELECT paused_by, lease_token FROM steward_control"),
        "violated": {name for name, one in verdicts(world).items() if one["outcome"] != "holds"},
    }


@pytest.mark.parametrize("takes_effect", [False, True], ids=["before the call", "after it took effect"])
@pytest.mark.parametrize("shape", [DIRTY_SHAPES[0], DIRTY_SHAPES[3]], ids=str)
def test_killed_at_any_call_and_called_again_it_ends_as_if_nothing_had_happened(
    shape: Shape, *, takes_effect: bool
) -> None:
    before = clean_sample(shape).world()
    whole = before.copied()
    assert healed(whole)["done"]
    expected = contents(whole)
    calls = 0
    for crash in crashes(before, lambda ports: recovered(ports, dry_run=False), takes_effect=takes_effect):  # type: ignore[arg-type]  # ports
        assert healed(crash.world)["done"]
        assert contents(crash.world) == expected, f"killed at call {crash.call}"
        calls += 1
    assert calls > 30


def test_killed_again_and_again_a_little_further_each_time_it_still_ends_there() -> None:
    whole = clean_sample(Shape(unique_index=False)).world()
    healed(whole, max_groups=1)
    expected = contents(whole)
    world = clean_sample(Shape(unique_index=False)).world()
    for calls in range(1, 80, 3):
        try:
            report = recovered(fused(world, Fuse(calls, takes_effect=True)), dry_run=False, max_groups=1)
        except KilledError:
            world.clock.advance(seconds=LONGER_THAN_THE_LEASE)
        else:
            if report["done"]:
                break
    healed(world, max_groups=1)
    assert contents(world) == expected


def test_the_killed_run_is_marked_abandoned_with_the_step_it_was_at() -> None:
    seen = set()
    for crash in crashes(
        clean_sample(Shape(unique_index=False)).world(),
        lambda ports: recovered(ports, dry_run=False),  # type: ignore[arg-type]  # ports
        takes_effect=True,
    ):
        healed(crash.world)
        for status, step in crash.world.database.all(
            "SELECT status, counts ->> '$.step' FROM steward_runs WHERE id = 1"
        ):
            seen.add((status, step))
    steps = ("pause", "measure", "bookmark", "dedupe", "index", "guards", "classify", "orphans", "verify", "resume")
    assert {("abandoned", step) for step in steps} <= seen


@pytest.mark.parametrize("takes_effect", [False, True], ids=["before the call", "after it took effect"])
@pytest.mark.parametrize("ids", ["INTEGER", "TEXT"])
def test_an_undo_killed_at_any_call_and_called_again_ends_as_if_nothing_had_happened(
    ids: str, *, takes_effect: bool
) -> None:
    shape = Shape(ids, unique_index=False)

    before = clean_sample(shape).world()
    healed(before)
    whole = before.copied()
    undone(whole, 1)
    expected = contents(whole)
    calls = 0
    for crash in crashes(before, lambda ports: undone(ports, 1), takes_effect=takes_effect):  # type: ignore[arg-type]  # ports
        undone(crash.world, 1)
        assert contents(crash.world) == expected, f"killed at call {crash.call}"
        calls += 1
    assert calls > 5
