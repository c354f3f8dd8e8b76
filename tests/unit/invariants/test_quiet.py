"""What people say of a finding, and what alerts make of it."""

from __future__ import annotations

import asyncio
import json
from datetime import timedelta
from typing import Any

import pytest

import sql
from invariants import findings
from log import timestamp
from reporting.alerts import message
from tests.support.actions import Api
from tests.support.fakes import World, migrated_world
from tests.unit.api.test_http import check_problem
from tests.unit.invariants.test_findings import NAME, verdict


@pytest.fixture
def world() -> World:
    return migrated_world()


@pytest.fixture
def api(world: World) -> Api:
    return Api(world)


def see(world: World, *violations: int | None, hours: float = 1) -> None:
    """Record one verdict after the other, each some hours after the one before."""
    for count in violations:
        world.clock.advance(hours=hours)
        asyncio.run(findings.record(world.database, [verdict(count)], world.clock.moment, alerting=True))


def alerted(world: World) -> list[str]:
    """Return the changes that were alerted, and forget them."""
    found = [json.loads(str(body))["change"] for (body,) in world.database.all("SELECT body FROM steward_alerts")]
    world.database.script("DELETE FROM steward_alerts")
    return found


def in_hours(world: World, hours: float) -> str:
    return timestamp(world.clock.moment + timedelta(hours=hours))


def acknowledge(api: Api, note: str | None = None) -> dict[str, Any]:
    found: dict[str, Any] = api.json("POST", "/findings/1/acknowledge", {"note": note}).json()
    return found


def snooze(api: Api, hours: float, finding: int = 1) -> dict[str, Any]:
    body = {"until": in_hours(api.world, hours), "note": "later"}
    found: dict[str, Any] = api.json("POST", f"/findings/{finding}/snooze", body).json()
    return found


def test_without_a_word_each_growth_is_alerted(world: World) -> None:
    see(world, 10, 11, 12, 0)
    assert alerted(world) == ["opened", "worse", "worse", "resolved"]


def test_an_acknowledged_finding_is_quiet_until_it_more_than_doubles(world: World, api: Api) -> None:
    see(world, 10)
    found = acknowledge(api, "mine")
    assert (found["quiet"], found["quiet_until"], found["quiet_violations"]) == ("acknowledged", None, 10)
    alerted(world)
    see(world, 11, 20)
    assert alerted(world) == []
    see(world, 21)
    assert alerted(world) == ["worse"]
    found = api.json("GET", "/findings/1").json()
    assert found["quiet"] is None
    assert [(one["did"], one["violations"], one["note"]) for one in found["history"]] == [
        ("acknowledged", 10, "mine"),
        ("grew", 21, None),
    ]
    see(world, 22)
    assert alerted(world) == ["worse"]


def test_that_a_quiet_finding_is_resolved_is_alerted(world: World, api: Api) -> None:
    see(world, 10)
    acknowledge(api)
    alerted(world)
    see(world, 0, 10)
    assert alerted(world) == ["resolved", "reopened"]
    assert api.json("GET", "/findings/1").json()["quiet"] is None


def test_a_snooze_ends_at_its_time_which_is_alerted_once(world: World, api: Api) -> None:
    see(world, 10)
    found = snooze(api, 5)
    assert (found["quiet"], found["quiet_until"][:16]) == ("snoozed", in_hours(world, 5)[:16])
    alerted(world)
    see(world, 12, 13, 14, 15)
    assert alerted(world) == []
    see(world, 15)
    assert alerted(world) == ["still_open"]
    see(world, 15, 16)
    assert alerted(world) == ["worse"]
    assert [one["did"] for one in api.json("GET", "/findings/1").json()["history"]] == ["snoozed", "ended"]


def test_the_end_of_a_snooze_reads_as_a_sentence(world: World, api: Api) -> None:
    see(world, 10)
    snooze(api, 1)
    alerted(world)
    see(world, 10, 10)
    [row] = asyncio.run(world.database.batch([sql.statement("alerts/unsent", now="9999")]))[0].rows
    assert message(row)["text"] == f"artifact-steward: {NAME} still open: 10 violations (error)."


def test_a_snooze_holds_for_what_is_resolved_and_opens_again(world: World, api: Api) -> None:
    see(world, 10)
    until = snooze(api, 10)["quiet_until"]
    alerted(world)
    see(world, 0, 12)
    assert alerted(world) == ["resolved"]
    again = api.json("GET", "/findings/2").json()
    assert (again["quiet"], again["quiet_until"], again["quiet_violations"]) == ("snoozed", until, 10)
    assert [one["did"] for one in again["history"]] == ["reopened"]
    see(world, 12, hours=10)
    assert alerted(world) == ["still_open"]
    see(world, 0, 12)
    assert alerted(world) == ["resolved", "reopened"]


def test_what_opens_again_twice_as_large_is_alerted(world: World, api: Api) -> None:
    see(world, 10)
    snooze(api, 10)
    alerted(world)
    see(world, 0, 21)
    assert alerted(world) == ["resolved", "reopened"]
    assert api.json("GET", "/findings/2").json()["quiet"] is None


def test_a_word_is_taken_back(world: World, api: Api) -> None:
    see(world, 10)
    snooze(api, 10)
    assert api.json("POST", "/findings/1/wake").json()["quiet"] is None
    alerted(world)
    see(world, 11, 0, 10)
    assert alerted(world) == ["worse", "resolved", "reopened"]


def test_a_check_that_could_not_run_ends_no_snooze(world: World, api: Api) -> None:
    see(world, 10)
    snooze(api, 1)
    alerted(world)
    see(world, None, None)
    assert alerted(world) == []
    see(world, 10)
    assert alerted(world) == ["still_open"]


def test_the_history_says_who_and_keeps_the_last_fifty(world: World, api: Api) -> None:
    see(world, 10)
    for number in range(60):
        acknowledge(api, f"n{number}")
    history = api.json("GET", "/findings/1").json()["history"]
    assert [one["note"] for one in history] == [f"n{number}" for number in range(10, 60)]
    assert {(one["actor"], one["token_name"]) for one in history} == {("operator", "operator")}


@pytest.mark.parametrize(
    "until",
    [
        "soon",
        "2026-11-22",
        "2026-11-23T00:00:00",
        "2026-11-22T12:00:00Z",
        "2020-01-01T00:00:00Z",
        "2027-11-22T12:00:00Z",
        "0001-01-01T00:00:00+14:00",
        "9999-12-31T23:59:59-14:00",
    ],
)
def test_a_moment_that_is_none_to_come_is_refused(world: World, api: Api, until: str) -> None:
    see(world, 1, hours=0)
    answer = api.json("POST", "/findings/1/snooze", {"until": until})
    assert check_problem(answer, 422)["field"] == "until"
    assert api.json("GET", "/findings/1").json()["quiet"] is None


@pytest.mark.parametrize("what", ["acknowledge", "wake", "snooze"])
def test_a_resolved_finding_takes_no_word_and_an_unknown_one_is_404(world: World, api: Api, what: str) -> None:
    see(world, 1, 0)
    body = {"until": in_hours(world, 1)} if what == "snooze" else {}
    assert check_problem(api.json("POST", f"/findings/1/{what}", body), 409)["reason"] == "resolved"
    assert check_problem(api.json("POST", f"/findings/2/{what}", body), 404)["field"] == "finding_id"
    assert check_problem(api.json("POST", f"/findings/{10**30}/{what}", body), 404)["field"] == "finding_id"


def test_findings_are_paged(world: World, api: Api) -> None:
    for _ in range(5):
        see(world, 1, 0)
    first = api.json("GET", "/findings?limit=2").json()
    assert ([one["id"] for one in first["findings"]], first["next"]) == ([5, 4], 4)
    rest = api.json("GET", f"/findings?before={first['next']}&invariant={NAME}").json()
    assert ([one["id"] for one in rest["findings"]], rest["next"]) == ([3, 2, 1], None)
