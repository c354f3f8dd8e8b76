"""Schemas of public projects on real D1, several in one Worker: from the check over the recovery to a pass."""

from __future__ import annotations

import json
from collections.abc import Iterator
from typing import Any

import pytest

from tests.support.actions import TOKEN
from tests.support.fakes import MIGRATIONS
from tests.support.real_schemas import CLEAN, MEMOS, PAYLOAD, SCHEMAS, RealSchema
from tooling.harness import Config, Harness, Reply

CONFIG = Config(
    vars={"STEWARD_TOKEN": TOKEN, "BACKFILL_MODE": "live", "PROFILES": [one.profile for one in SCHEMAS]},
    d1=tuple(one.binding for one in SCHEMAS),
    r2=tuple(f"{one.binding}_R2" for one in SCHEMAS),
)


@pytest.fixture(scope="module")
def running() -> Iterator[Harness]:
    """Start a Worker of one profile for each schema, dirty, and with its objects."""
    with Harness(CONFIG) as harness:
        for schema in SCHEMAS:
            harness.d1_batch(((text, ()) for text in schema.statements()), binding=schema.binding)
            harness.apply_migrations(MIGRATIONS, binding=schema.binding)
            harness.r2_put([("a.png", "x"), ("b.png", "x"), ("new.png", "x")], binding=f"{schema.binding}_R2")
        yield harness


def send(harness: Harness, schema: RealSchema, method: str, path: str, body: object = None) -> Any:  # noqa: ANN401  # JSON
    """Return the answer to a request about one profile."""
    reply = raw(harness, method, f"{path}?profile={schema.name}", body)
    assert reply.status == 200, reply.text
    return reply.json()


def raw(harness: Harness, method: str, path: str, body: object = None) -> Reply:
    """Make a request."""
    headers = {"Authorization": f"Bearer {TOKEN}", "Content-Type": "application/json"}
    return harness.fetch(method, path, headers, None if body is None else json.dumps(body))


def reached(harness: Harness, schema: RealSchema) -> list[tuple[object, ...]]:
    """Return what refers to which row."""
    return [tuple(row.values()) for row in harness.d1(schema.children, binding=schema.binding).rows]


def outcomes(report: dict[str, Any]) -> dict[str, str]:
    """Return the outcome of every invariant."""
    return {one["name"]: one["outcome"] for one in report["invariants"]}


@pytest.mark.parametrize("schema", CLEAN, ids=lambda schema: schema.name)
def test_a_dirty_database_is_checked_recovered_undone_and_walked(running: Harness, schema: RealSchema) -> None:
    table = schema.tables["artifacts"]
    before = running.d1(f'SELECT * FROM "{table}" ORDER BY id', binding=schema.binding).rows
    found = outcomes(send(running, schema, "POST", "/check", {"mode": "full"}))
    assert (found["one_artifact_per_object"], found["unique_index_present"]) == ("violated", "violated")
    assert (found["no_orphan_datapoints"], found["no_unknown_source_type"]) == ("holds", "holds")
    dry = send(running, schema, "POST", "/recover", {})
    live = send(running, schema, "POST", "/recover", {"dry_run": False})
    assert (live["ok"], live["done"]) == (True, True), live
    steps = {step["name"]: step for step in live["steps"]}
    assert steps["dedupe"]["changed"] == {step["name"]: step for step in dry["steps"]}["dedupe"]["changed"] == 2
    assert reached(running, schema) == list(schema.reached)
    found = outcomes(send(running, schema, "POST", "/check", {"mode": "full"}))
    assert {found[name] for name in ("one_artifact_per_object", "unique_index_present", "guards_present")} == {"holds"}
    walked = send(running, schema, "POST", "/backfill", {"dry_run": False})
    assert (walked["scanned"], walked["unchanged"] + walked.get("newer", 0), walked["unclassified"]) == (3, 2, 1)
    undone = send(running, schema, "POST", f"/runs/{live['run_id']}/undo")
    assert (undone["restored"], undone["refused"]) == (2, [])
    assert running.d1(f'SELECT * FROM "{table}" ORDER BY id', binding=schema.binding).rows == before


def test_files_that_are_kept_in_the_database_share_an_empty_key_and_are_never_merged(running: Harness) -> None:
    """Memos keeps a file in the row itself, or beside it in S3: only then has the row a key."""
    live = send(running, MEMOS, "POST", "/recover", {"dry_run": False})
    assert (live["ok"], live["done"]) == (False, True)
    steps = {step["name"]: step for step in live["steps"]}
    assert (steps["dedupe"]["changed"], steps["dedupe"]["after"]) == (1, 2)
    assert "cannot be created" in steps["index"]["error"]
    assert reached(running, MEMOS) == list(MEMOS.reached)
    assert send(running, MEMOS, "GET", "/summary")["pause"]["paused_by"] == "recovery"


def test_a_key_that_may_be_null_is_said_and_the_walk_looks_all_the_same(running: Harness) -> None:
    """Payload's `filename` is unique and may be NULL: no duplicate can arise, and a row may have no object."""
    found = outcomes(send(running, PAYLOAD, "POST", "/check", {"mode": "full"}))
    assert (found["one_artifact_per_object"], found["unique_index_present"]) == ("holds", "violated")
    walked = send(running, PAYLOAD, "POST", "/backfill", {"dry_run": False})
    assert (walked["scanned"], walked["unchanged"] + walked.get("newer", 0), walked["unclassified"]) == (3, 2, 1)
    assert reached(running, PAYLOAD) == list(PAYLOAD.reached)


@pytest.mark.parametrize("schema", SCHEMAS, ids=lambda schema: schema.name)
def test_the_profile_is_what_is_proposed(running: Harness, schema: RealSchema) -> None:
    found = send(running, schema, "GET", "/profiles/proposals")["proposals"]
    proposed = {**found[0]["tables"], "source_type": "literal:upload"}
    expected = {"id": "id", "r2_key": "r2_key", "r2_bucket": f"literal:{schema.name}", "source_type": "literal:upload"}
    assert {**proposed, "fetched_at": "?"} == {**expected, **schema.tables, "fetched_at": "?"}
    assert found[0]["found"] > 0


def test_a_tick_goes_through_all_of_them_and_each_stands_in_the_overview(running: Harness) -> None:
    assert running.scheduled() == "ok", running.logs()[-3:]
    lines = raw(running, "GET", "/profiles").json()["profiles"]
    assert [(one["name"], one["table"], one["error"]) for one in lines] == [
        (one.name, one.tables["artifacts"], None) for one in SCHEMAS
    ]
    assert all(one["state"]["last_tick_status"] == "succeeded" for one in lines)
    assert raw(running, "GET", "/summary?profile=nobody").status == 404
