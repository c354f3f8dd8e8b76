"""The laws of a backfill: however it is cut up, killed or repeated, the table comes out the same."""

from __future__ import annotations

import contextlib

import pytest
from hypothesis import example, given, settings
from hypothesis import strategies as st

from runs.lease import LEASE
from tests.support.actions import backfill, counts, everything, live, numbered, rows, tick, types, walked
from tests.support.fakes import World, migrated_world
from tests.support.interruption import Fuse, KilledError, fused
from tests.support.shapes import examples

RULES = ((1, "raw/*.pdf", "report"), (2, "raw/*", "raw"), (3, "*[0-9]", "numbered"))

# SQLite before 3.42 cuts JSON text at a NUL; the Worker's tests cover NUL on the real D1.
TEXTS = st.text(st.characters(exclude_categories=["Cs"], exclude_characters="\0"), min_size=1, max_size=5)
KEYS = st.builds(
    lambda folder, name, end: folder + name + end,
    st.sampled_from(["raw/", "other/", ""]),
    TEXTS,
    st.sampled_from(["", ".pdf", "/", "7"]),
)
OBJECTS = st.dictionaries(KEYS, st.sampled_from([0, 1]), max_size=25)
TYPES = st.sampled_from(["unknown", "raw", "by hand"])
ARTIFACTS = st.dictionaries(KEYS, TYPES, max_size=8)
KILLS = st.lists(st.tuples(st.integers(0, 12), st.booleans()), max_size=6)

bounded = settings(max_examples=examples(60), deadline=None)


def a_world(objects: dict[str, int], artifacts: dict[str, str], covered: int = 0) -> World:
    """Return a world with these objects, and artifacts for these keys and the first `covered` objects."""
    world = migrated_world()
    world.rules(*RULES)
    world.bucket.sizes.update(objects)
    known = {**dict.fromkeys(list(objects)[:covered], "unknown"), **artifacts}
    insert = "INSERT INTO artifacts (r2_bucket, r2_key, source_type, fetched_at) VALUES ('artifacts', ?, ?, 'then')"
    world.database.connection.executemany(insert, known.items())
    return world


WORLDS = st.tuples(OBJECTS, ARTIFACTS, st.integers(0, 5))


@bounded
@given(parts=WORLDS)
def test_twice_equals_once(parts: tuple[dict[str, int], dict[str, str], int]) -> None:
    world = a_world(*parts)
    live(world)
    once = rows(world)
    report = live(world)
    assert rows(world) == once
    assert (report["inserted"], report["upgraded"], report["cost"]["rows_written"]) == (0, 0, 0)


@bounded
@given(parts=WORLDS)
def test_dry_counts_what_live_does_and_changes_nothing_but_its_runs_row(
    parts: tuple[dict[str, int], dict[str, str], int],
) -> None:
    world = a_world(*parts)
    before = everything(world)
    dry = backfill(world)
    world.database.script("DELETE FROM steward_runs; DELETE FROM sqlite_sequence WHERE name = 'steward_runs'")
    assert everything(world) == before
    assert world.store.writes == 0
    assert counts(live(world)) == counts(dry)


@bounded
@given(parts=WORLDS)
def test_after_a_pass_every_classified_object_has_its_row_and_no_known_type_changed(
    parts: tuple[dict[str, int], dict[str, str], int],
) -> None:
    world = a_world(*parts)
    before = types(world)
    report = live(world)
    after = types(world)
    markers = {key for key, size in world.bucket.sizes.items() if size == 0 and key.endswith("/")}
    classified = {
        key for key in world.bucket.sizes if key not in markers and (key.startswith("raw/") or key[-1] in "0123456789")
    }
    assert set(after) == set(before) | classified
    assert report["unclassified"] + report["skipped"] == len(world.bucket.sizes) - len(classified)
    for key, source_type in before.items():
        assert after[key] == source_type or (source_type == "unknown" and key in classified)
    assert all(after[key] != "unknown" for key in classified)


@bounded
@given(parts=WORLDS, sizes=st.lists(st.integers(1, 7), min_size=1, max_size=30), by_cursor=st.booleans())
def test_any_slicing_gives_the_table_and_the_counts_of_one_run(
    parts: tuple[dict[str, int], dict[str, str], int], sizes: list[int], *, by_cursor: bool
) -> None:
    whole = live(a_world(*parts))
    world = a_world(*parts)
    once = a_world(*parts)
    live(once)
    position: dict[str, str] = {}
    total = dict.fromkeys(counts(whole), 0)
    for size in [*sizes, 1000]:
        report = live(world, max_objects=size, **position)
        total = {name: total[name] + count for name, count in counts(report).items()}
        if not report["truncated"]:
            break
        position = {"cursor": report["cursor"]} if by_cursor else {"start_after": report["start_after"]}
    assert rows(world) == rows(once)
    assert total == counts(whole)


def tick_until_the_pass_is_complete(world: World) -> None:
    """Fire ticks until one completes the pass or finds it complete."""
    for _ in range(50):
        world.clock.advance(seconds=LEASE.total_seconds())
        report = walked(tick(world, TICK_MAX_OBJECTS=7))
        if "scanned" not in report or report["complete"]:
            return
    raise AssertionError("the pass does not end")


@bounded
@given(parts=WORLDS, kills=KILLS, share=st.integers(1, 9))
@example(parts=(dict.fromkeys(numbered(25), 1), {}, 0), kills=[(n, True) for n in range(6, 12)], share=5)
def test_any_schedule_of_kills_ends_in_the_table_of_an_uninterrupted_pass(
    parts: tuple[dict[str, int], dict[str, str], int], kills: list[tuple[int, bool]], share: int
) -> None:
    world, once = a_world(*parts), a_world(*parts)
    live(once)
    for calls, takes_effect in kills:
        with contextlib.suppress(KilledError):
            tick(fused(world, Fuse(calls, takes_effect)), TICK_MAX_OBJECTS=share)
        world.clock.advance(seconds=LEASE.total_seconds())
    tick_until_the_pass_is_complete(world)
    assert rows(world) == rows(once)


@pytest.mark.parametrize("takes_effect", [False, True])
@pytest.mark.parametrize("calls", range(40))
def test_a_tick_killed_at_any_call_repeats_a_page_at_most_and_skips_none(calls: int, *, takes_effect: bool) -> None:
    world = a_world(dict.fromkeys(numbered(3500), 1), {})
    with contextlib.suppress(KilledError):
        tick(fused(world, Fuse(calls, takes_effect)))
    done = len(rows(world))
    assert done % 1000 in (0, 500)
    world.clock.advance(seconds=LEASE.total_seconds())
    outcome = tick(world)
    assert len(rows(world)) == 3500
    report = walked(outcome)
    if "scanned" in report:
        assert report["inserted"] == 3500 - done
        assert outcome["status"] == "succeeded"


@pytest.mark.parametrize("takes_effect", [False, True])
@pytest.mark.parametrize("calls", range(14))
def test_a_manual_run_killed_at_any_call_leaves_a_table_that_the_next_run_completes(
    calls: int, *, takes_effect: bool
) -> None:
    world = a_world(dict.fromkeys(numbered(2500), 1), {})
    with contextlib.suppress(KilledError):
        live(fused(world, Fuse(calls, takes_effect)), max_objects=5000)
    done = len(rows(world))
    world.clock.advance(seconds=LEASE.total_seconds())
    report = live(world, max_objects=5000)
    assert (report["unchanged"], report["inserted"]) == (done, 2500 - done)
    statuses = [status for (status,) in world.database.all("SELECT status FROM steward_runs ORDER BY id")]
    assert statuses[-1] == "succeeded"
    assert "running" not in statuses
