"""A winner is chosen by dates that were understood; where one was not, the object is left whole and named."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta, timezone
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from tests.support.actions import Api, everything
from tests.support.databases import healed, recovered, steps
from tests.support.fakes import World, migrate
from tests.support.shapes import chosen, examples

TABLE = """
CREATE TABLE artifacts (id INTEGER PRIMARY KEY, r2_bucket TEXT NOT NULL, r2_key TEXT NOT NULL, source_type TEXT,
  fetched_at {declared}{further});
CREATE TABLE datapoints (id INTEGER PRIMARY KEY, artifact_id INTEGER);
"""


def world_of(*stored: object, declared: str = "", further: str = "") -> World:
    """Return a database with one object whose rows hold these dates, in the order of their ids."""
    world = World()
    world.database.script(TABLE.format(declared=declared, further=further))
    migrate(world.database)
    for number, value in enumerate(stored, start=1):
        world.database.connection.execute(
            "INSERT INTO artifacts (id, r2_bucket, r2_key, source_type, fetched_at) VALUES (?, 'b', 'k', 'raw', ?)",
            (number, value),
        )
    return world


def kept(world: World, **request: Any) -> list[object]:  # noqa: ANN401  # the fields of a request
    healed(world, **request)
    return [row[0] for row in world.database.all("SELECT id FROM artifacts ORDER BY id")]


NEWER = datetime(2024, 6, 1, 3, 4, 5, tzinfo=UTC)
SECONDS = int(NEWER.timestamp())
OLDER = "2024-06-01T03:04:04Z"
READ = [
    " 2024-06-01T03:04:05Z", "2024-06-01T03:04:05Z\n", '"2024-06-01T03:04:05Z"', "2024-06-01t03:04:05z",
    "2024-06-01T03:04:05,123Z", "2024-06-01 03:04:05", "2024-06-01 03:04:05 UTC", "2024-06-01T03:04:05+00",
    "2024-06-01T03:04:05+0000", "2024-06-01T05:04:05+02:00", "2024-06-01T05:04:05+02", "2024-05-31T21:34:05-0530",
    "20240601T030405Z", "20240601T030405", "20240601030405", 20240601030405, "2024/06/01 03:04:05",
    "2024/06/01T03:04:05Z", "Sat, 01 Jun 2024 03:04:05 GMT", "Sat Jun 01 2024 03:04:05 GMT+0000 (UTC)",
    "Sat Jun 01 2024 05:04:05 GMT+0200", SECONDS, str(SECONDS), SECONDS * 10**3, SECONDS * 10**6, SECONDS * 10**9,
    str(SECONDS * 10**6), str(SECONDS * 10**9), SECONDS + 0.5, f"{SECONDS}.875", f"{SECONDS * 10**3}.5", f" {SECONDS} ",
]  # fmt: skip
UNREADABLE = [
    "yesterday", "2024-02-31T00:00:00Z", "2024-13-01", "2024-06-01T25:00:00Z", "2024-06-01T03:04:61Z", "2024-06",
    "01/06/2024", "6/1/24", "2024-06-01T03:04:05+2", "2024-06-01T03:04:05 CET", "12:34", "2024-06-01T", "T",
    "Sat, 01 Jnu 2024 03:04:05 GMT", "1.2.3", "-5", 5, 10**10, 10**13, -1, b"2024-06-01", "2024-W22-6", "null",
    "2024-06-01T03:04:05.1.2Z", "20240631",
]  # fmt: skip


@pytest.mark.parametrize("stored", READ, ids=repr)
def test_a_date_that_is_plainly_readable_is_read(stored: object) -> None:
    assert kept(world_of(stored, OLDER)) == [1]
    assert kept(world_of(stored, "2024-06-01T03:04:06Z")) == [2]


@pytest.mark.parametrize("stored", UNREADABLE, ids=repr)
def test_a_date_that_cannot_be_read_leaves_its_object_whole_and_is_named(stored: object) -> None:
    world = world_of(OLDER, stored)
    report = healed(world)
    assert [row[0] for row in world.database.all("SELECT id FROM artifacts")] == [1, 2]
    [left] = steps(report)["dedupe"]["left_whole"]
    assert left["why"].startswith(chosen().said("unreadable: fetched_at "))
    assert "2024-06-01T03:04:04Z" in left["why"]
    dry = steps(recovered(world))["dedupe"]
    assert (dry["changed"], dry["left_whole"]) == (0, [left])


@pytest.mark.parametrize("stored", UNREADABLE, ids=repr)
def test_a_request_may_say_what_becomes_of_it(stored: object) -> None:
    assert kept(world_of(OLDER, stored), unreadable="oldest") == [1]
    assert kept(world_of(stored, OLDER), unreadable="oldest") == [2]
    assert kept(world_of(OLDER, stored), unreadable="highest_id") == [2]
    assert kept(world_of(stored, OLDER), unreadable="highest_id") == [2]


def test_a_dry_run_shows_the_dates_and_the_losing_rows() -> None:
    world = world_of("Sat, 01 Jun 2024 03:04:05 GMT", OLDER, None)
    [shown] = steps(recovered(world))["dedupe"]["dates"]
    assert (shown["winner_id"], shown["winner_fetched_at"]) == (1, "Sat, 01 Jun 2024 03:04:05 GMT")
    assert shown["losing_rows"] == f"2 ({OLDER}), 3 (NULL)"


def test_rows_that_all_hold_the_same_need_no_reading() -> None:
    assert kept(world_of("yesterday", "yesterday")) == [2]
    assert kept(world_of("yesterday", "yesterday", None)) == [1, 2, 3]


def test_nothing_and_an_empty_text_are_the_oldest() -> None:
    assert kept(world_of(OLDER, None, "", " ")) == [1]


FORMS = [
    lambda at: at.isoformat(),
    lambda at: at.astimezone(timezone(timedelta(hours=5, minutes=30))).isoformat(),
    lambda at: at.strftime("%a, %d %b %Y %H:%M:%S GMT"),
    lambda at: at.strftime("%a %b %d %Y %H:%M:%S GMT+0000 (UTC)"),
    lambda at: at.strftime("%Y%m%dT%H%M%SZ"),
    lambda at: at.strftime("%Y/%m/%d %H:%M:%S"),
    lambda at: int(at.timestamp()),
    lambda at: int(at.timestamp()) * 10**3,
    lambda at: int(at.timestamp()) * 10**9,
]
MOMENTS = st.datetimes(datetime(1980, 1, 1), datetime(2090, 1, 1)).map(  # noqa: DTZ001  # made UTC at once
    lambda at: at.replace(microsecond=0, tzinfo=UTC)
)


@settings(max_examples=examples(150), deadline=None)
@given(first=MOMENTS, second=MOMENTS, forms=st.tuples(st.sampled_from(FORMS), st.sampled_from(FORMS)))
def test_sql_orders_moments_of_any_form_as_python_does(first: datetime, second: datetime, forms: tuple) -> None:  # type: ignore[type-arg]  # two functions
    world = world_of(forms[0](first), forms[1](second))
    assert kept(world) == [1 if first > second else 2]


DELETED = [
    ("deleted_at TEXT", "deleted_at", "2024-06-02"),
    ("is_deleted INTEGER", "is_deleted", 1),
    ("Deleted BOOLEAN", "Deleted", "true"),
    ("status TEXT", "status", "deleted"),
    ("active INTEGER", "active", 0),
]


@pytest.mark.parametrize(("column", "name", "gone"), DELETED, ids=[one[1] for one in DELETED])
def test_a_live_row_is_not_merged_into_a_deleted_one(column: str, name: str, gone: object) -> None:
    world = world_of(OLDER, "2024-06-01T03:04:05Z", further=f", {column}")
    if name == "active":
        world.database.script("UPDATE artifacts SET active = 1")
    world.database.connection.execute(f"UPDATE artifacts SET {name} = ? WHERE id = 2", (gone,))
    before = world.database.all("SELECT * FROM artifacts")
    answer = Api(world).json("POST", "/recover", {"dry_run": False})
    assert (answer.status_code, answer.json()["reason"]) == (409, "deleted_rows")
    assert name in answer.json()["detail"]
    assert world.database.all("SELECT * FROM artifacts") == before
    assert world.database.one("SELECT paused_by FROM steward_control") is None
    dry = steps(recovered(world))["dedupe"]
    assert (dry["deleted_columns"], "deleted" in dry["error"]) == ([name], True)
    assert kept(world, include_deleted=True) == [2]


def test_rows_that_are_all_deleted_or_all_live_need_no_word() -> None:
    world = world_of(OLDER, "2024-06-01T03:04:05Z", further=", deleted_at TEXT")
    assert kept(world) == [2]


def test_with_live_where_a_row_that_counts_is_kept_before_a_newer_one_that_does_not() -> None:
    world = world_of(OLDER, "2024-06-01T03:04:05Z", further=", deleted_at TEXT")
    world.database.script("UPDATE artifacts SET deleted_at = 'x' WHERE id = 2; INSERT INTO datapoints VALUES (1, 2)")
    variables = {"LIVE_WHERE": "deleted_at IS NULL", **Api(world).variables}
    answer = Api(world, variables).json("POST", "/recover", {"dry_run": False})
    assert answer.json()["ok"], answer.json()
    assert world.database.all("SELECT id FROM artifacts") == [(1,)]
    assert world.database.all("SELECT artifact_id FROM datapoints") == [(1,)]


@pytest.mark.parametrize(
    "condition",
    [
        "deleted_at IS",
        "nowhere IS NULL",
        "1) OR (1",
        "1; DELETE FROM artifacts",
        "1 -- x",
        "count(*) > 1",
        "/* x",
        "?1",
        "'",
    ],
)
def test_a_live_where_that_is_no_condition_is_refused_and_changes_nothing(condition: str) -> None:
    world = world_of(OLDER, OLDER, further=", deleted_at TEXT")
    variables = {"LIVE_WHERE": condition, **Api(world).variables}
    answer = Api(world, variables).json("POST", "/recover", {"dry_run": False})
    assert (answer.status_code, answer.json()["reason"]) == (409, "live_where")
    assert world.database.one("SELECT count(*) FROM artifacts") == 2


def test_a_dry_run_about_dates_changes_nothing() -> None:
    world = world_of(OLDER, "yesterday")
    before = everything(world)
    recovered(world, unreadable="highest_id")
    world.database.script("DELETE FROM steward_runs; DELETE FROM sqlite_sequence WHERE name = 'steward_runs'")
    assert everything(world) == before
