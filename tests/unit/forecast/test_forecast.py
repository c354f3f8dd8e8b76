"""A dry run says what a live one will take, and a live one does not begin what the day has too little left for."""

from __future__ import annotations

import asyncio
from typing import Any

import pytest
from hypothesis import given
from hypothesis import settings as how
from hypothesis import strategies as st

from backfill.expected import expected
from backfill.request import BackfillRequest
from forecast.needs import Needs
from forecast.prices import PRICES
from forecast.work import Merge, Table, backfill, forget, full_check, recovery, undo
from runs.costs import Rest
from runs.record import Opening, open_run
from tests.support.actions import TOKEN, Api, numbered, rows, tick
from tests.support.databases import Shape
from tests.support.day import OBJECTS, filled_world, limited
from tests.support.fakes import DictBucket, World, migrated_world
from tests.support.forgetting import mark


@pytest.fixture
def world() -> World:
    return filled_world()


def test_the_price_is_that_of_each_call_and_row() -> None:
    needs = Needs(rows_read=10**6, rows_written=10**6, r2_lists=10**6, r2_heads=10**6, calls=10**6)
    assert needs.dollars == pytest.approx(sum(PRICES[one] for one in PRICES if not one.startswith("kv")))


@pytest.mark.parametrize(
    ("rest", "share", "passes"),
    [(Rest(), None, False), (Rest(400, 1000), 0.1, False), (Rest(400, 50), 2.0, True), (Rest(400, 0), None, True)],
)
def test_the_share_of_a_day_is_of_what_is_left(rest: Rest, share: float | None, passes: bool) -> None:  # noqa: FBT001
    needs = Needs(rows_read=40, rows_written=100)
    assert (needs.report(rest)["share_of_day"], needs.passes(rest)) == (
        {"rows_read": None if rest.rows_read == float("inf") else 0.1, "rows_written": share},
        passes,
    )


def test_more_work_needs_more_of_everything() -> None:
    small, large = Table(10_000, 10_000, 100), Table(10**6, 10**6, 10_000)
    few, many = Merge(1000, 2000, 2000, indexed=False), Merge(100_000, 200_000, 200_000, indexed=False)
    pairs = [
        (backfill(1000, 0, 0), backfill(100_000, 90_000, 100)),
        (full_check(small), full_check(large)),
        (recovery(small, few, 5000), recovery(large, many, 5000)),
        (undo(few, 10_000), undo(many, 10**6)),
        (forget(10, 5), forget(1000, 900)),
    ]
    for less, more in pairs:
        assert (less.rows_read, less.dollars, less.seconds) < (more.rows_read, more.dollars, more.seconds)
        assert less.rows_written <= more.rows_written
    assert recovery(large, many, 5000).calls == 20


def test_a_dry_backfill_says_what_a_live_one_writes(world: World) -> None:
    body: dict[str, Any] = Api(world).json("POST", "/backfill", {"max_objects": OBJECTS}).json()
    wanted = body["forecast"]
    assert (wanted["rows_written"], wanted["r2_lists"], wanted["calls"]) == (2 * OBJECTS + 8, 6, 1)
    assert wanted["share_of_day"] == {"rows_read": None, "rows_written": None}
    live = Api(world).json("POST", "/backfill", {"max_objects": OBJECTS, "dry_run": False}).json()
    assert "forecast" not in live
    again = Api(world).json("POST", "/backfill", {"max_objects": OBJECTS}).json()["forecast"]
    assert again["rows_written"] < 10
    of_day = limited(world, 20_000).json("POST", "/backfill", {"max_objects": OBJECTS}).json()["forecast"]
    assert of_day["share_of_day"]["rows_written"] == pytest.approx(0.0004)


def closed(world: World) -> None:
    """Hold that no run is open and nobody has the lease."""
    assert world.database.all("SELECT id FROM steward_runs WHERE status = 'running'") == []
    assert world.database.one("SELECT lease_token FROM steward_control") is None


def test_a_live_backfill_that_may_need_more_than_the_day_has_is_refused_unless_spread(world: World) -> None:
    api = limited(world, 6_000)
    request = {"max_objects": OBJECTS, "dry_run": False}
    refused = api.json("POST", "/backfill", request)
    assert (refused.status_code, refused.json()["reason"]) == (409, "quota")
    assert '"spread": true' in refused.json()["hint"]
    assert rows(world) == []
    closed(world)
    spread = api.json("POST", "/backfill", {**request, "spread": True}).json()
    assert (spread["stopped_because"], spread["continues_at"]) == ("quota", "2026-11-23T00:00:00.000Z")
    assert 0 < len(rows(world)) < OBJECTS
    closed(world)


LIVE = {"max_objects": OBJECTS, "dry_run": False}


def test_where_nothing_is_known_the_refusal_says_so_and_what_to_do(world: World) -> None:
    refused = limited(world, 6_000).json("POST", "/backfill", LIVE).json()
    assert "Nothing is known of what is new there" in refused["detail"]
    assert "A dry run of the same request counts what is new" in refused["hint"]
    assert '"spread": true' in refused["hint"]


def test_after_a_dry_run_an_unchanged_bucket_is_not_refused_near_the_rest_of_the_day(world: World) -> None:
    Api(world).json("POST", "/backfill", LIVE)
    api = limited(world, 3_000)
    assert api.json("POST", "/backfill", LIVE).status_code == 409
    dry = api.json("POST", "/backfill", {"max_objects": OBJECTS}).json()
    live = api.json("POST", "/backfill", LIVE)
    assert (live.status_code, live.json()["unchanged"]) == (200, OBJECTS)
    assert live.json()["cost"]["rows_written"] <= dry["forecast"]["rows_written"]


def test_a_dry_run_that_counted_new_objects_refuses_and_is_named(world: World) -> None:
    api = limited(world, 6_000)
    number = api.json("POST", "/backfill", {"max_objects": OBJECTS}).json()["run_id"]
    refused = api.json("POST", "/backfill", LIVE).json()
    assert (refused["reason"], f"By dry run {number}." in refused["detail"]) == ("quota", True)
    assert "dry run of the same request" not in refused["hint"]


SAYS_LITTLE = {
    "of fewer objects": ({"max_objects": 5_000}, ""),
    "from another place": ({"max_objects": 5_500, "start_after": "raw/00500"}, ""),
    "of a prefix": ({"max_objects": OBJECTS, "r2_prefix": "raw/0000"}, ""),
    "before other rules": ({"max_objects": OBJECTS}, "rules"),
    "of the day before yesterday": ({"max_objects": OBJECTS}, "days"),
}


@pytest.mark.parametrize(("request_", "then"), SAYS_LITTLE.values(), ids=SAYS_LITTLE)
def test_a_dry_run_of_something_else_or_from_before_is_no_evidence(
    world: World, request_: dict[str, object], then: str
) -> None:
    Api(world).json("POST", "/backfill", LIVE)
    Api(world).json("POST", "/backfill", request_)
    if then == "rules":
        Api(world).json("PUT", "/rules", {"rules": [{"priority": 1, "pattern": "*", "source_type": "raw"}]})
    if then == "days":
        world.clock.advance(hours=25)
    refused = limited(world, 3_000).json("POST", "/backfill", LIVE).json()
    assert "Nothing is known" in refused["detail"]


def passed(world: World) -> None:
    """Let ticks bring a live pass to its end."""
    for _ in range(3):
        world.clock.advance(minutes=15)
        tick(world, BACKFILL_MODE="live")
    assert world.database.one("SELECT certificate ->> '$.certified' FROM steward_passes") == 1


def test_a_certified_pass_is_evidence_for_any_part_of_its_bucket(world: World) -> None:
    passed(world)
    api = limited(world, 3_000)
    for request in (LIVE, {**LIVE, "r2_prefix": "raw/00"}, {**LIVE, "start_after": "raw/00100"}):
        assert api.json("POST", "/backfill", request).status_code == 200
    Api(world).json("PUT", "/rules", {"rules": [{"priority": 1, "pattern": "*", "source_type": "raw"}]})
    assert api.json("POST", "/backfill", LIVE).status_code == 409


def test_a_pass_that_is_not_certified_is_no_evidence(world: World) -> None:
    passed(world)
    world.database.script("UPDATE steward_passes SET certificate = json_set(certificate, '$.certified', json('false'))")
    assert limited(world, 3_000).json("POST", "/backfill", LIVE).status_code == 409


@how(max_examples=40, deadline=None)
@given(known=st.integers(0, 400), prefixed=st.booleans(), dry=st.booleans(), most=st.integers(1, 500))
def test_the_forecast_is_never_below_what_is_taken_where_the_bucket_did_not_change(
    *, known: int, prefixed: bool, dry: bool, most: int
) -> None:
    world = migrated_world()
    world.rules((1, "raw/*", "raw"))
    world.bucket.put(*numbered(400), "other/1", "other/2")
    request: dict[str, object] = {"max_objects": most, "r2_prefix": "raw/000" if prefixed else ""}
    if known:
        Api(world).json("POST", "/backfill", {"max_objects": known, "dry_run": False})
    if dry:
        Api(world).json("POST", "/backfill", request)
    else:
        passed(world)
    # A day whose rest is too small for new objects alone makes it look at what is known.
    rest = 8 + 2 * most - 1
    answer = limited(world, 10**6).json("POST", "/backfill", {**request, "dry_run": False}).json()
    taken = answer["cost"]["rows_written"]

    async def foretold() -> float:
        asked = BackfillRequest(**{**request, "dry_run": False})  # type: ignore[arg-type]  # as the body has it
        run = await open_run(world.database, world.clock, Opening("backfill", "dry", "http", {}, exclusive=False))
        run.rest = Rest(rows_written=rest)
        return (await expected(run, world.database, "artifacts", asked)).needs.rows_written

    assert asyncio.run(foretold()) >= taken


@pytest.mark.parametrize("path", ["/recover", "/forget"])
def test_what_deletes_is_refused_before_anything_is_changed(path: str) -> None:
    shape = Shape(unique_index=path == "/forget")
    world = shape.world(bucket="artifacts")
    world.buckets = {"artifacts": DictBucket()}
    for number in range(1, 3001):
        key = f"k{number}" if path == "/forget" else f"k{number // 2}"
        shape.artifact(world, number, key, bucket="artifacts", fetched_at="2026-01-01")
        if path == "/forget":
            mark(world, key)
    before = world.database.all("SELECT * FROM artifacts")
    api = limited(world, 4_000, MAX_DELETES=10_000)
    dry = api.json("POST", path, {}).json()
    assert dry["forecast"]["share_of_day"]["rows_written"] > 1
    refused = api.json("POST", path, {"dry_run": False})
    assert (refused.status_code, refused.json()["reason"]) == (409, "quota")
    assert world.database.all("SELECT * FROM artifacts") == before
    closed(world)
    spread = api.json("POST", path, {"dry_run": False, "spread": True})
    assert spread.status_code == 200, spread.text
    assert spread.json()["continues_at"] == "2026-11-23T00:00:00.000Z"
    assert len(world.database.all("SELECT * FROM artifacts")) < len(before)
    closed(world)


def test_a_plan_keeps_the_forecast_that_its_dry_run_answered(world: World) -> None:
    api = Api(world, {"STEWARD_TOKEN": TOKEN, "DAILY_ROWS_WRITTEN": 100_000})
    for path in ("/backfill", "/recover"):
        body = api.json("POST", path, {}).json()
        assert body["plan"]["forecast"] == body["forecast"]
        kept = api.json("GET", f"/plans/{body['plan']['id']}").json()["forecast"]
        assert kept == body["forecast"]
        assert kept["share_of_day"]["rows_written"] is not None
    recovered = api.json("POST", "/recover", {"dry_run": False}).json()["run_id"]
    undo_plan = api.json("POST", f"/runs/{recovered}/undo", {"dry_run": True}).json()["plan"]
    assert undo_plan["forecast"]["rows_read"] > 0
