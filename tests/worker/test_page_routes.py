"""What the page lives on, on real D1: rows by the thousand, a quiet finding, the day's history, what is at work."""

from __future__ import annotations

import csv
import io
import json
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest

from tests.support.runtime import migrate
from tests.worker.conftest import Steward
from tests.worker.databases import drop_guards, numbers

MANY = 2_600
ANNA: dict[str, Any] = {"X-Steward-Actor": "anna"}
FOUND = {"no_orphan_datapoints": MANY, "no_unknown_source_type": MANY, "one_artifact_per_object": MANY // 2}


@pytest.fixture
def dirty(empty: Steward) -> Steward:
    """Give a test a database of duplicates without an index, unknown rows and orphans."""
    empty.sql(
        "CREATE TABLE artifacts (id INTEGER PRIMARY KEY, r2_bucket TEXT NOT NULL, r2_key TEXT NOT NULL,"
        " source_type TEXT NOT NULL, fetched_at TEXT)"
    )
    empty.sql("CREATE TABLE datapoints (id INTEGER PRIMARY KEY, artifact_id INTEGER)")
    migrate(empty.harness)
    drop_guards(empty)
    half = MANY // 2
    empty.sql(
        f"INSERT INTO artifacts (id, r2_bucket, r2_key, source_type) {numbers(MANY)}"
        f" SELECT i, 'artifacts', printf('k%05d', i % {half}) || char(8238, 7), 'unknown' FROM n"
    )
    empty.sql(f"INSERT INTO datapoints (id, artifact_id) {numbers(MANY)} SELECT i, 1000000 + i FROM n")
    return empty


def pages(steward: Steward, name: str, limit: int) -> list[dict[str, Any]]:
    found: list[dict[str, Any]] = []
    more = ""
    while True:
        page = steward.send("GET", f"/invariants/{name}/rows?limit={limit}{more}").json()
        found += page["rows"]
        if page["next"] is None:
            return found
        more = f"&after={page['next']}"


@pytest.mark.parametrize("name", FOUND)
def test_all_rows_come_by_pages_and_as_files(dirty: Steward, name: str) -> None:
    found = pages(dirty, name, 700)
    assert len({json.dumps(row) for row in found}) == FOUND[name]
    lines = dirty.send("GET", f"/invariants/{name}/rows?format=ndjson").text.splitlines()
    assert [json.loads(line) for line in lines[:-1]] == found
    assert json.loads(lines[-1]) == {"end": True, "rows": FOUND[name], "next": None}
    text = dirty.send("GET", f"/invariants/{name}/rows?format=csv").text
    head, *rows, end = csv.reader(io.StringIO(text, newline=""))
    assert (head, len(rows), end) == (list(found[0]), FOUND[name], ["(end)", str(FOUND[name])])


def test_the_sql_runs_in_a_console(dirty: Steward) -> None:
    for name, many in FOUND.items():
        [query] = dirty.send("GET", f"/invariants/{name}/rows?limit=1").json()["sql"]
        assert len(dirty.sql(query)) == many


def test_a_finding_is_quiet_and_not_any_more(dirty: Steward) -> None:
    dirty.send("POST", "/check", {"mode": "full"})
    [one] = dirty.send("GET", "/findings?invariant=no_orphan_datapoints").json()["findings"]
    until = (datetime.now(UTC) + timedelta(hours=1)).isoformat()
    body = {"until": until, "note": "später"}
    reply = dirty.send("POST", f"/findings/{one['id']}/snooze", body, **ANNA)
    assert (reply.status, reply.json()["quiet"]) == (200, "snoozed"), reply.text
    assert [entry["actor"] for entry in reply.json()["history"]] == ["anna"]
    dirty.sql(f"INSERT INTO datapoints (id, artifact_id) {numbers(2 * MANY)} SELECT 10000 + i, 1000000 + i FROM n")
    dirty.send("POST", "/check", {"mode": "full"})
    later = dirty.send("GET", f"/findings/{one['id']}").json()
    assert (later["quiet"], [entry["did"] for entry in later["history"]]) == (None, ["snoozed", "grew"])
    assert dirty.send("POST", f"/findings/{one['id']}/acknowledge").json()["quiet_violations"] == 3 * MANY


def test_a_tick_adds_to_the_day_and_what_is_at_work_is_shown(steward: Steward) -> None:
    steward.put(*(f"raw/{number}" for number in range(250)))
    steward.sql("INSERT INTO artifacts (r2_bucket, r2_key) VALUES ('artifacts', 'other')")
    first = steward.tick()
    steward.tick()
    found = steward.send("GET", "/history").json()
    [day] = found["days"]
    assert day["violations"]["no_unknown_source_type"] == 1
    assert day["types"] == {"unknown": 1}
    assert day["rows_written"] >= first["cost"]["rows_written"] > 0
    [under_way] = steward.send("GET", "/live").json()["passes"]
    assert (under_way["state"], under_way["counts"]["scanned"]) == ("under way", 200)


def test_who_changed_rules_and_ended_a_pause_is_on_record(steward: Steward) -> None:
    rule = {"priority": 1, "pattern": "a*", "source_type": "a"}
    assert steward.send("PUT", "/rules", {"rules": [rule]}, **ANNA).status == 200
    steward.send("POST", "/pause", {"reason": "moving"})
    steward.send("POST", "/resume", {}, **ANNA)
    runs = steward.send("GET", "/runs").json()["runs"]
    assert [(run["kind"], run["actor"], run["status"]) for run in runs] == [
        ("resume", "anna", "succeeded"),
        ("rules", "anna", "succeeded"),
    ]
    assert runs[1]["counts"]["came"] == [[1, "a*", "a"]]
