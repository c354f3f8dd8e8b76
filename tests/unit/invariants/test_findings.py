from __future__ import annotations

import asyncio
from dataclasses import replace
from datetime import timedelta
from typing import Any

import pytest

from invariants import findings
from invariants.verdict import Verdict
from log import timestamp
from runs.record import Opening, open_run
from tests.support.actions import Api
from tests.support.fakes import World, migrated_world
from words import CheckOutcome, RunMode

NAME = "one_artifact_per_object"


def verdict(violations: int | None, name: str = NAME) -> Verdict:
    outcome: CheckOutcome = "not_checked" if violations is None else "violated" if violations else "holds"
    sample: list[dict[str, Any]] = [{"r2_key": f"k{violations}"}] if violations else []
    reason = "an error" if violations is None else None
    return Verdict(name, "error", outcome, violations, sample, "scan", 0, 0, reason)


def see(world: World, *violations: int | None) -> list[str]:
    """Record one verdict after the other, an hour apart, and return what changed."""
    told = []
    for count in violations:
        world.clock.advance(hours=1)
        changes = asyncio.run(
            findings.record(world.database, [verdict(count)], world.clock.moment, alerting=False)
        ).changes
        told += [change.change for change in changes] or ["-"]
    return told


def see_late(world: World, violations: int, began_hours_ago: float) -> list[str]:
    """Record, an hour later, a verdict whose scan began earlier, and return what changed."""
    world.clock.advance(hours=1)
    began = timestamp(world.clock.moment - timedelta(hours=began_hours_ago))
    late = replace(verdict(violations), began=began)
    changes = asyncio.run(findings.record(world.database, [late], world.clock.moment, alerting=True)).changes
    return [change.change for change in changes]


def alerts(world: World) -> object:
    return world.database.one("SELECT count(*) FROM steward_alerts")


def history(world: World) -> list[dict[str, Any]]:
    """Return the findings, oldest first, with their hours in place of times."""
    found = asyncio.run(findings.list_findings(world.database))
    return [
        {**one, **{name: hour(one[name]) for name in ("opened_at", "last_seen_at", "resolved_at")}} for one in found
    ][::-1]


def hour(moment: object) -> int | None:
    return None if moment is None else int(str(moment)[11:13]) - 12


def test_a_violation_opens_a_finding_and_one_seen_again_changes_nothing_but_when() -> None:
    world = migrated_world()
    assert see(world, 3, 3) == ["opened", "-"]
    [finding] = history(world)
    assert finding == {
        "id": 1,
        "invariant": NAME,
        "severity": "error",
        "opened_at": 1,
        "last_seen_at": 2,
        "resolved_at": None,
        "violations": 3,
        "peak": 3,
        "sample": [{"r2_key": "k3"}],
        **dict.fromkeys(("quiet", "quiet_until", "quiet_violations")),
        "history": [],
    }


def test_more_than_ever_is_worse_and_the_peak_stays_when_it_improves() -> None:
    world = migrated_world()
    assert see(world, 3, 5, 2, 4, 6) == ["opened", "worse", "-", "-", "worse"]
    [finding] = history(world)
    assert (finding["violations"], finding["peak"]) == (6, 6)
    assert see(world, 1) == ["-"]
    [finding] = history(world)
    assert (finding["violations"], finding["peak"], finding["sample"]) == (1, 6, [{"r2_key": "k1"}])


def test_a_check_that_holds_again_resolves_and_the_next_violation_reopens_beside_the_history() -> None:
    world = migrated_world()
    assert see(world, 3, 0, 0, 2, 0, 0) == ["opened", "resolved", "-", "reopened", "resolved", "-"]
    first, second = history(world)
    assert (first["opened_at"], first["last_seen_at"], first["resolved_at"], first["peak"]) == (1, 1, 2, 3)
    assert (second["opened_at"], second["last_seen_at"], second["resolved_at"], second["peak"]) == (4, 4, 5, 2)


def test_what_was_not_checked_changes_nothing() -> None:
    world = migrated_world()
    assert see(world, None) == ["-"]
    assert history(world) == []
    see(world, 3)
    before = history(world)
    assert see(world, None) == ["-"]
    assert history(world) == before


def test_a_scan_that_began_before_a_finding_was_last_seen_neither_resolves_nor_changes_it() -> None:
    world = migrated_world()
    see(world, 3)
    before = history(world)
    assert see_late(world, 0, 1.5) == []
    assert see_late(world, 9, 2.5) == []
    assert (history(world), alerts(world)) == (before, 0)
    assert see_late(world, 9, 0.5) == ["worse"]
    assert see_late(world, 0, 0.5) == ["resolved"]
    assert (history(world)[0]["peak"], alerts(world)) == (9, 2)


def test_a_scan_that_began_before_a_finding_was_resolved_does_not_reopen_it() -> None:
    world = migrated_world()
    see(world, 3, 0)
    before = history(world)
    assert see_late(world, 2, 1.5) == []
    assert (history(world), alerts(world)) == (before, 0)
    assert see_late(world, 2, 0.5) == ["reopened"]
    assert (len(history(world)), alerts(world)) == (2, 1)


@pytest.mark.parametrize(("mode", "changes"), [("live", []), ("dry", ["opened"])])
def test_a_scan_that_began_before_a_live_recovery_ended_opens_nothing(mode: RunMode, changes: list[str]) -> None:
    world = migrated_world()
    opening = Opening("recovery", mode, "http", {}, exclusive=mode == "live")
    run = asyncio.run(open_run(world.database, world.clock, opening))
    assert see_late(world, 2, 0.5) == ["opened"]
    world.database.script("DELETE FROM steward_findings; DELETE FROM steward_alerts")
    asyncio.run(run.close("succeeded"))
    assert see_late(world, 2, 1.5) == changes
    assert (len(history(world)), alerts(world)) == (len(changes), len(changes))
    if mode == "live":
        assert see_late(world, 2, 0.5) == ["opened"]


def test_an_invariant_has_one_open_finding_and_others_have_their_own() -> None:
    world = migrated_world()
    both = [verdict(3), verdict(1, "no_unknown_source_type")]
    changes = asyncio.run(findings.record(world.database, both, world.clock.moment, alerting=False)).changes
    assert {(one.invariant, one.change, one.violations) for one in changes} == {
        (NAME, "opened", 3),
        ("no_unknown_source_type", "opened", 1),
    }
    see(world, 0)
    assert asyncio.run(findings.open_invariants(world.database)) == {"no_unknown_source_type"}


@pytest.fixture
def api() -> Api:
    world = migrated_world()
    see(world, 3, 0, 2)
    asyncio.run(findings.record(world.database, [verdict(1, "guards_present")], world.clock.moment, alerting=False))
    return Api(world)


@pytest.mark.parametrize(
    ("query", "ids"),
    [
        ("", [3, 2, 1]),
        ("?open=true", [3, 2]),
        ("?open=false", [1]),
        (f"?invariant={NAME}", [2, 1]),
        (f"?invariant={NAME}&open=true", [2]),
        ("?invariant=guards_present&open=false", []),
        ("?invariant=no_such_thing", []),
    ],
)
def test_findings_are_listed_newest_first_by_state_and_by_invariant(api: Api, query: str, ids: list[int]) -> None:
    reply = api.json("GET", f"/findings{query}")
    assert reply.status_code == 200
    assert [one["id"] for one in reply.json()["findings"]] == ids


@pytest.mark.parametrize("query", ["?open=perhaps", "?invariant=", "?closed=true"])
def test_a_query_that_means_nothing_is_refused(api: Api, query: str) -> None:
    assert api.json("GET", f"/findings{query}").status_code == 422
