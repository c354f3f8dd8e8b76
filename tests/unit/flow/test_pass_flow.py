from __future__ import annotations

import asyncio
import re
from collections.abc import Awaitable, Mapping
from dataclasses import dataclass, field, replace
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from backfill.progress import Progress
from errors import RefusedError, TransientError
from flow.instance import LONGEST_NAME, Instance
from flow.pass_flow import walk_by_flow
from flow.slice_step import INSTANCE_SUBREQUESTS, SLICE_SUBREQUESTS, Spent
from ports import ListRequest, Page, Ports, Scalar
from runs.lease import LEASE, asking
from runs.record import Opening, Run, open_at_once, open_run
from tests.support.actions import FakeEnvironment, numbered, rows, tick, walked
from tests.support.fakes import DictBucket, ManualClock, World, migrated_world
from tests.support.flows import Kept, KeptFlows, KeptSteps, Program
from tests.support.interruption import Fuse, KilledError, fused
from tests.support.shapes import examples

BY_FLOW: dict[str, object] = {"PASS_ENGINE": "workflow", "BACKFILL_MODE": "live", "PASS_INTERVAL_HOURS": 8760}
TWO = {"BUCKETS": {"artifacts": "ARTIFACTS", "archive": "ARCHIVE"}}


@dataclass
class Played:
    """A world whose passes are walked by flows."""

    world: World = field(default_factory=migrated_world)
    variables: dict[str, object] = field(default_factory=lambda: {**BY_FLOW, "TICK_MAX_OBJECTS": 100})

    def __post_init__(self) -> None:
        self.flows = KeptFlows(self.world.clock)
        self.world.flows = self.flows
        self.world.rules((1, "raw/*", "raw"))

    def tick(self) -> dict[str, Any]:
        return tick(self.world, **self.variables)

    def program_on(self, ports: Ports | None = None) -> Program:
        def program(steps: KeptSteps, params: Mapping[str, Scalar]) -> Awaitable[str]:
            return walk_by_flow(steps, lambda: FakeEnvironment(self.world, self.variables, ports), params)

        return program

    def run(self) -> Kept:
        """Let every instance run to its end, and return the last."""
        while self.flows.running():
            for one in self.flows.running():
                asyncio.run(self.flows.run(one, self.program_on()))
        return list(self.flows.instances.values())[-1]

    def pass_by_flow(self) -> Kept:
        assert self.tick()["status"] == "succeeded"
        return self.run()

    def open(self, kind: Any = "recovery") -> Run:  # noqa: ANN401  # a kind of run
        opening = Opening(kind, "live", "http", {}, exclusive=True)
        return asyncio.run(open_run(self.world.database, self.world.clock, opening))

    def stored(self, bucket: str = "artifacts") -> Any:  # noqa: ANN401  # a pass
        return asyncio.run(Progress(self.world.ports(), bucket, "").load())

    def slices(self) -> list[tuple[object, ...]]:
        return self.world.database.all("SELECT status, trigger FROM steward_runs WHERE kind = 'slice' ORDER BY id")


@pytest.fixture
def played() -> Played:
    found = Played()
    found.world.bucket.put(*numbered(450))
    return found


def by_ticks(objects: int) -> list[tuple[object, ...]]:
    world = migrated_world()
    world.rules((1, "raw/*", "raw"))
    world.bucket.put(*numbered(objects))
    tick(world)
    return rows(world)


def test_a_pass_by_flow_ends_in_one_go_with_the_table_of_the_ticks(played: Played) -> None:
    instance = played.pass_by_flow()
    assert (instance.state, played.stored().completed_at is not None) == ("complete", True)
    assert rows(played.world) == by_ticks(450)
    assert played.slices() == [("succeeded", "flow")] * 5
    assert played.stored().counts.scanned == 450


def test_ticks_only_check_and_see_that_the_flow_lives(played: Played) -> None:
    first = walked(played.tick())
    assert (first["state"], rows(played.world)) == ("started", [])
    assert re.fullmatch(r"pass-artifacts-20\d{6}T\d{9}-[0-9a-f]{8}", first["instance"])
    assert walked(played.tick()) == {"instance": first["instance"], "state": "running"}
    assert list(played.flows.instances) == [first["instance"]]
    played.run()
    assert "not_walked" in walked(played.tick())
    assert len(played.flows.instances) == 1


def test_a_dry_schedule_and_one_by_cron_are_walked_by_ticks(played: Played) -> None:
    for changed in ({"BACKFILL_MODE": "dry"}, {"PASS_ENGINE": "cron"}):
        assert walked(tick(played.world, **{**played.variables, **changed}))["scanned"] == 100
    assert played.flows.instances == {}


def test_the_next_pass_is_another_instance(played: Played) -> None:
    played.pass_by_flow()
    played.world.clock.advance(hours=8761)
    played.world.bucket.put("raw/new")
    played.pass_by_flow()
    assert len(played.flows.instances) == 2
    assert len(rows(played.world)) == 451


class Fates:
    """Kills before and after steps, as a list says; then it spares all."""

    def __init__(self, kills: list[str]) -> None:
        self.kills = kills

    def before(self, name: str) -> None:  # noqa: ARG002  # the protocol names it
        if self.kills and self.kills[0] != "after":
            kill = self.kills.pop(0)
            if kill == "before":
                raise KilledError

    def after(self, name: str) -> None:  # noqa: ARG002  # likewise
        if self.kills and self.kills.pop(0) == "after":
            raise KilledError


@dataclass
class BetweenSlices(DictBucket):
    """A bucket that notes which listings were begun while no slice had the lease, and may fail those."""

    world: World | None = None
    failing: bool = False
    early: list[str | None] = field(default_factory=list)

    async def list_page(self, request: ListRequest) -> Page:
        """List, and note it."""
        assert self.world
        if self.world.database.one("SELECT lease_run FROM steward_control") is None:
            self.early.append(request.start_after)
            if self.failing:
                raise TransientError("Listing the bucket failed: Network connection lost")
        return await super().list_page(request)


def listed_between(played: Played) -> BetweenSlices:
    """Put the same objects into a bucket that notes what is listed between slices."""
    bucket = BetweenSlices(dict(played.world.bucket.sizes), world=played.world)
    played.world.buckets["artifacts"] = bucket
    return bucket


def test_the_next_slice_is_listed_while_one_ends_and_nothing_twice(played: Played) -> None:
    bucket = listed_between(played)
    played.pass_by_flow()
    assert bucket.early == [f"raw/{number:05}" for number in (99, 199, 299, 399)]
    counted = played.world.database.one("SELECT sum(cost ->> 'r2_lists') FROM steward_runs WHERE kind = 'slice'")
    assert counted == bucket.lists
    assert rows(played.world) == by_ticks(450)


def test_what_is_listed_for_a_slice_that_does_not_come_is_dropped(played: Played) -> None:
    bucket = listed_between(played)
    played.tick()

    class Pauses(Fates):
        def before(self, name: str) -> None:
            by = {"slice 2": "'operator'", "slice 4": "NULL"}.get(name)
            if by:
                played.world.database.script(f"UPDATE steward_control SET paused_by = {by}, pause_reason = 'x'")
            if name == "slice 4":
                played.world.bucket.put("raw/00100.5")

    played.flows.running()[0].steps.fate = Pauses([])
    played.run()
    assert len(bucket.early) == 4
    assert len(rows(played.world)) == 451


def test_a_listing_between_slices_that_fails_is_made_again(played: Played) -> None:
    bucket = listed_between(played)
    bucket.failing = True
    played.pass_by_flow()
    assert len(bucket.early) == 4
    assert {status for status, _ in played.slices()} == {"succeeded"}
    assert rows(played.world) == by_ticks(450)


@settings(max_examples=examples(60), deadline=None)
@given(
    st.integers(0, 60),
    st.lists(st.sampled_from(["before", "after", "spare"]), max_size=8),
    st.lists(st.tuples(st.integers(0, 40), st.booleans()), max_size=6),
    st.sampled_from([1, 2, 1000]),
)
def test_any_kills_and_repeats_of_steps_give_the_table_of_an_uninterrupted_pass(
    objects: int, kills: list[str], cuts: list[tuple[int, bool]], steps: int
) -> None:
    played = Played()
    played.variables.update(TICK_MAX_OBJECTS=7, FLOW_STEPS=steps)
    played.world.bucket.put(*numbered(objects))
    played.tick()
    fates = Fates(kills)
    while played.flows.running():
        for one in played.flows.running():
            one.steps.fate = fates
            fuse = Fuse(*cuts.pop()) if cuts else Fuse(10**9, takes_effect=False)
            try:
                asyncio.run(played.flows.run(one, played.program_on(fused(played.world, fuse))))
            except KilledError:
                played.world.clock.advance(seconds=LEASE.total_seconds() + 1)
        played.tick()
    assert rows(played.world) == by_ticks(objects)
    assert played.stored().completed_at
    assert played.stored().counts.scanned == objects


def test_while_paused_it_sleeps_longer_each_time_and_goes_on_after_resume(played: Played) -> None:
    played.tick()
    played.world.database.script("UPDATE steward_control SET paused_by = 'operator', pause_reason = 'x'")
    looks = 0

    class Resumes(Fates):
        def before(self, name: str) -> None:
            nonlocal looks
            looks += 1
            if name == "slice 9":
                played.world.database.script("UPDATE steward_control SET paused_by = NULL")

    one = played.flows.running()[0]
    one.steps.fate = Resumes([])
    played.run()
    assert list(one.steps.slept.values()) == [5, 10, 20, 40, 80, 160, 300, 300]
    assert rows(played.world) == by_ticks(450)


def test_a_flow_waits_while_a_recovery_has_the_lease_and_shortly_while_a_tick_has(played: Played) -> None:
    played.tick()
    [one] = played.flows.running()
    holders = [played.open("recovery")]

    class Frees(Fates):
        def before(self, name: str) -> None:
            if name == "slice 3":
                played.world.database.script("UPDATE steward_control SET lease_token = NULL, lease_run = NULL")

    one.steps.fate = Frees([])
    played.run()
    assert holders[0].fence is not None
    assert one.steps.slept == {"wait 1": 5, "wait 2": 10}
    assert rows(played.world) == by_ticks(450)


def test_the_lease_of_its_own_killed_slice_is_waited_for_in_a_few_steps(played: Played) -> None:
    played.tick()
    [one] = played.flows.running()
    asyncio.run(
        open_at_once(played.world.database, played.world.clock, Opening("slice", "live", "flow", {}, exclusive=True))
    )
    played.run()
    turns = [seconds for name, seconds in one.steps.slept.items() if name.startswith("turn")]
    assert LEASE.total_seconds() <= sum(turns) < LEASE.total_seconds() + 8
    assert len(turns) < 20
    assert rows(played.world) == by_ticks(450)


@pytest.mark.parametrize(
    "change", [{"PASS_ENGINE": "cron"}, {"BACKFILL_MODE": "off"}, {"BUCKETS": {"another": "ARTIFACTS"}}]
)
def test_a_flow_ends_where_the_configuration_has_none_for_it_any_more(
    played: Played, change: dict[str, object]
) -> None:
    played.tick()
    played.variables.update(change)
    assert "configuration" in str(played.run().output)
    assert rows(played.world) == []


def test_a_flow_ends_where_its_pass_was_ended_by_hand_or_replaced(played: Played) -> None:
    played.tick()
    tick(played.world, BACKFILL_MODE="live")
    assert "another began" in str(played.run().output)
    assert played.slices() == [("succeeded", "flow")]
    played.world.database.script(
        'UPDATE steward_control SET flows = replace(flows, \'"pass_started_at":"20\', \'"pass_started_at":"30\')'
    )
    one = next(iter(played.flows.instances.values()))
    one.state, one.steps = "running", KeptSteps(played.world.clock)
    assert played.run().output == "Another flow walks this bucket."


def test_near_the_limit_of_steps_a_successor_goes_on(played: Played) -> None:
    played.variables["FLOW_STEPS"] = 2
    played.pass_by_flow()
    names = list(played.flows.instances)
    assert names == [names[0], f"{names[0]}-2", f"{names[0]}-3"]
    assert [one.output for one in played.flows.instances.values()][:2] == [
        f"Handed over to {name}." for name in names[1:]
    ]
    assert rows(played.world) == by_ticks(450)
    assert len(played.slices()) == 5


@pytest.mark.parametrize(("spent", "used_up"), [(0, False), (INSTANCE_SUBREQUESTS - SLICE_SUBREQUESTS + 1, True)])
def test_no_slice_begins_that_could_pass_the_subrequests_of_an_instance(spent: int, used_up: bool) -> None:  # noqa: FBT001  # data
    assert Spent(1, spent).used_up(1000) is used_up


def test_a_hand_over_that_was_cut_before_the_successor_was_started_starts_it(played: Played) -> None:
    played.variables["FLOW_STEPS"] = 1
    played.tick()
    [one] = played.flows.running()
    first = Instance.read(one.params)
    asyncio.run(played.world.database.batch([first.handing_over(played.world.clock)]))
    played.run()
    assert first.successor.name in played.flows.instances
    assert rows(played.world) == by_ticks(450)


def test_the_next_tick_starts_a_successor_of_a_flow_that_failed_and_says_so(played: Played) -> None:
    played.tick()
    rule = "INSERT INTO source_type_rules VALUES ('high', 'old/*', 'old')"
    played.world.database.script(rule)
    failed = played.run()
    assert (failed.state, len(played.slices())) == ("errored", 7)
    assert {status for status, _ in played.slices()} == {"failed"}
    assert "'high'" in walked(played.tick())["error"]
    played.world.database.script("DELETE FROM source_type_rules WHERE priority = 'high'")
    outcome = played.tick()
    assert outcome["status"] == "failed"
    assert walked(outcome)["state"] == "started, the one before was errored"
    assert list(played.flows.instances)[1].endswith("-2")
    played.run()
    assert rows(played.world) == by_ticks(450)
    assert played.tick()["status"] == "succeeded"


def test_a_flow_that_was_not_at_work_for_long_gets_a_successor_and_ends_when_it_wakes(played: Played) -> None:
    first = walked(played.tick())
    played.world.clock.advance(minutes=14)
    assert walked(played.tick())["state"] == "running"
    played.world.clock.advance(minutes=2)
    second = walked(played.tick())
    assert second["state"] == "started, the one before was not at work any more"
    assert second["instance"] == f"{first['instance']}-2"
    played.run()
    assert played.flows.instances[first["instance"]].output == f"Handed over to {second['instance']}."
    assert rows(played.world) == by_ticks(450)


def test_a_paused_instance_is_left_to_who_paused_it(played: Played) -> None:
    first = walked(played.tick())
    played.flows.instances[first["instance"]].state = "paused"
    played.world.clock.advance(hours=1)
    assert walked(played.tick()) == {"instance": first["instance"], "state": "paused"}


def test_a_tick_cut_between_the_name_and_the_start_is_made_good_by_the_next(played: Played) -> None:
    first = walked(played.tick())
    played.flows.instances.clear()
    assert walked(played.tick()) == {"instance": first["instance"], "state": "started"}
    played.run()
    assert rows(played.world) == by_ticks(450)


def test_a_paused_schedule_starts_no_flow(played: Played) -> None:
    played.world.database.script("UPDATE steward_control SET paused_by = 'operator', pause_reason = 'x'")
    assert "operator" in played.tick()["counts"]["backfill"]["not_walked"]
    assert played.flows.instances == {}


def test_without_the_unique_index_the_tick_fails_as_it_does_by_cron(played: Played) -> None:
    played.world.database.script(
        "DROP TABLE datapoints; DROP TABLE artifacts;"
        "CREATE TABLE artifacts (id INTEGER PRIMARY KEY, r2_bucket, r2_key, source_type, fetched_at)"
    )
    outcome = played.tick()
    assert (outcome["status"], walked(outcome)["refused"]) == ("failed", "unique_index")
    assert played.flows.instances == {}


def test_who_wants_the_lease_of_a_slice_waits_for_its_turn_and_the_flow_lets_it_go_first(played: Played) -> None:
    world = played.world
    opening = Opening("slice", "live", "flow", {}, exclusive=True)
    run = asyncio.run(open_at_once(world.database, world.clock, opening))

    class SliceEnds(ManualClock):
        async def sleep(self, seconds: float) -> None:
            await super().sleep(seconds)
            if len(self.slept) == 3:
                await run.close("succeeded")

    clock = SliceEnds(world.clock.now())
    assert asyncio.run(open_run(world.database, clock, replace(opening, kind="recovery"))).token
    assert clock.slept == [2, 2, 2]
    assert world.database.all("SELECT waiting FROM steward_control") == [("{}",)]


def test_who_waits_for_a_slice_gives_up_in_the_end(played: Played) -> None:
    world = played.world
    opening = Opening("slice", "live", "flow", {}, exclusive=True)
    asyncio.run(open_at_once(world.database, world.clock, opening))
    with pytest.raises(RefusedError) as refused:
        played.open("recovery")
    assert (refused.value.reason, sum(world.clock.slept)) == ("busy", 60)


def test_a_flow_lets_who_waited_before_it_go_first_and_not_who_began_later(played: Played) -> None:
    played.tick()
    [one] = played.flows.running()
    asyncio.run(played.world.database.batch([asking(played.world.clock, "tick")]))
    played.run()
    turns = {name: seconds for name, seconds in one.steps.slept.items() if name.startswith("turn")}
    # Nobody repeats the wish of the tick, which stands for ten seconds.
    assert list(turns.values()) == [2, 2, 2, 2, 4]
    assert rows(played.world) == by_ticks(450)


def test_the_flows_of_two_buckets_take_turns(played: Played) -> None:
    world = played.world
    world.buckets["archive"] = DictBucket()
    world.buckets["archive"].put(*numbered(450))
    played.variables.update(TWO)
    played.tick()

    async def together() -> None:
        await asyncio.gather(*(played.flows.run(one, played.program_on()) for one in played.flows.running()))

    asyncio.run(together())
    assert {one.state for one in played.flows.instances.values()} == {"complete"}
    assert len(rows(world)) == 900
    order = [
        bucket
        for (bucket,) in world.database.all(
            "SELECT request ->> 'r2_bucket' FROM steward_runs WHERE kind = 'slice' ORDER BY id"
        )
    ]
    assert abs(order[:6].count("artifacts") - 3) <= 1


@given(st.text(min_size=1), st.datetimes(), st.integers(1, 10**6))
def test_the_name_of_an_instance_is_one_that_the_engine_takes(bucket: str, moment: Any, number: int) -> None:  # noqa: ANN401  # a datetime
    instance = Instance(bucket, f"{moment.isoformat(timespec='milliseconds')}Z", number)
    assert re.fullmatch(r"[a-zA-Z0-9_][a-zA-Z0-9-_]*", instance.name)
    assert len(instance.name) <= LONGEST_NAME
    assert instance.name == Instance.read(instance.params).name
    assert instance.name != Instance(f"{bucket}x", instance.pass_started_at, number).name
