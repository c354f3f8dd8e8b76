"""A plan killed at any call and applied again ends as if it never was; and another writer at the worst moment."""

from __future__ import annotations

import asyncio
from collections.abc import Callable
from typing import Any

import pytest

from backfill.request import BackfillRequest
from errors import RefusedError
from forget.call import ForgetRequest
from plans.backfilling import backfill_as_asked
from plans.forgetting import forget_as_asked
from plans.recovering import recover_as_asked
from plans.undoing import UndoRequest, undo_as_asked
from ports import Ports
from recovery.call import RecoverRequest
from settings import read_settings
from tests.support.actions import numbered
from tests.support.databases import Shape, artifacts, datapoints, healed, recovered
from tests.support.dirty import clean_sample
from tests.support.fakes import World, migrated_world
from tests.support.forgetting import SETTINGS as OF_BUCKET
from tests.support.forgetting import forgotten_all
from tests.support.interruption import Fuse, KilledError, fused
from tests.unit.plans.test_forget_by_plan import lost
from tests.unit.recovery.test_recovery import meddled

SETTINGS = read_settings({"MAX_DELETES": 1_000_000})
SHAPE = Shape(unique_index=False)

Act = Callable[[Ports, bool], Any]
"""One call, live by plan 1, or dry."""


def recovery(ports: Ports, dry: bool) -> Any:  # noqa: ANN401, FBT001  # a report; as the request says it
    request = RecoverRequest(dry_run=dry, plan=None if dry else 1)
    return asyncio.run(recover_as_asked(ports, SETTINGS, request, may_plan=True))


def backfill(ports: Ports, dry: bool) -> Any:  # noqa: ANN401, FBT001  # likewise
    request = BackfillRequest(dry_run=dry, plan=None if dry else 1)
    return asyncio.run(backfill_as_asked(ports, SETTINGS, request, may_plan=True))


def undo(ports: Ports, dry: bool) -> Any:  # noqa: ANN401, FBT001  # likewise
    return asyncio.run(undo_as_asked(ports, SETTINGS, UndoRequest(1, dry, None if dry else 1), may_plan=True))


def forget(ports: Ports, dry: bool) -> Any:  # noqa: ANN401, FBT001  # likewise
    request = ForgetRequest(dry_run=dry, plan=None if dry else 1)
    return asyncio.run(forget_as_asked(ports, OF_BUCKET, request, may_plan=True))


def undo_forget(ports: Ports, dry: bool) -> Any:  # noqa: ANN401, FBT001  # likewise
    return asyncio.run(undo_as_asked(ports, OF_BUCKET, UndoRequest(1, dry, None if dry else 1), may_plan=True))


def dirty() -> World:
    return clean_sample(SHAPE).world()


def mended() -> World:
    world = dirty()
    healed(world)
    return world


def bucketful() -> World:
    world = migrated_world()
    world.rules((1, "raw/*", "raw"))
    world.bucket.put(*numbered(300))
    return world


def forgot() -> World:
    world = lost()
    forgotten_all(world)
    return world


CASES: dict[str, tuple[Callable[[], World], Act]] = {
    "recovery": (dirty, recovery),
    "backfill": (bucketful, backfill),
    "undo": (mended, undo),
    "forget": (lost, forget),
    "undo of a forget": (forgot, undo_forget),
}


def contents(world: World) -> object:
    tables = world.database.all("SELECT state FROM (SELECT applied_at IS NOT NULL AS state FROM steward_plans)")
    notes = world.database.all("SELECT name FROM sqlite_schema WHERE name = 'notes'") and world.database.all(
        "SELECT * FROM notes ORDER BY about, word"
    )
    journal = world.database.all("SELECT loser_id, winner_id, undone_by IS NULL FROM steward_merges ORDER BY loser_id")
    marks = world.database.all("SELECT r2_key, resolved_at IS NULL FROM steward_missing ORDER BY r2_key")
    return artifacts(world), datapoints(world), notes, journal, marks, tables


def finished(world: World, act: Act) -> None:
    """Call until the plan is applied; it may have been already, its answer lost."""
    for _ in range(20):
        try:
            report = act(world.ports(), False)
        except RefusedError:
            return
        if report.get("done", not report.get("truncated")):
            return
    raise AssertionError("the plan does not come to an end")


@pytest.mark.parametrize("takes_effect", [False, True], ids=["before the call", "after it took effect"])
@pytest.mark.parametrize("case", CASES)
def test_killed_at_any_call_and_applied_again_it_ends_as_if_nothing_had_happened(
    case: str, *, takes_effect: bool
) -> None:
    make, act = CASES[case]
    planned = make()
    act(planned.ports(), True)
    whole = planned.copied()
    finished(whole, act)
    expected, call = contents(whole), 0
    while True:
        world = planned.copied()
        try:
            act(fused(world, Fuse(call, takes_effect)), False)
        except KilledError:
            world.clock.advance(seconds=100)
        else:
            break
        finished(world, act)
        assert contents(world) == expected, f"killed at call {call}"
        call += 1
    assert call > 10


@pytest.mark.parametrize("case", CASES)
def test_a_dry_run_killed_at_any_call_leaves_no_plan_that_is_not_whole(case: str) -> None:
    make, act = CASES[case]
    fresh = make()
    digest = act(fresh.copied().ports(), True)["plan"]["digest"]
    call = 0
    while True:
        world = fresh.copied()
        try:
            act(fused(world, Fuse(call, takes_effect=True)), True)
        except KilledError:
            found = world.database.all("SELECT digest FROM steward_plans WHERE digest IS NOT NULL")
            assert found in ([], [(digest,)])
        else:
            break
        call += 1
    assert call > 5


MERGE, TYPES = "INSERT INTO steward_merges", "WHERE artifacts.id = classified.id"
MEDDLING = {
    "a date": (MERGE, "UPDATE artifacts SET fetched_at = '2020-01-01' WHERE id = 5", ["b", "raw/b"]),
    "a child": (MERGE, "INSERT INTO datapoints (id, artifact_id) VALUES (77, 4)", ["b", "raw/b"]),
    "a type": (TYPES, "UPDATE artifacts SET source_type = 'memo' WHERE id = 9", ["c", "raw/c"]),
}


@pytest.mark.parametrize(("text", "script", "about"), MEDDLING.values(), ids=MEDDLING)
def test_what_moves_on_between_the_look_and_the_change_is_left_out_alone(
    text: str, script: str, about: list[str]
) -> None:
    world = dirty()
    recovery(world.ports(), True)
    ports, meddler = meddled(world, text, script)
    report = recovery(ports, False)
    assert meddler.done
    first, *others = report["plan"]["shown"]
    assert (first["about"], first["why"]) == (about, "changed while the plan was applied.")
    # An object that was not merged is not what the plan would classify either.
    assert all(one["about"] == about for one in others)
    whole = dirty()
    recovered(whole, dry_run=False)
    untouched = "SELECT * FROM artifacts WHERE r2_bucket || ' ' || r2_key <> ? ORDER BY id"
    assert world.database.all(untouched, " ".join(about)) == whole.database.all(untouched, " ".join(about))


def test_a_row_that_comes_between_the_look_and_the_insert_is_left_as_it_came() -> None:
    world = bucketful()
    backfill(world.ports(), True)
    ports, meddler = meddled(
        world, "INSERT INTO artifacts", "INSERT INTO artifacts VALUES (1, 'artifacts', 'raw/00007', 'memo', NULL)"
    )
    report = backfill(ports, False)
    assert meddler.done
    assert [one["about"][1] for one in report["plan"]["shown"]] == ["raw/00007"]
    assert (report["inserted"], report["scanned"]) == (299, 300)
    assert world.database.one("SELECT source_type FROM artifacts WHERE r2_key = 'raw/00007'") == "memo"


def test_the_merge_of_a_plan_that_is_superseded_under_its_feet_begins_nothing() -> None:
    world = dirty()
    recovery(world.ports(), True)
    script = "UPDATE steward_plans SET ended_at = '2026', ended_as = 'superseded'"
    before = artifacts(world)
    ports, _ = meddled(world, "SET applied_run", script)
    with pytest.raises(RefusedError) as refused:
        recovery(ports, False)
    assert refused.value.reason == "plan_superseded"
    assert artifacts(world) == before
