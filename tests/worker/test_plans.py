"""Plans on the real Worker and real D1: made, looked at, approved, applied; the same digest as on sqlite3."""

from __future__ import annotations

import json
from typing import Any

import pytest

from tests.support.databases import Shape
from tests.support.plans import Planner
from tests.worker.conftest import READER, Steward
from tests.worker.databases import drop_guards, healed, install, lost, script, seed

SHAPE = Shape(unique_index=False)
RULES = ((1, "raw/*.pdf", "report"),)

ODD = """
  INSERT INTO artifacts VALUES
    (1, 'b', 'raw/é "quoted" 漢字 😀.pdf', 'unknown', '2026-01-01T00:00:00Z', NULL),
    (2, 'b', 'raw/é "quoted" 漢字 😀.pdf', 'it''s', 0.1 + 0.2, NULL),
    (9007199254740993, 'b', 'raw/é "quoted" 漢字 😀.pdf', 'tab' || char(9) || 'bell' || char(7), x'4142', NULL),
    (4, 'b', 'raw/\\back/slash', 'a', 1767225600, NULL),
    (5, 'b', 'raw/\\back/slash', 'unknown', 9e15, NULL),
    (6, 'b', 'raw/alone.pdf', 'unknown', NULL, NULL),
    (7, 'b', 'raw/' || char(8232, 127, 1) || '.pdf', 'unknown', NULL, NULL);
  INSERT INTO datapoints VALUES (1, 1, NULL, 1.5), (2, 2, NULL, 2.5), (3, 9007199254740993, NULL, NULL),
    (4, 4, NULL, NULL)
"""


def answer(steward: Steward, method: str, path: str, body: object = None) -> dict[str, Any]:
    reply = steward.send(method, path, None if method == "GET" else body or {})
    assert reply.status == 200, reply.text
    found: dict[str, Any] = reply.json()
    return found


def items(steward: Steward, plan: int) -> list[dict[str, Any]]:
    reply = steward.send("GET", f"/plans/{plan}/items")
    assert reply.status == 200, reply.text
    *found, end = map(json.loads, reply.text.rstrip("\n").split("\n"))
    assert end == {"end": True, "items": len(found), "next": None}
    return found


def applied(steward: Steward, plan: int, **request: object) -> list[dict[str, Any]]:
    reports = [answer(steward, "POST", f"/plans/{plan}/apply", request)]
    while not reports[-1].get("done", not reports[-1].get("truncated")):
        assert len(reports) < 20
        reports.append(answer(steward, "POST", f"/plans/{plan}/apply", request))
    return reports


def test_d1_and_sqlite3_give_the_same_items_and_the_same_digest(empty: Steward) -> None:
    install(empty, SHAPE)
    drop_guards(empty)
    script(empty, ODD)
    empty.rules(*RULES)
    world = SHAPE.world()
    for (name,) in world.database.all("SELECT name FROM sqlite_schema WHERE type = 'trigger'"):
        world.database.script(f'DROP TRIGGER "{name}"')
    world.database.script(ODD)
    world.rules(*RULES)
    here = Planner(world).planned(unreadable="oldest")
    there = answer(empty, "POST", "/recover", {"unreadable": "oldest"})["plan"]
    assert items(empty, there["id"]) == Planner(world).items()
    assert there["digest"] == here["digest"]
    [report] = applied(empty, there["id"])
    assert report["plan"]["left_out"] == 0
    assert Planner(world).applied()["plan"]["left_out"] == 0
    rows = "SELECT id || ' ' || quote(source_type) AS row FROM artifacts ORDER BY id"
    assert [(row["row"],) for row in empty.sql(rows)] == world.database.all(rows)


def test_a_recovery_by_plan_of_thousands_of_objects_in_several_calls(empty: Steward) -> None:
    install(empty, SHAPE)
    empty.rules(*RULES)
    seed(empty, SHAPE, 8_000, 3_000, 200)
    plan = answer(empty, "POST", "/recover")["plan"]
    assert (plan["totals"]["merge"], plan["totals"]["rows_deleted"], plan["complete"]) == (3_000, 3_200, True)
    [stored] = empty.sql("SELECT count(*) AS slices, max(length(items)) AS longest FROM steward_plan_slices")
    assert stored["slices"] <= 12
    assert stored["longest"] < 500_000
    # Another writer, between the plan and its application.
    empty.sql("UPDATE artifacts SET fetched_at = '2027-01-01T00:00:00Z' WHERE id = 8001")
    refused = empty.send("POST", f"/plans/{plan['id']}/apply")
    assert (refused.status, refused.json()["reason"]) == (409, "max_deletes")
    approved = answer(empty, "POST", f"/plans/{plan['id']}/approve", {"digest": plan["digest"]})
    assert (approved["state"], approved["approved_by"]) == ("approved", "operator")
    reports = applied(empty, plan["id"], max_groups=1200, max_deletes=4_000)
    assert [report["done"] for report in reports] == [False, False, True]
    last = reports[-1]["plan"]
    assert last["left_out"] == 1 + sum(one["step"] == "classify" for one in last["shown"])
    assert empty.count() == 8_002
    assert lost(empty) == 0
    assert answer(empty, "GET", f"/plans/{plan['id']}")["state"] == "applied"
    left_out = [item for item in items(empty, plan["id"]) if item["left_out"]]
    assert left_out[0]["about"] == ["artifacts", "raw/000001.pdf"]
    again = answer(empty, "POST", "/recover")["plan"]
    applied(empty, again["id"], max_deletes=10)
    assert empty.count() == 8_000


def test_a_backfill_by_plan(steward: Steward) -> None:
    steward.put("raw/a.pdf", "raw/b.pdf", "raw/c.txt", "odd")
    dry = answer(steward, "POST", "/backfill", {"dry_run": True})
    assert (dry["inserted"], dry["plan"]["totals"]) == (3, {"insert": 3})
    steward.sql("INSERT INTO artifacts (r2_bucket, r2_key, source_type) VALUES ('artifacts', 'raw/b.pdf', 'memo')")
    steward.harness.r2_delete(["raw/c.txt"])
    report = steward.live(plan=dry["plan"]["id"])
    assert (report["inserted"], report["unchanged"], report["truncated"]) == (1, 2, False)
    assert [one["about"][1] for one in report["plan"]["shown"]] == ["raw/b.pdf", "raw/c.txt"]
    assert steward.types() == {"raw/a.pdf": "report", "raw/b.pdf": "memo"}


def test_an_undo_by_plan(empty: Steward) -> None:
    install(empty, SHAPE)
    empty.rules(*RULES)
    seed(empty, SHAPE, 500, 100, 0)
    [report] = healed(empty)
    run = report["run_id"]
    dry = answer(empty, "POST", f"/runs/{run}/undo", {"dry_run": True})
    assert (dry["restored"], dry["refused"], dry["plan"]["totals"]["restore"]) == (100, [], 100)
    assert empty.count() == 500
    [undone] = applied(empty, dry["plan"]["id"])
    assert (undone["restored"], undone["children_restored"]) == (100, dry["children_restored"])
    assert (empty.count(), lost(empty)) == (600, 0)


def test_a_forgetting_by_plan(steward: Steward) -> None:
    keys = [f"raw/{number:03}.pdf" for number in range(100)]
    steward.put(*keys)
    steward.live(max_objects=1000)
    steward.sql("INSERT INTO steward_missing SELECT r2_bucket, r2_key, id, '2', '1', '2', '3', NULL FROM artifacts")
    steward.harness.r2_delete(keys[10:])
    dry = answer(steward, "POST", "/forget")
    assert (dry["forgotten"], dry["plan"]["totals"]) == (90, {"forget": 90, "rows_deleted": 90})
    steward.put(keys[10])
    steward.sql("INSERT INTO datapoints (id, artifact_id) SELECT id, id FROM artifacts WHERE r2_key = ?1", keys[11])
    [report] = applied(steward, dry["plan"]["id"])
    assert (report["forgotten"], report["still_there"], report["plan"]["left_out"]) == (88, 1, 2)
    assert sorted(steward.types()) == keys[:12]


@pytest.mark.parametrize("path", ["/plans/1/approve", "/plans/1/apply"])
def test_a_reader_changes_no_plan(empty: Steward, path: str) -> None:
    install(empty, SHAPE)
    assert answer(empty, "POST", "/recover")["plan"]["totals"] == {"schema": 1}
    assert empty.send("POST", path, {}, token=READER).status == 403
    assert empty.send("GET", "/plans/1", token=READER).json()["state"] == "made"


def test_items_of_a_plan_come_as_csv_too(empty: Steward) -> None:
    install(empty, SHAPE)
    seed(empty, SHAPE, 50, 10, 0)
    plan = answer(empty, "POST", "/recover")["plan"]
    reply = empty.send("GET", f"/plans/{plan['id']}/items?format=csv&step=merge")
    assert reply.text.splitlines()[-1] == '"(end)",10'
