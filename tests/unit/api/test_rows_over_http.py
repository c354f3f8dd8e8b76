"""All rows that break an invariant, over HTTP: pages and files that add up to what the check counts."""

from __future__ import annotations

import asyncio
import json
import re
from dataclasses import replace
from typing import Any

import pytest

from invariants import listing
from invariants.catalogue import read_catalogue
from invariants.row_place import RowPlace
from invariants.rows import row_list
from settings import read_settings
from tests.support.actions import SETTINGS, TOKEN, Api, RecordingDatabase
from tests.support.fakes import World, migrate
from tests.unit.api.test_http import check_problem
from tests.unit.api.test_objects_over_http import csv_rows

BEARER = {"Authorization": f"Bearer {TOKEN}"}
DIRTY = """
CREATE TABLE artifacts (id INTEGER PRIMARY KEY, r2_bucket TEXT NOT NULL, r2_key TEXT NOT NULL,
  source_type TEXT NOT NULL DEFAULT 'unknown', fetched_at TEXT, source_url TEXT);
CREATE TABLE datapoints (id INTEGER PRIMARY KEY, artifact_id INTEGER);
CREATE TABLE notes (name TEXT PRIMARY KEY, artifact_id INTEGER) WITHOUT ROWID;
INSERT INTO datapoints (id, artifact_id)
  WITH RECURSIVE n (i) AS (SELECT 1 UNION ALL SELECT i + 1 FROM n WHERE i < 90)
  SELECT i, i * 2 FROM n;
INSERT INTO notes VALUES ('=1+1', 900), ('é', 901), ('fine', 1), ('long', 902);
"""
ROWS = [
    (
        number,
        "artifacts",
        f"k{number % 23}",
        "unknown" if number % 3 else "a",
        f"https://x.org/{number if number % 4 else ''}",
    )
    for number in range(1, 61)
]
CHILDREN = '["datapoints.artifact_id", "notes.artifact_id"]'


@pytest.fixture
def world() -> World:
    world = World()
    world.database.script(DIRTY)
    insert = "INSERT INTO artifacts (id, r2_bucket, r2_key, source_type, source_url) VALUES (?, ?, ?, ?, ?)"
    world.database.connection.executemany(insert, ROWS)
    migrate(world.database)
    return world


@pytest.fixture
def api(world: World) -> Api:
    return Api(world, {"STEWARD_TOKEN": TOKEN, "CHILDREN": CHILDREN})


def pages(api: Api, name: str, limit: int) -> list[dict[str, Any]]:
    found: list[dict[str, Any]] = []
    after = ""
    while True:
        page = api.json("GET", f"/invariants/{name}/rows?limit={limit}{after}").json()
        assert len(page["rows"]) <= limit
        found += page["rows"]
        if page["next"] is None:
            return found
        after = f"&after={page['next']}"


NAMES = [one.name for one in read_catalogue() if one.evidence is None]


@pytest.mark.parametrize("limit", [1, 7, 100])
@pytest.mark.parametrize("name", NAMES)
def test_pages_of_any_length_add_up_to_what_a_full_check_counts(api: Api, name: str, limit: int) -> None:
    verdicts = {one["name"]: one for one in api.json("POST", "/check", {"mode": "full"}).json()["invariants"]}
    found = pages(api, name, limit)
    assert len(found) == verdicts[name]["violations"]
    assert len({json.dumps(row) for row in found}) == len(found)
    assert all(row in found for row in verdicts[name]["sample"])


@pytest.mark.parametrize("range_rows", [1, 2, 5])
@pytest.mark.parametrize("name", ["no_orphan_datapoints", "ids_are_unique", "no_directory_citations"])
def test_ranges_of_any_length_add_up_too(api: Api, world: World, name: str, range_rows: int) -> None:
    whole = pages(api, name, 100)
    settings = read_settings({"CHILDREN": CHILDREN})
    rows = asyncio.run(row_list(world.ports(), settings, name, range_rows))
    found: list[object] = []
    place: RowPlace | None = RowPlace()
    while place is not None:
        page = asyncio.run(rows.page(place, 3))
        assert page.looks <= listing.MOST_LOOKS
        found += page.rows
        place = page.next
    assert found == whole


def test_the_sql_gives_the_same_rows_in_a_console(api: Api, world: World) -> None:
    for name in ("no_orphan_datapoints", "one_artifact_per_object", "no_unknown_source_type"):
        page = api.json("GET", f"/invariants/{name}/rows?limit=1").json()
        rows = sum(len(world.database.all(one)) for one in page["sql"])
        assert rows == len(pages(api, name, 100))


def test_a_csv_file_and_an_ndjson_file_hold_all_rows(api: Api) -> None:
    whole = pages(api, "no_orphan_datapoints", 100)
    answer = api.send("GET", "/invariants/no_orphan_datapoints/rows?format=ndjson", headers=BEARER)
    *rows, end = [json.loads(line) for line in answer.text.splitlines()]
    assert rows == whole
    assert end == {"end": True, "rows": len(whole), "next": None}
    answer = api.send("GET", "/invariants/no_orphan_datapoints/rows?format=csv", headers=BEARER)
    assert answer.headers["content-disposition"] == 'attachment; filename="no_orphan_datapoints.csv"'
    head, *lines, last = csv_rows(answer.text)
    assert head == ["child", "row_key", "artifact_id"]
    assert len(lines) == len(whole)
    assert ["notes.artifact_id", "'=1+1", "900"] in lines
    assert last == ["(end)", str(len(whole))]


def test_a_file_that_would_take_too_many_queries_says_where_to_continue(world: World) -> None:
    more_orphans = [(1000 + number, 9000 + number) for number in range(20_000)]
    world.database.script("DROP TRIGGER steward_guard_insert_datapoints_artifact_id")
    world.database.connection.executemany("INSERT INTO datapoints (id, artifact_id) VALUES (?, ?)", more_orphans)
    free = Api(world, {"STEWARD_TOKEN": TOKEN, "CHILDREN": CHILDREN, "PLAN_LIMITS": "free"})
    found, more = 0, ""
    while True:
        text = free.send("GET", f"/invariants/no_orphan_datapoints/rows?format=csv{more}", headers=BEARER).text
        *rows, (word, last) = csv_rows(text)
        found += len(rows) - 1
        if word == "(end)":
            break
        assert word == "(not all: continue after)"
        more = f"&after={last}"
    assert more
    assert found == len(pages(free, "no_orphan_datapoints", 1000))


def test_an_invariant_that_holds_has_no_rows(api: Api) -> None:
    assert api.json("GET", "/invariants/guards_present/rows").json()["next"] is None
    answer = api.send("GET", "/invariants/references_by_id/rows?format=csv", headers=BEARER)
    assert csv_rows(answer.text) == [["(end)", "0"]]


def test_an_unknown_invariant_is_404_and_one_that_cannot_be_asked_409(world: World, api: Api) -> None:
    assert check_problem(api.json("GET", "/invariants/nothing/rows"), 404)["field"] == "name"
    gone = Api(world, {"STEWARD_TOKEN": TOKEN, "CHILDREN": '["nowhere.artifact_id"]'})
    assert check_problem(gone.json("GET", "/invariants/no_orphan_datapoints/rows"), 409)["reason"] == "not_checked"


@pytest.mark.parametrize("after", ["x", "W10", "WyJpZHNfYXJlX3VuaXF1ZSIsLTEsbnVsbCwwXQ", "%C3%A9"])
def test_a_place_that_is_none_is_refused(api: Api, after: str) -> None:
    answer = api.json("GET", f"/invariants/ids_are_unique/rows?after={after}")
    assert check_problem(answer, 422)["field"] == "after"


def test_a_place_of_another_invariant_is_refused_and_one_beyond_the_end_is_the_end(api: Api) -> None:
    token = RowPlace(0, ("i:3",)).token("no_orphan_datapoints")
    assert check_problem(api.json("GET", f"/invariants/ids_are_unique/rows?after={token}"), 422)["field"] == "after"
    token = RowPlace(9).token("ids_are_unique")
    assert api.json("GET", f"/invariants/ids_are_unique/rows?after={token}").json()["rows"] == []


def many_missing(world: World) -> None:
    world.database.script("""
      INSERT INTO steward_missing (r2_bucket, r2_key, artifact_id, seen_in, verified_at)
      SELECT r2_bucket, r2_key, id, 'p', '2026-11-22' FROM artifacts;
      INSERT INTO steward_newer SELECT DISTINCT r2_bucket, r2_key, '2026-11-22', '2026-11-22' FROM artifacts
    """)


@pytest.mark.parametrize("name", ["objects_present", "objects_unchanged"])
@pytest.mark.parametrize("limit", [1, 7, 100])
def test_rows_of_one_key_are_different_rows(api: Api, world: World, name: str, limit: int) -> None:
    many_missing(world)
    found = pages(api, name, limit)
    assert sorted(row["id"] for row in found) == list(range(1, 61))


PLANS = {
    "no_unknown_source_type": r"artifacts USING (COVERING )?INDEX artifacts_unknown",
    "objects_present": r"SEARCH missing USING PRIMARY KEY",
    "objects_unchanged": r"SEARCH newer USING PRIMARY KEY",
    "no_orphan_datapoints": r"SEARCH child USING INTEGER PRIMARY KEY|SEARCH datapoints USING INTEGER PRIMARY KEY",
    "ids_are_unique": r"SEARCH artifacts USING INTEGER PRIMARY KEY",
}


@pytest.mark.parametrize("name", PLANS)
def test_a_page_is_found_by_an_index(world: World, name: str) -> None:
    watched = RecordingDatabase(world.database)
    rows = asyncio.run(row_list(replace(world.ports(), database=watched), SETTINGS, name))
    bound = ("i:5",) if len(rows.invariant.keys) == 1 else ("t:61", "t:6B", "i:5")
    asyncio.run(rows.page(RowPlace(0, bound), 10))
    asked = watched.batches[-1][0]
    plan = " / ".join(str(row[3]) for row in world.database.all(f"EXPLAIN QUERY PLAN {asked.sql}", *asked.params))
    assert re.search(PLANS[name], plan), plan
    assert not re.search(r"SCAN (artifacts|datapoints)(?! USING)", plan), plan
