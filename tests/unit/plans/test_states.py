"""Who may plan, approve and apply; what ends a plan; and what REQUIRE_PLAN asks for."""

from __future__ import annotations

import asyncio

import pytest

from plans.tidying import drop_old
from tests.support.actions import tick
from tests.support.databases import Shape, healed
from tests.support.dirty import clean_sample
from tests.support.fakes import World
from tests.support.plans import APPROVER, OPERATE, READ, Planner, state_of
from tests.unit.plans.test_forget_by_plan import lost

REQUIRED: dict[str, object] = {"REQUIRE_PLAN": True}


@pytest.fixture
def world() -> World:
    return clean_sample(Shape(unique_index=False)).world()


@pytest.fixture
def planner(world: World) -> Planner:
    return Planner(world)


# Approval


def test_an_approval_says_who_and_when(planner: Planner) -> None:
    plan = planner.planned()
    approver = Planner(planner.world, token=APPROVER)
    answer = approver.ask("POST", "/plans/1/approve", {"digest": plan["digest"]}, **{"X-Steward-Actor": "Anna B."})
    assert answer.status_code == 200, answer.text
    found = answer.json()
    assert (found["state"], found["approved_by"], found["approved_token"]) == ("approved", "Anna B.", "anna")
    assert found["approved_at"] > found["made_at"]
    assert approver.refused("POST", "/plans/1/approve") == "plan_approved"


def test_another_digest_is_not_approved(planner: Planner) -> None:
    planner.planned()
    assert planner.refused("POST", "/plans/1/approve", {"digest": "0" * 64}, 422) == "digest"
    assert planner.plan()["state"] == "made"


def test_operate_applies_and_does_not_approve_and_read_does_neither(planner: Planner) -> None:
    planner.planned()
    operator, reader = (Planner(planner.world, token=token) for token in (OPERATE, READ))
    before = state_of(planner.world)
    for path in ("/plans/1/approve", "/plans/1/apply"):
        assert reader.ask("POST", path).status_code == 403
    assert operator.ask("POST", "/plans/1/approve").status_code == 403
    assert reader.plan()["state"] == "made"
    assert len(reader.items()) == planner.plan()["items"]
    assert state_of(planner.world) == before
    assert operator.applied()["done"]


# REQUIRE_PLAN


def test_with_require_plan_nothing_is_recovered_or_undone_without_an_approved_plan(world: World) -> None:
    healed(world)
    operator, approver = (Planner(world, REQUIRED, token) for token in (OPERATE, APPROVER))
    before = state_of(world)
    assert operator.refused("POST", "/recover", {"dry_run": False}) == "plan_required"
    assert operator.refused("POST", "/runs/1/undo") == "plan_required"
    plan = operator.planned("/runs/1/undo", dry_run=True)
    assert operator.refused("POST", f"/plans/{plan['id']}/apply") == "plan_not_approved"
    assert state_of(world) == before
    approver.answer("POST", f"/plans/{plan['id']}/approve")
    assert operator.applied(plan["id"])["restored"]


def test_without_it_a_plan_may_be_applied_unapproved(world: World) -> None:
    operator = Planner(world, token=OPERATE)
    operator.planned()
    assert operator.applied()["done"]


# What ends a plan


def test_it_expires(planner: Planner) -> None:
    planner.planned()
    planner.world.clock.advance(hours=24, minutes=1)
    assert planner.plan()["state"] == "expired"
    assert planner.refused("POST", "/plans/1/apply") == "plan_expired"
    assert planner.refused("POST", "/plans/1/approve") == "plan_expired"


def test_one_that_is_begun_may_be_continued_as_long_again(world: World) -> None:
    planner = Planner(world, {"PLAN_HOURS": 2})
    planner.planned()
    world.clock.advance(minutes=110)
    assert not planner.answer("POST", "/plans/1/apply", {"max_groups": 1})["done"]
    world.clock.advance(minutes=110)
    assert planner.plan()["state"] == "applying"
    assert not planner.answer("POST", "/plans/1/apply", {"max_groups": 1})["done"]
    world.clock.advance(minutes=20)
    assert planner.refused("POST", "/plans/1/apply") == "plan_expired"


def test_a_newer_plan_takes_the_place_of_one_that_nobody_approved(planner: Planner) -> None:
    planner.planned()
    planner.planned()
    assert (planner.plan(1)["state"], planner.plan(1)["superseded_by"]) == ("superseded", 2)
    assert planner.refused("POST", "/plans/1/apply") == "plan_superseded"
    assert planner.plan(2)["state"] == "made"


def test_an_approved_one_gives_way_only_to_another_that_is_approved(planner: Planner) -> None:
    planner.planned()
    planner.answer("POST", "/plans/1/approve")
    planner.planned()
    assert planner.plan(1)["state"] == "approved"
    planner.answer("POST", "/plans/2/approve")
    assert (planner.plan(1)["state"], planner.plan(1)["superseded_by"]) == ("superseded", 2)


def test_a_live_change_of_its_kind_without_a_plan_takes_its_place(planner: Planner) -> None:
    planner.planned()
    planner.answer("POST", "/plans/1/approve")
    planner.answer("POST", "/recover", {"dry_run": False})
    assert (planner.plan(1)["state"], planner.plan(1)["superseded_by"]) == ("superseded", None)
    assert planner.refused("POST", "/plans/1/apply") == "plan_superseded"


def at_backfill() -> World:
    world = Shape().world()
    world.bucket.put("raw/x")
    return world


def at_undo() -> World:
    world = clean_sample(Shape(unique_index=False)).world()
    healed(world)
    return world


CHANGES = {
    "backfill": (at_backfill, "/backfill", {"r2_prefix": "raw/"}),
    "undo": (at_undo, "/runs/1/undo", {}),
    "forget": (lost, "/forget", {}),
}


@pytest.mark.parametrize("kind", CHANGES)
def test_a_live_change_takes_the_place_of_its_plan_and_one_that_is_refused_does_not(kind: str) -> None:
    prepared, path, request = CHANGES[kind]
    variables: dict[str, object] = {} if kind != "forget" else {"BUCKETS": {"b": "ARTIFACTS"}}
    world = prepared()
    planner = Planner(world, variables)
    planner.planned(path, dry_run=True, **request)
    planner.answer("POST", "/plans/1/approve")
    poor = Planner(world, {**variables, "DAILY_ROWS_WRITTEN": 1})
    poor.refused("POST", path, {"dry_run": False, **request})
    assert planner.plan()["state"] == "approved"
    planner.answer("POST", path, {"dry_run": False, **request})
    assert planner.plan()["state"] == "superseded"


def test_plans_of_other_kinds_and_targets_stay(planner: Planner) -> None:
    planner.world.bucket.put("raw/x")
    planner.planned()
    for prefix in ("", "raw/", "raw/"):
        planner.planned("/backfill", r2_prefix=prefix)
    states = {plan["id"]: plan["state"] for plan in planner.answer("GET", "/plans")["plans"]}
    assert states == {1: "made", 2: "made", 3: "superseded", 4: "made"}
    listed = planner.answer("GET", "/plans?kind=backfill&limit=2")
    assert ([plan["id"] for plan in listed["plans"]], listed["next"]) == ([4, 3], 3)
    assert [plan["id"] for plan in planner.answer("GET", "/plans?kind=backfill&before=3")["plans"]] == [2]


def test_a_tick_drops_the_items_of_old_plans_and_in_the_end_the_plans(planner: Planner) -> None:
    planner.planned()
    tick(planner.world)
    assert planner.plan()["items_kept"]
    planner.world.clock.advance(days=9)
    tick(planner.world)
    assert (planner.plan()["state"], planner.plan()["items_kept"]) == ("expired", False)
    planner.world.clock.advance(days=90)
    asyncio.run(drop_old(planner.world.ports()))
    assert planner.answer("GET", "/plans")["plans"] == []


def test_a_plan_whose_making_was_cut_short_is_none(planner: Planner) -> None:
    planner.planned()
    planner.world.database.script("UPDATE steward_plans SET digest = NULL")
    assert planner.answer("GET", "/plans")["plans"] == []
    assert planner.refused("POST", "/plans/1/apply", status=404) == "plan"


def test_a_slice_that_somebody_changed_is_not_applied(planner: Planner) -> None:
    planner.planned()
    planner.world.database.script("UPDATE steward_plan_slices SET items = replace(items, 'raw/b', 'raw/c')")
    before = state_of(planner.world)
    assert planner.refused("POST", "/plans/1/apply") == "plan_damaged"
    assert planner.refused("GET", "/plans/1/items") == "plan_damaged"
    assert state_of(planner.world) == before
