"""What the page lives on: what is at work, who changed rules and ended a pause, and where this is."""

from __future__ import annotations

import json
from typing import Any

import pytest

from tests.support.actions import TOKEN, Api, numbered, tick
from tests.support.fakes import World, migrated_world
from tests.unit.api.test_http import check_problem

RULE = {"priority": 1, "pattern": "a*", "source_type": "a"}


@pytest.fixture
def world() -> World:
    return migrated_world()


@pytest.fixture
def api(world: World) -> Api:
    return Api(world)


def runs(api: Api, kind: str) -> list[dict[str, Any]]:
    found: list[dict[str, Any]] = api.json("GET", f"/runs?kind={kind}").json()["runs"]
    return found


def as_anna(api: Api, method: str, path: str, body: object) -> Any:  # noqa: ANN401  # an answer
    headers = {"Authorization": f"Bearer {TOKEN}", "Content-Type": "application/json", "X-Steward-Actor": "anna"}
    return api.send(method, path, json.dumps(body).encode(), headers)


def test_who_replaced_the_rules_is_on_record_with_what_changed(api: Api) -> None:
    api.json("PUT", "/rules", {"rules": [RULE]})
    other = {**RULE, "priority": 2, "pattern": "b*"}
    as_anna(api, "PUT", "/rules", {"rules": [RULE, other]})
    as_anna(api, "PUT", "/rules", {"rules": [other]})
    latest, before, _ = runs(api, "rules")
    assert (latest["actor"], latest["token_name"], latest["status"]) == ("anna", "operator", "succeeded")
    assert latest["counts"] == {"before": 2, "after": 1, "came": [], "went": [[1, "a*", "a"]]}
    assert before["counts"]["came"] == [[2, "b*", "a"]]
    assert latest["request"] == {"rules": 1}


def test_rules_that_are_refused_leave_no_record(api: Api) -> None:
    check_problem(api.json("PUT", "/rules", {"rules": [RULE, RULE]}), 422)
    assert runs(api, "rules") == []


def test_who_ended_a_pause_is_on_record_with_whose_it_was(api: Api) -> None:
    api.json("POST", "/pause", {"reason": "moving"})
    as_anna(api, "POST", "/resume", {})
    as_anna(api, "POST", "/resume", {})
    [one] = runs(api, "resume")
    assert (one["actor"], one["status"]) == ("anna", "succeeded")
    assert (one["counts"]["paused_by"], one["counts"]["pause_reason"]) == ("operator", "moving")


def test_live_says_what_is_at_work_and_at_which_step(api: Api, world: World) -> None:
    assert api.json("GET", "/live").json()["running"] == []
    steps = [{"name": "pause", "before": 0, "after": 1, "changed": 1, "sample": ["x" * 1000]}]
    world.database.connection.execute(
        "INSERT INTO steward_runs (kind, mode, trigger, actor, status, started_at, expires_at, request, counts)"
        " VALUES ('recovery', 'live', 'http', 'anna', 'running', 't', 'u', '{}', ?)",
        [json.dumps({"step": "measure", "steps": steps})],
    )
    world.database.script("UPDATE steward_control SET lease_run = 1, lease_until = 'later', lease_token = 'x'")
    found = api.json("GET", "/live").json()
    [run] = found["running"]
    assert (run["id"], run["step"], run["actor"]) == (1, "measure", "anna")
    assert run["steps"] == [{"name": "pause", "before": 0, "after": 1, "changed": 1, "error": None}]
    assert found["lease"] == {"lease_run": 1, "lease_until": "later"}


def test_live_says_how_far_a_pass_is(api: Api, world: World) -> None:
    world.rules((1, "raw/*", "raw"))
    world.bucket.put(*numbered(30))
    tick(world, TICK_MAX_OBJECTS=10)
    [one] = api.json("GET", "/live").json()["passes"]
    assert (one["bucket"], one["state"], one["counts"]["scanned"]) == ("artifacts", "under way", 10)
    assert one["ranges"]


@pytest.mark.parametrize(
    ("set_to", "shown"),
    [
        (None, None),
        ("", None),
        ("staging", {"name": "staging", "colour": None}),
        ("production:#B00020", {"name": "production", "colour": "#b00020"}),
        ("Produktion Süd:#000000", {"name": "Produktion Süd", "colour": "#000000"}),
    ],
)
def test_the_summary_says_where_this_is(world: World, set_to: str | None, shown: object) -> None:
    api = Api(world, {"STEWARD_TOKEN": TOKEN, "ENVIRONMENT": set_to})
    assert api.json("GET", "/summary").json()["environment"] == shown
