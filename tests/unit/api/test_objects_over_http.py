"""Passes and what they say of objects, over HTTP: pages that add up, and files that survive any key."""

from __future__ import annotations

import csv
import io
import json
from typing import Any

import pytest

from tests.support.actions import TOKEN, Api, live, numbered, tick
from tests.support.fakes import World, migrated_world

BEARER = {"Authorization": f"Bearer {TOKEN}"}
SETTINGS = {"MISSING_LIMIT_PERCENT": 100, "PASS_INTERVAL_HOURS": 0}
OBJECTS = 40
ODD = [
    "raw/=HYPERLINK(1)",
    'raw/"quoted", and more',
    "raw/line\nbreak\r\nand another",
    "raw/bell\u0007 \u202egnp.exe",
    "raw/nai\u0308ve \U0001f4c4",
    "=1+1.raw",
    "@sum.raw",
    "\tstart.raw",
    "-" + "k" * 1019 + ".raw",
]


def a_pass(world: World, **settings: object) -> None:
    world.clock.advance(hours=2)
    assert tick(world, **{**SETTINGS, **settings})["status"] == "succeeded"


@pytest.fixture
def world() -> World:
    world = migrated_world()
    world.rules((1, "raw/*", "raw"), (2, "*.raw", "raw"))
    world.bucket.put(*numbered(OBJECTS))
    return world


@pytest.fixture
def api(world: World) -> Api:
    return Api(world)


def gone(world: World, *keys: str) -> None:
    """Index these objects, delete them, and let two passes and a look find that they are gone."""
    world.bucket.put(*keys)
    a_pass(world)
    for key in keys:
        del world.bucket.sizes[key]
    a_pass(world)
    a_pass(world)


def cite(world: World, key: str, times: int) -> None:
    for _ in range(times):
        world.database.connection.execute(
            "INSERT INTO datapoints (artifact_id) SELECT id FROM artifacts WHERE r2_key = ?", [key]
        )


def pages(api: Api, path: str, name: str) -> list[dict[str, Any]]:
    """Return the rows of all pages."""
    found: list[dict[str, Any]] = []
    after = ""
    while True:
        page = api.json("GET", path + after).json()
        found += page[name]
        if page["next"] is None:
            return found
        after = f"&after={page['next']}"


def test_missing_rows_are_told_with_how_many_rows_cite_them(world: World, api: Api) -> None:
    gone(world, "raw/a", "raw/b")
    cite(world, "raw/b", 3)
    cite(world, "raw/00001", 2)
    answer = api.json("GET", "/missing").json()
    assert [(row["r2_key"], row["cited"], row["cited_by"]) for row in answer["missing"]] == [
        ("raw/a", 0, {"datapoints.artifact_id": 0}),
        ("raw/b", 3, {"datapoints.artifact_id": 3}),
    ]
    [first, _] = answer["missing"]
    assert (first["r2_bucket"], first["state"], first["resolved_at"]) == ("artifacts", "missing", None)
    assert first["first_pass"] < first["last_pass"] < first["verified_at"]
    assert answer["next"] is None


def test_each_state_lists_its_own(world: World, api: Api) -> None:
    gone(world, "raw/a", "raw/back", "raw/row-gone")
    world.bucket.put("raw/back")
    del world.bucket.sizes["raw/00003"]
    a_pass(world)
    world.database.script("DELETE FROM artifacts WHERE r2_key = 'raw/row-gone'")
    listed = {
        state: [row["r2_key"] for row in api.json("GET", f"/missing?state={state}").json()["missing"]]
        for state in ("missing", "candidate", "resolved", "all")
    }
    assert listed == {
        "missing": ["raw/a"],
        "candidate": ["raw/00003"],
        "resolved": ["raw/back", "raw/row-gone"],
        "all": ["raw/00003", "raw/a", "raw/back", "raw/row-gone"],
    }


@pytest.mark.parametrize("limit", [1, 2, 3, 100])
def test_pages_of_any_length_add_up_to_the_same_rows(world: World, api: Api, limit: int) -> None:
    gone(world, *ODD)
    assert [row["r2_key"] for row in pages(api, f"/missing?limit={limit}", "missing")] == sorted(ODD)


def test_two_rows_of_one_key_are_two_places(world: World, api: Api) -> None:
    world.database.script(
        "INSERT INTO steward_missing (r2_bucket, r2_key, artifact_id, seen_in) VALUES"
        " ('artifacts', 'k', 2, 'p'), ('artifacts', 'k', 10, 'p'), ('artifacts', 'k', 'ten', 'p'),"
        " ('artifacts', 'k', x'00ff', 'p'), ('artifacts', 'k', 9007199254740993, 'p'), ('artifacts', 'k', 1.5, 'p')"
    )
    found = pages(api, "/missing?state=all&limit=1", "missing")
    assert len(found) == 6
    assert "9007199254740993" in [row["artifact_id"] for row in found]


def test_a_row_whose_key_no_object_can_have_is_shortened_and_the_list_goes_on(world: World, api: Api) -> None:
    world.database.connection.execute(
        "INSERT INTO steward_missing (r2_bucket, r2_key, artifact_id, seen_in) VALUES ('artifacts', ?, 1, 'p')",
        ["k" * 1_000_000],
    )
    world.database.script("INSERT INTO steward_missing VALUES ('artifacts', 'z', 2, 'p', NULL, NULL, NULL, NULL)")
    found = pages(api, "/missing?state=all&limit=1", "missing")
    assert [row["r2_key"][:3] for row in found] == ["kkk", "z"]
    assert len(json.dumps(found)) < 4000


def csv_rows(text: str) -> list[list[str]]:
    return list(csv.reader(io.StringIO(text, newline="")))


def test_a_csv_file_holds_all_rows_and_nothing_that_a_spreadsheet_computes(world: World, api: Api) -> None:
    gone(world, *ODD)
    cite(world, "=1+1.raw", 2)
    answer = api.send("GET", "/missing?format=csv", headers=BEARER)
    assert answer.headers["content-type"] == "text/csv; charset=utf-8"
    assert answer.headers["content-disposition"] == 'attachment; filename="missing.csv"'
    head, *rows, end = csv_rows(answer.text)
    assert head[-2:] == ["cited", "datapoints.artifact_id"]
    assert [row[1].removeprefix("'") for row in rows] == sorted(ODD)
    assert end == ["(end)", str(len(ODD))]
    cells = [cell for row in rows for cell in row]
    assert [cell for cell in cells if cell.startswith(("=", "+", "-", "@", "\t", "\r", "\n"))] == []
    assert [row[-2:] for row in rows if row[1] == "'=1+1.raw"] == [["2", "2"]]


def test_an_ndjson_file_holds_all_rows_as_they_are(world: World, api: Api) -> None:
    gone(world, *ODD)
    answer = api.send("GET", "/missing?format=ndjson", headers=BEARER)
    *rows, end = [json.loads(line) for line in answer.text.splitlines() if line]
    assert answer.headers["content-type"] == "application/x-ndjson"
    assert rows == api.json("GET", "/missing").json()["missing"]
    assert end == {"end": True, "rows": len(ODD), "next": None}


def many(world: World, count: int) -> None:
    world.database.connection.execute(
        "WITH RECURSIVE n (i) AS (SELECT 1 UNION ALL SELECT i + 1 FROM n WHERE i < ?) INSERT INTO steward_missing"
        " SELECT 'artifacts', printf('k%07d', i), i, 'p', NULL, NULL, NULL, NULL FROM n",
        [count],
    )


def test_a_file_of_many_pages_holds_each_row_once(world: World, api: Api) -> None:
    many(world, 2500)
    answer = api.send("GET", "/missing?format=ndjson&state=all", headers=BEARER)
    *rows, end = [json.loads(line) for line in answer.text.splitlines()]
    assert [row["artifact_id"] for row in rows] == list(range(1, 2501))
    assert end == {"end": True, "rows": 2500, "next": None}


def test_a_file_that_would_take_too_many_queries_says_where_to_continue(world: World, api: Api) -> None:
    many(world, 200_001)
    answer = api.send("GET", "/missing?format=csv&state=all", headers=BEARER)
    [word, token] = csv_rows(answer.text)[-1]
    assert word == "(not all: continue after)"
    rest = csv_rows(api.send("GET", f"/missing?format=csv&state=all&after={token}", headers=BEARER).text)
    assert [row[2] for row in rest[1:-1]] == ["200001"]
    assert rest[-1] == ["(end)", "1"]


@pytest.mark.parametrize("path", ["/missing", "/newer"])
@pytest.mark.parametrize("after", ["x", "%5B%5D", "W10", "WzEsMiwzXQ", "%C3%A9"])
def test_a_place_that_is_none_is_refused_by_name(api: Api, path: str, after: str) -> None:
    answer = api.json("GET", f"{path}?after={after}")
    assert (answer.status_code, answer.json()["field"]) == (422, "after")


def test_newer_objects_are_told_beside_what_their_rows_say(world: World, api: Api) -> None:
    a_pass(world)
    world.database.script("UPDATE artifacts SET fetched_at = '2020-01-01' WHERE r2_key IN ('raw/00004', 'raw/00007')")
    cite(world, "raw/00007", 1)
    a_pass(world)
    found = pages(api, "/newer?limit=1", "newer")
    assert [(row["r2_key"], row["fetched_at"], row["cited"]) for row in found] == [
        ("raw/00004", "2020-01-01", 0),
        ("raw/00007", "2020-01-01", 1),
    ]
    head, *rows, end = csv_rows(api.send("GET", "/newer?format=csv", headers=BEARER).text)
    assert (head[3], [row[1] for row in rows], end) == ("uploaded", ["raw/00004", "raw/00007"], ["(end)", "2"])


def test_a_configured_reference_that_is_not_there_is_not_counted(world: World) -> None:
    gone(world, "raw/a")
    api = Api(world, {"STEWARD_TOKEN": TOKEN, "CHILDREN": '["nowhere.artifact_id"]'})
    [row] = api.json("GET", "/missing").json()["missing"]
    assert set(row["cited_by"]) == {"datapoints.artifact_id"}


def test_passes_say_what_they_counted_and_whether_they_are_certified(world: World, api: Api) -> None:
    gone(world, "raw/a")
    latest, middle, first = api.json("GET", "/passes").json()["passes"]
    assert [one["certified"] for one in (first, middle, latest)] == [True, True, True]
    assert [one["counts"]["missing"] for one in (first, middle, latest)] == [0, 1, 1]
    assert (first["counts"]["inserted"], latest["counts"]["unchanged"], latest["heads"]) == (OBJECTS + 1, OBJECTS, 1)
    assert (latest["bucket"], latest["prefix"], latest["previous"]["scanned"]) == ("artifacts", "", OBJECTS)
    page = api.json("GET", "/passes?limit=2").json()
    assert [one["id"] for one in page["passes"]] == [latest["id"], middle["id"]]
    assert [one["id"] for one in api.json("GET", f"/passes?before={page['next']}").json()["passes"]] == [first["id"]]


def test_one_pass_shows_its_ranges_and_its_certificate(world: World, api: Api) -> None:
    a_pass(world)
    [listed] = api.json("GET", "/passes").json()["passes"]
    found = api.json("GET", f"/passes/{listed['id']}").json()
    assert {name: found[name] for name in listed} == listed
    assert [(one["from"], one["until"], one["done"]) for one in found["ranges"]] == [(None, None, True)]
    assert (found["certificate"]["certified"], found["certificate"]["canaries_found"]) == (True, found["marks"])


def test_a_pass_without_a_certificate_says_why(world: World, api: Api) -> None:
    a_pass(world, TICK_MAX_OBJECTS=10)
    [under_way] = api.json("GET", "/passes").json()["passes"]
    assert (under_way["certified"], under_way["why_not"]) == (False, ["It is not complete."])
    assert (under_way["counts"]["scanned"], under_way["counts"]["missing"]) == (10, None)
    live(world, r2_prefix="raw/0000", resume=True)
    [of_prefix] = api.json("GET", "/passes?prefix=raw/0000").json()["passes"]
    assert of_prefix["why_not"] == ["It covers a prefix, and not all of the bucket."]
    assert api.json("GET", "/passes?bucket=other").json() == {"passes": [], "next": None}


@pytest.mark.parametrize("number", ["7", "0", "9" * 40])
def test_a_pass_that_is_not_there_is_404(api: Api, number: str) -> None:
    assert api.json("GET", f"/passes/{number}").status_code == 404


def test_the_summary_says_how_old_what_is_known_of_the_objects_is(world: World, api: Api) -> None:
    [before] = api.json("GET", "/summary").json()["passes"]
    assert (before["not_verified_since"], before["seen_share"], before["certificate"]) == (None, None, None)
    gone(world, "raw/a")
    [after] = api.json("GET", "/summary").json()["passes"]
    assert (after["not_verified_since"], after["seen_share"]) == (after["pass_started_at"], 1.0)
    assert (after["missing"], after["newer"], after["seen_hours"]) == (1, 0, 24)
    assert (after["certificate"]["certified"], after["certificate"]["missing"]) == (True, 1)


def test_the_share_that_was_seen_falls_as_passes_grow_old(world: World, api: Api) -> None:
    a_pass(world)
    world.clock.advance(hours=30)
    [old] = api.json("GET", "/summary").json()["passes"]
    assert old["seen_share"] == 0
    a_pass(world, TICK_MAX_OBJECTS=10)
    [part] = api.json("GET", "/summary").json()["passes"]
    assert part["seen_share"] == 0.25


@pytest.mark.parametrize(
    ("prefix", "note"),
    [
        ("raw", "The prefix 'raw' also lists 'raw2/…'."),
        ("raw/", None),
        ("", None),
    ],
)
def test_a_dry_run_says_what_else_its_prefix_lists(api: Api, prefix: str, note: str | None) -> None:
    assert api.json("POST", "/backfill", {"r2_prefix": prefix}).json().get("note") == note
