"""A plan where an invocation may ask 50 times: made over several calls, approved, and applied over several."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import Any

import pytest

from tests.support.actions import TOKEN, Api, numbered
from tests.support.databases import Shape, artifacts, datapoints, healed
from tests.support.dirty import clean_sample
from tests.support.fakes import World, migrated_world
from tests.support.forgetting import keys
from tests.support.interruption import Fuse, fused
from tests.support.limits import Meter, limited
from tests.support.plans import Planner
from tests.support.shapes import typed
from tests.unit.plans.test_forget_by_plan import BUCKETS, lost

FREE: dict[str, object] = {"STEWARD_TOKEN": TOKEN, "PLAN_LIMITS": "free", "MAX_DELETES": 1_000_000}


def many(groups: int = 600, unknown: int = 1_500, shape: Shape | None = None) -> World:
    """Return a database with more objects of several rows, and more unknown rows, than one call looks at."""
    world = clean_sample(shape or Shape(unique_index=False)).world()
    add = "INSERT INTO artifacts (id, r2_bucket, r2_key, source_type, fetched_at) VALUES (?, 'b', ?, ?, NULL)"
    text = shape is not None and shape.ids == "TEXT"
    rows: list[tuple[object, str, str]] = [(1000 + n, f"raw/m{n // 2:04}", "raw") for n in range(2 * groups)]
    rows += [(5000 + n, f"raw/u{n:04}", "unknown") for n in range(unknown)]
    world.database.connection.executemany(add, [(f"i{one[0]}" if text else one[0], *one[1:]) for one in rows])
    return world


@dataclass
class Free:
    """Somebody at the Worker of a world on the free plan."""

    world: World
    variables: dict[str, object] = field(default_factory=dict)
    calls: int = 0

    def ask(self, path: str, body: dict[str, object], fuse: Fuse | None = None) -> Any:  # noqa: ANN401  # an answer
        """Make one call, a limited invocation of its own, and return its answer."""
        self.calls += 1
        meter = Meter()
        ports = limited(fused(self.world, fuse) if fuse else self.world.ports(), meter)
        answer = Api(self.world, {**FREE, **self.variables}, ports).json("POST", path, body)
        assert meter.refused == 0, (path, meter)
        return answer

    def done(self, path: str, **body: object) -> dict[str, Any]:
        """Call until it is done, and return the last answer."""
        report: dict[str, Any] = {}
        for _ in range(80):
            answer = self.ask(path, body)
            assert answer.status_code == 200, answer.text
            report = answer.json()
            broken = [step["error"] for step in report["steps"] if "error" in step]
            assert [error for error in broken if "Objects are left" not in error] == []
            if report["done"]:
                return report
        raise AssertionError(f"it does not come to an end: {report}")


def test_several_dry_calls_make_the_plan_that_one_makes_on_the_paid_plan() -> None:
    whole = Planner(many())
    wanted = whole.planned()
    free = Free(many())
    report = free.done("/recover")
    plan = report["plan"]
    assert (plan["complete"], plan["items"], plan["totals"]) == (True, wanted["items"], wanted["totals"])
    assert plan["digest"] == wanted["digest"]
    assert Planner(free.world).items() == whole.items()
    assert plan["forecast"] == report["forecast"]
    assert free.calls > 5
    # A plan that is whole is not taken further: the next call is the first of another one.
    assert free.ask("/recover", {}).json()["plan"] is None


@pytest.mark.parametrize("ids", ["INTEGER", "TEXT"])
def test_it_is_approved_and_applied_there_and_brings_what_one_call_brings(ids: str) -> None:
    shape = Shape(ids, unique_index=False)
    free, whole = Free(many(shape=shape), {"REQUIRE_PLAN": True}), Planner(many(shape=shape))
    free.done("/recover")
    assert free.ask("/recover", {"dry_run": False, "plan": 1}).json()["reason"] == "plan_not_approved"
    assert free.ask("/plans/1/approve", {}).status_code == 200
    report = free.done("/plans/1/apply")
    whole.planned()
    told = whole.applied()
    assert (report["ok"], report["plan"]["left_out"], report["plan"]["dealt_with"]) == (
        told["ok"],
        0,
        told["plan"]["dealt_with"],
    )
    assert artifacts(free.world) == artifacts(whole.world)
    assert datapoints(free.world) == datapoints(whole.world)
    assert free.world.database.one("SELECT paused_by FROM steward_control") is None
    assert free.ask("/plans/1/apply", {}).json()["reason"] == "plan_applied"


MOVED_ON = {
    "a winner": "UPDATE artifacts SET fetched_at = '2027-01-01' WHERE id = 1001",
    "a loser": "UPDATE artifacts SET fetched_at = '1999-01-01' WHERE id = 1000",
    "a child": "INSERT INTO datapoints (id, artifact_id) VALUES (901, 1000)",
    "a row that comes": "INSERT INTO artifacts VALUES (8000, 'b', 'raw/m0000', 'raw', NULL, NULL)",
}


@pytest.mark.parametrize("script", MOVED_ON.values(), ids=MOVED_ON)
def test_what_moved_on_is_left_out_and_listed_there_too(script: str) -> None:
    free = Free(many(groups=300, unknown=10))
    free.done("/recover")
    free.world.database.script(script)
    report = free.done("/plans/1/apply")
    assert report["plan"]["left_out"] == 1
    [left] = Planner(free.world).items(query="?left_out=true")
    assert left["about"] == ["b", "raw/m0000"]
    assert free.world.database.one("SELECT count(*) FROM artifacts WHERE r2_key = 'raw/m0000'") in (2, 3)
    assert free.world.database.one("SELECT count(*) FROM artifacts WHERE r2_key = 'raw/m0001'") == 1


def test_other_rules_between_two_dry_calls_begin_it_anew() -> None:
    free = Free(many(unknown=10))
    for _ in range(3):
        assert free.ask("/recover", {}).json()["done"] is False
    free.world.rules((1, "raw/*", "other"))
    plan = free.done("/recover")["plan"]
    kept = Planner(free.world).plan(plan["id"])
    assert (kept["state"], plan["complete"]) == ("made", True)
    assert free.done(f"/plans/{plan['id']}/apply")["plan"]["left_out"] == 0
    assert free.world.database.one("SELECT EXISTS (SELECT 1 FROM artifacts WHERE source_type = 'other')") == typed()


def test_another_request_makes_a_plan_of_its_own() -> None:
    free = Free(many(groups=300, unknown=10))
    assert free.ask("/recover", {}).json()["done"] is False
    assert free.ask("/recover", {"include_deleted": True}).json()["steps"] != []
    assert free.ask("/recover", {}).json()["steps"] == []


def test_of_as_many_groups_as_are_asked_for_the_plan_has_no_more() -> None:
    plan = Free(many(groups=300, unknown=10)).done("/recover", max_groups=260)["plan"]
    assert (plan["totals"]["merge"], plan["complete"]) == (260, False)


def test_more_references_than_a_planned_chunk_has_queries_for_are_refused_before_anything_is_changed() -> None:
    world = many(groups=3, unknown=3)
    world.database.script("CREATE TABLE more (a INTEGER REFERENCES artifacts (id))")
    free = Free(world)
    free.done("/recover")
    before = artifacts(world)
    answer = free.ask("/plans/1/apply", {})
    assert (answer.status_code, answer.json()["reason"]) == (409, "plan_limits")
    assert artifacts(world) == before


def killed_once(free: Free, path: str, at: int, *, takes_effect: bool) -> int:
    """Call until it is done, each call killed once before its number `at`; return how many were."""
    killed = 0
    for number in range(80):
        # A call whose answer alone is lost has ended what the next one begins anew: some day it is heard.
        fuse = Fuse(at, takes_effect) if number % 2 == 0 and number < 40 else None
        answer = free.ask(path, {}, fuse)
        if answer.status_code != 200:
            killed += fuse is not None
            free.world.clock.advance(seconds=100)
            # What ended the plan took effect, and its answer was lost.
            if answer.status_code == 409:
                return killed
        elif answer.json()["done"]:
            return killed
    raise AssertionError(f"killed at call {at} it does not come to an end")


@pytest.mark.parametrize("takes_effect", [False, True], ids=["before the call", "after it took effect"])
def test_killed_at_any_call_it_is_made_the_same_and_applied_as_if_nothing_had_happened(*, takes_effect: bool) -> None:
    whole = Free(many(groups=5, unknown=5))
    digest = whole.done("/recover")["plan"]["digest"]
    whole.done("/plans/1/apply")
    killed = 0
    for at in range(22):
        free = Free(many(groups=5, unknown=5))
        killed += killed_once(free, "/recover", at, takes_effect=takes_effect)
        made = "SELECT max(id), digest FROM steward_plans WHERE digest IS NOT NULL"
        [(number, found)] = free.world.database.all(made)
        assert found == digest, f"killed at call {at}"
        killed += killed_once(free, f"/plans/{number}/apply", at, takes_effect=takes_effect)
        ended = "SELECT applied_at IS NOT NULL, left_out FROM steward_plans WHERE id = ?"
        assert free.world.database.all(ended, number) == [(1, 0)], f"killed at call {at}"
        assert artifacts(free.world) == artifacts(whole.world), f"killed at call {at}"
        assert datapoints(free.world) == datapoints(whole.world), f"killed at call {at}"
    assert killed > 80


KEPT = """
    CREATE TRIGGER mine BEFORE DELETE ON artifacts WHEN OLD.r2_key = 'raw/m0100' BEGIN SELECT RAISE(ABORT, 'kept'); END
"""


@pytest.mark.parametrize("by_plan", [False, True], ids=["without a plan", "by a plan"])
def test_an_object_that_the_database_refuses_is_left_and_does_not_hold_up_the_others(*, by_plan: bool) -> None:
    world = many(groups=300, unknown=5)
    world.database.script(KEPT)
    free = Free(world)
    if by_plan:
        free.done("/recover")
        assert free.done("/plans/1/apply")["plan"]["left_out"] == 1
        assert "kept" in Planner(world).items(query="?left_out=true")[0]["left_out"]
    else:
        free.done("/recover", dry_run=False)
    several = "SELECT r2_key FROM artifacts GROUP BY r2_bucket, r2_key HAVING count(*) > 1"
    assert world.database.all(several) == [("raw/m0100",)]
    assert free.calls < 60


def applied(free: Free, plan: int) -> list[dict[str, Any]]:
    """Apply a plan to its end, and return the answers."""
    answers: list[dict[str, Any]] = []
    while not answers or not answers[-1].get("done", not answers[-1].get("truncated")):
        answer = free.ask(f"/plans/{plan}/apply", {})
        assert answer.status_code == 200, answer.text
        answers.append(answer.json())
        assert len(answers) < 40
    return answers


def test_an_undo_is_planned_and_applied_there_and_so_is_that_of_a_forget() -> None:
    world = clean_sample(Shape(unique_index=False)).world()
    healed(world)
    free = Free(world)
    plan = free.ask("/runs/1/undo", {"dry_run": True}).json()["plan"]
    assert plan["complete"]
    assert sum(answer["restored"] for answer in applied(free, plan["id"])) == 4
    forgot = Free(lost(), BUCKETS)
    plan = forgot.ask("/forget", {}).json()["plan"]
    [run, *_] = [answer["run_id"] for answer in applied(forgot, plan["id"]) if answer["forgotten"] == 2]
    assert keys(forgot.world) == ["b", "d"]
    plan = forgot.ask(f"/runs/{run}/undo", {"dry_run": True}).json()["plan"]
    applied(forgot, plan["id"])
    assert keys(forgot.world) == ["a", "b", "c", "d"]


def test_a_backfill_is_applied_there_in_as_many_calls_as_it_takes() -> None:
    world = migrated_world()
    world.rules((1, "raw/*", "raw"))
    world.bucket.put(*numbered(2_500))
    free = Free(world)
    plan = free.ask("/backfill", {"max_objects": 2_500}).json()["plan"]
    answers = applied(free, plan["id"])
    assert (len(answers) > 1, sum(answer["inserted"] for answer in answers)) == (True, plan["items"])
