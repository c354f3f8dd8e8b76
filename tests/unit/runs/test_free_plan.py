"""The whole Worker against the free plan's limits, enforced: whatever is asked, it ends well within them."""

from __future__ import annotations

import asyncio
import json
from collections.abc import Callable
from datetime import timedelta
from typing import Any

import pytest

from errors import ConfigError, OverloadedError
from events.delivery import deliver
from limits import LIMITS
from ports import Delivery
from runs.asked import counted
from settings import read_settings
from tests.support.actions import TOKEN, Api, numbered, rows, tick
from tests.support.databases import Shape
from tests.support.fakes import DictBucket, World, migrated_world
from tests.support.forgetting import mark
from tests.support.free_requests import requests
from tests.support.limits import Meter, limited
from tests.support.shapes import chosen

FREE: dict[str, object] = {
    "PLAN_LIMITS": "free",
    "ALERT_WEBHOOK_URL": "https://example.com/hook",
    "ALERT_WEBHOOK_SECRET": "s" * 40,
    "HEARTBEAT_URL": "https://example.com/beat",
}
NOTES = "CREATE TABLE notes (id INTEGER PRIMARY KEY, about INTEGER REFERENCES artifacts (id), word TEXT);"


def healthy() -> World:
    """Return a fresh database, and a bucket of a few pages."""
    world = migrated_world()
    world.rules((1, "raw/*", "raw"))
    world.bucket.put(*numbered(7000))
    return world


def dirty() -> World:
    """Return a database in which everything is violated."""
    shape = Shape(unique_index=False)
    world = shape.world(NOTES)
    world.buckets = {"artifacts": DictBucket()}
    for number in range(1, 60):
        kind = "raw" if number % 3 else "unknown"
        row = {"bucket": "artifacts", "fetched_at": f"2026-01-{1 + number % 28:02}"}
        shape.artifact(world, number, f"raw/{number // 2:03}", kind, **row)
        shape.datapoint(world, number, number)
    world.rules((1, "raw/*", "raw"))
    world.bucket.put(*numbered(40))
    return world


def ticked(world: World, **settings: object) -> tuple[dict[str, Any], Meter]:
    """Fire a tick of one limited invocation, a quarter of an hour after the last."""
    world.clock.advance(minutes=15)
    meter = Meter()
    return tick(limited(world.ports(), meter), **{**FREE, **settings}), meter


def ended_well(world: World, meter: Meter) -> None:
    """Hold that nothing was asked in vain, no run is left open, and nobody has the lease."""
    assert meter.refused == 0, meter
    assert world.database.all("SELECT id FROM steward_runs WHERE status = 'running'") == []
    assert world.database.one("SELECT lease_token FROM steward_control") is None


@pytest.mark.parametrize("make", [healthy, dirty])
def test_every_route_ends_well(make: Callable[[], World]) -> None:
    world = make()
    for _ in range(4):
        ticked(world)
    for method, path, body in requests():
        meter = Meter()
        answer = Api(world, {"STEWARD_TOKEN": TOKEN, **FREE}, limited(world.ports(), meter)).json(method, path, body)
        assert answer.status_code in (200, 404, 409), (path, body, answer.text)
        ended_well(world, meter)


@pytest.mark.parametrize("make", [healthy, dirty])
def test_every_tick_ends_well(make: Callable[[], World]) -> None:
    world = make()
    for _ in range(20):
        _, meter = ticked(world)
        ended_well(world, meter)


def test_a_pass_comes_to_its_end_and_what_is_lost_is_found() -> None:
    world = healthy()
    settings: dict[str, object] = {"PASS_INTERVAL_HOURS": 2, "BACKFILL_MODE": "live"}
    for _ in range(8):
        outcome, meter = ticked(world, **settings)
        assert outcome["status"] == "succeeded"
    assert len(rows(world)) == 7000
    for key in numbered(30):
        del world.bucket.sizes[key]
    for _ in range(60):
        _, meter = ticked(world, **settings)
        ended_well(world, meter)
    verified = "SELECT count(*) FROM steward_missing WHERE verified_at IS NOT NULL AND resolved_at IS NULL"
    assert world.database.one(verified) == 30


def recovered(world: World, **body: object) -> list[dict[str, Any]]:
    """Call a live recovery until it is done, each call a limited invocation."""
    reports: list[dict[str, Any]] = []
    while not reports or not reports[-1]["done"]:
        meter = Meter()
        api = Api(world, {"STEWARD_TOKEN": TOKEN, **FREE}, limited(world.ports(), meter))
        answer = api.json("POST", "/recover", {"dry_run": False, **body})
        assert answer.status_code == 200, answer.text
        ended_well(world, meter)
        reports.append(answer.json())
        assert [step for step in reports[-1]["steps"] if "error" in step] == []
        assert len(reports) < 60
    return reports


def content(world: World) -> list[object]:
    """Return what a recovery leaves."""
    tables = ("artifacts", "datapoints", "notes")
    guards = "SELECT name FROM sqlite_schema WHERE type IN ('trigger', 'index') ORDER BY name"
    return [*(world.database.all(f"SELECT * FROM {table} ORDER BY 1") for table in tables), world.database.all(guards)]


def test_a_recovery_takes_a_step_a_call_and_comes_to_what_one_call_would_bring() -> None:
    world, whole = dirty(), dirty()
    reports = recovered(world)
    assert reports[-1]["ok"]
    assert [step["name"] for report in reports for step in report["steps"]][:3] == ["pause", "bookmark", "dedupe"]
    assert world.database.one("SELECT paused_by FROM steward_control") is None
    paid = Api(whole, {"STEWARD_TOKEN": TOKEN}).json("POST", "/recover", {"dry_run": False}).json()
    assert (paid["done"], paid["ok"]) == (True, True)
    assert content(world) == content(whole)


def test_a_recovery_of_many_groups_takes_a_chunk_a_call() -> None:
    world = dirty()
    world.database.connection.executemany(
        "INSERT INTO artifacts VALUES (?, 'artifacts', ?, 'raw', NULL, NULL)",
        [(1000 + number, f"raw/m{number // 2:04}") for number in range(1400)],
    )
    reports = recovered(world, max_deletes=10_000)
    chunks = [step["changed"] for report in reports for step in report["steps"] if step["name"] == "dedupe"]
    assert (sum(chunks), len(chunks) > 2) == (729, True)
    assert reports[-1]["ok"]
    assert recovered(world, max_deletes=10_000)[-1]["ok"]


def test_a_forget_takes_a_few_rows_a_call() -> None:
    world = healthy()
    for _ in range(8):
        ticked(world)
    for key in numbered(20):
        mark(world, key)
    reports: list[dict[str, Any]] = []
    while not reports or not reports[-1]["done"]:
        meter = Meter()
        api = Api(world, {"STEWARD_TOKEN": TOKEN, **FREE}, limited(world.ports(), meter))
        answer = api.json("POST", "/forget", {"dry_run": False})
        assert answer.status_code == 200, answer.text
        ended_well(world, meter)
        reports.append(answer.json())
    assert len(rows(world)) == 6980
    assert sum(report["forgotten"] for report in reports) == 20


@pytest.mark.parametrize("form", ["csv", "ndjson"])
def test_a_file_that_takes_more_queries_says_where_it_goes_on(form: str) -> None:
    world = healthy()
    world.database.script(
        "WITH RECURSIVE n (i) AS (SELECT 1 UNION ALL SELECT i + 1 FROM n WHERE i < 30000) INSERT INTO steward_missing"
        " SELECT 'artifacts', printf('k%07d', i), i, 'p', NULL, NULL, NULL, NULL FROM n"
    )
    lines, after = 0, ""
    for _ in range(5):
        meter = Meter()
        api = Api(world, {"STEWARD_TOKEN": TOKEN, **FREE}, limited(world.ports(), meter))
        *found, last = api.json("GET", f"/missing?state=all&format={form}{after}").text.splitlines()
        lines += len(found) - (form == "csv")
        assert meter.refused == 0
        if "not all" not in last and '"end":false' not in last:
            break
        token = last.split(",")[1].strip('"') if form == "csv" else json.loads(last)["next"]
        after = f"&after={token}"
    assert lines == 30_000
    assert after


def test_another_table_between_two_calls_is_judged_anew() -> None:
    world = dirty()
    settings = {"STEWARD_TOKEN": TOKEN, **FREE}

    def call() -> Any:  # noqa: ANN401  # an answer
        return Api(world, settings, limited(world.ports(), Meter())).json("POST", "/recover", {"dry_run": False})

    assert [call().json()["done"] for _ in range(2)] == [False, False]
    world.database.script("CREATE TABLE others (artifact_id INTEGER)")
    refused = call()
    assert (refused.status_code, refused.json()["reason"]) == (409, "references")
    assert world.database.one("SELECT count(*) FROM artifacts") == 59


def referring(more: int) -> World:
    """Return a dirty database with so many further references, each with children and a constraint of its own."""
    world = dirty()
    for number in range(more):
        world.database.script(
            f"CREATE TABLE more{number} (a INTEGER REFERENCES artifacts (id), b INTEGER, UNIQUE (a, b));"
            f"INSERT INTO more{number} SELECT id, id FROM artifacts"
        )
    return world


def test_three_references_are_recovered_in_as_many_calls_as_it_takes() -> None:
    world, whole = referring(1), referring(1)
    reports = recovered(world)
    assert (reports[-1]["ok"], len(reports) > 8) == (True, True)
    Api(whole, {"STEWARD_TOKEN": TOKEN}).json("POST", "/recover", {"dry_run": False})
    assert content(world) == content(whole)
    moved = "SELECT a, b FROM more0 ORDER BY a, b"
    assert world.database.all(moved) == whole.database.all(moved)


@pytest.mark.parametrize(("plan", "more", "queries"), [(None, 0, 42), (None, 1, 46), (1, 0, 44)])
def test_a_chunk_takes_the_queries_that_the_docs_say(plan: int | None, more: int, queries: int) -> None:
    world = dirty()
    for number in range(more):
        world.database.script(f"CREATE TABLE more{number} (a INTEGER REFERENCES artifacts (id))")
    if plan:
        Api(world, {"STEWARD_TOKEN": TOKEN}).json("POST", "/recover", {})
    took = []
    for _ in range(4):
        meter = Meter()
        api = Api(world, {"STEWARD_TOKEN": TOKEN, **FREE}, limited(world.ports(), meter))
        report = api.json("POST", "/recover", {"dry_run": False, "plan": plan}).json()
        took += [meter.used for step in report["steps"] if step["name"] == "dedupe" and step["changed"]]
    # By a plan, a call that begins with the last item of a slice reads the next one, which is one more.
    assert took == [queries]


def test_more_references_than_a_chunk_has_queries_for_are_refused_before_anything_is_changed() -> None:
    world = referring(2)
    before = content(world)
    answer = Api(world, {"STEWARD_TOKEN": TOKEN, **FREE}, limited(world.ports(), Meter())).json(
        "POST", "/recover", {"dry_run": False}
    )
    assert (answer.status_code, answer.json()["reason"]) == (409, "plan_limits")
    assert chosen().said("4 references cite artifacts; the free plan's queries do for 3.") in answer.json()["detail"]
    assert content(world) == before
    assert world.database.one("SELECT paused_by FROM steward_control") is None


def test_a_full_check_comes_to_its_end_over_the_ticks() -> None:
    world = dirty()
    for _ in range(12):
        ticked(world)
    assert world.database.one("SELECT full_checked_at FROM steward_control") is not None


def test_many_tables_are_not_sampled_rather_than_the_run_left_open() -> None:
    world = dirty()
    for number in range(25):
        world.database.script(f"CREATE TABLE t{number} (a TEXT, b TEXT)")
    for _ in range(8):
        _, meter = ticked(world)
        ended_well(world, meter)
    answer = Api(world, {"STEWARD_TOKEN": TOKEN, **FREE}, limited(world.ports(), Meter())).json("POST", "/recover", {})
    assert answer.status_code in (200, 503)
    assert world.database.all("SELECT id FROM steward_runs WHERE status = 'running'") == []


def test_ten_events_end_well_whatever_they_say() -> None:
    world = healthy()
    for _ in range(8):
        ticked(world)
    day = "2026-11-22T10:00:00.000Z"
    events = [("PutObject", key) for key in numbered(5)] + [("DeleteObject", key) for key in numbered(10)[5:]]
    del world.bucket.sizes["raw/00007"]
    messages = [
        json.dumps(
            {"body": {"action": action, "bucket": "artifacts", "eventTime": day, "object": {"key": key, "size": 5}}}
        )
        for action, key in events
    ]
    meter = Meter()
    delivery = Delivery("q", f"[{','.join(messages)}]", lambda: messages)
    settings = read_settings({**FREE, "BACKFILL_MODE": "live"})
    assert asyncio.run(deliver(limited(world.ports(), meter), settings, delivery)) is None
    assert meter.refused == 0


@pytest.mark.parametrize(("buckets", "minutes"), [(1, 1), (3, 1), (12, 15)])
def test_kv_is_written_less_often_than_a_day_allows(buckets: int, minutes: int) -> None:
    world = healthy()
    names = {f"b{number}": f"B{number}" for number in range(buckets)}
    world.buckets = {name: DictBucket(dict.fromkeys(numbered(3), 5)) for name in names}
    hours = 4
    for _ in range(hours * 60 // minutes):
        world.clock.advance(minutes=minutes)
        tick(world, **{**FREE, "BUCKETS": names, "PASS_INTERVAL_HOURS": 0})
    assert 0 < world.store.writes <= LIMITS["free"].kv_writes * hours / 24 + buckets


def test_the_paid_plan_writes_to_kv_as_often_as_it_walks() -> None:
    assert LIMITS["paid"].copy_every(12) == timedelta(0)


def test_the_rows_of_a_day_are_the_plans_unless_they_are_set() -> None:
    world = healthy()
    ticked(world)
    assert world.database.all("SELECT count(*) FROM steward_days") == [(1,)]
    world.database.script("UPDATE steward_days SET rows_written = 99000")
    api = Api(world, {"STEWARD_TOKEN": TOKEN, "PLAN_LIMITS": "free"})
    assert api.json("POST", "/backfill", {"dry_run": False}).json()["reason"] == "quota"
    more = Api(world, {"STEWARD_TOKEN": TOKEN, "PLAN_LIMITS": "free", "DAILY_ROWS_WRITTEN": 200_000})
    assert more.json("POST", "/backfill", {"dry_run": False}).status_code == 200


def test_the_limits_bite() -> None:
    world, meter = dirty(), Meter()
    tick_of_paid = limited(world.ports(), meter, LIMITS["paid"].queries)
    with pytest.raises(OverloadedError, match="Too many API requests"):
        tick(tick_of_paid, **{**FREE, "PLAN_LIMITS": "paid"})
    assert meter.refused > 0


def test_a_flow_is_refused() -> None:
    with pytest.raises(ConfigError, match="PASS_ENGINE"):
        read_settings({"PLAN_LIMITS": "free", "PASS_ENGINE": "workflow"})


def test_what_would_pass_the_limit_is_refused_before_it_is_asked() -> None:
    world = healthy()
    ports = counted(world.ports(), 7)
    assert ports.asked is not None
    for _ in range(2):
        asyncio.run(ports.buckets["artifacts"].has("a"))
    with pytest.raises(OverloadedError, match="7 times"):
        asyncio.run(ports.buckets["artifacts"].has("a"))
    assert (world.bucket.heads, ports.asked.calls) == (2, 2)
