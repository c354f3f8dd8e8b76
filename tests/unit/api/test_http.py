from __future__ import annotations

import json
from typing import Any

import pytest

from errors import PlatformError
from ports import ListRequest, Page
from tests.support.actions import TOKEN, Api, DefectiveDatabase, everything, numbered, rows
from tests.support.bad_input import BAD, Bad
from tests.support.fakes import DictBucket, World, migrated_world

BEARER = {"Authorization": f"Bearer {TOKEN}"}


@pytest.fixture
def world() -> World:
    world = migrated_world()
    world.rules((1, "raw/*", "raw"))
    world.bucket.put(*numbered(30))
    return world


@pytest.fixture
def api(world: World) -> Api:
    return Api(world)


def check_problem(answer: Any, status: int) -> dict[str, Any]:  # noqa: ANN401
    """Hold an answer against RFC 9457 and return its members."""
    assert answer.status_code == status, answer.text
    assert answer.headers["content-type"] == "application/problem+json"
    found: dict[str, Any] = answer.json()
    assert found["status"] == status
    assert found["title"]
    assert found["detail"]
    assert TOKEN not in answer.text
    return found


@pytest.mark.parametrize("bad", BAD, ids=lambda bad: bad.name)
def test_bad_input_is_answered_with_its_field_and_nothing_changes(api: Api, world: World, bad: Bad) -> None:
    before = everything(world)
    headers = BEARER if bad.content_type is None else {**BEARER, "Content-Type": bad.content_type}
    answer = api.send(bad.method, bad.path, bad.body, headers)
    found = check_problem(answer, bad.status)
    assert found["field"] == bad.names
    assert found["hint"]
    assert everything(world) == before
    assert world.store.writes == 0


def test_a_backfill_answers_with_its_report(api: Api, world: World) -> None:
    answer = api.json("POST", "/backfill", {"dry_run": False, "max_objects": 10})
    assert answer.status_code == 200
    assert answer.headers["content-type"] == "application/json"
    assert (answer.json()["scanned"], answer.json()["inserted"]) == (10, 10)
    assert len(rows(world)) == 10


@pytest.mark.parametrize("body", [{}, {"r2_bucket": None, "cursor": None, "start_after": None}])
def test_a_backfill_is_dry_unless_told_otherwise(api: Api, world: World, body: dict[str, object]) -> None:
    assert api.json("POST", "/backfill", body).json()["dry_run"] is True
    assert rows(world) == []


@pytest.mark.parametrize("content_type", ["application/json", "application/json; charset=utf-8", "Application/JSON"])
def test_json_may_be_declared_as_it_is_usually_written(api: Api, content_type: str) -> None:
    assert api.send("POST", "/backfill", b"{}", {**BEARER, "Content-Type": content_type}).status_code == 200


def test_a_body_of_exactly_64_kib_is_taken(api: Api) -> None:
    body = b'{"max_objects": 1}'.ljust(65536)
    assert api.send("POST", "/backfill", body, {**BEARER, "Content-Type": "application/json"}).status_code == 200


@pytest.mark.parametrize("prefix", ["[" * 1000, "{[" * 400, '"[' * 300, "\\" * 300, '\\"[{' * 200])
def test_brackets_in_a_text_are_not_taken_for_nesting(api: Api, prefix: str) -> None:
    assert api.json("POST", "/backfill", {"r2_prefix": prefix}).status_code == 200


def test_a_whole_number_may_be_written_with_a_point(api: Api) -> None:
    body = b'{"max_objects": 10.0}'
    answer = api.send("POST", "/backfill", body, {**BEARER, "Content-Type": "application/json"})
    assert answer.json()["scanned"] == 10


def test_busy_paused_and_refused_are_409_with_a_reason(api: Api, world: World) -> None:
    world.database.script("UPDATE steward_control SET lease_token = 'x', lease_run = 7, lease_until = '9999'")
    busy = check_problem(api.json("POST", "/backfill", {"dry_run": False}), 409)
    assert (busy["reason"], "7" in busy["detail"]) == ("busy", True)
    assert api.json("POST", "/backfill", {"dry_run": True}).status_code == 200
    world.database.script("UPDATE steward_control SET lease_token = NULL, paused_by = 'me', pause_reason = 'why'")
    assert check_problem(api.json("POST", "/backfill", {"dry_run": False}), 409)["reason"] == "paused"


def test_pause_and_resume_answer_with_the_state(api: Api) -> None:
    paused = api.json("POST", "/pause", {"reason": "moving house"}).json()
    assert (paused["paused"], paused["paused_by"], paused["pause_reason"]) == (True, "operator", "moving house")
    assert api.json("POST", "/resume").json()["paused"] is False


def test_rules_are_put_and_got_in_the_order_they_are_tried(api: Api) -> None:
    sent = [
        {"priority": 2, "pattern": "*", "source_type": "rest"},
        {"priority": 1, "pattern": "é*", "source_type": "accented"},
    ]
    put = api.json("PUT", "/rules", {"rules": sent})
    assert put.status_code == 200
    assert put.json() == api.json("GET", "/rules").json() == {"rules": sent[::-1]}


def test_runs_are_paged(api: Api) -> None:
    ids = [api.json("POST", "/backfill", {}).json()["run_id"] for _ in range(3)]
    first = api.json("GET", "/runs?limit=2&kind=backfill").json()
    assert [run["id"] for run in first["runs"]] == ids[:0:-1]
    assert first["next"] == ids[1]
    rest = api.json("GET", f"/runs?limit=2&before={first['next']}").json()
    assert ([run["id"] for run in rest["runs"]], rest["next"]) == ([ids[0]], None)


def test_a_run_is_got_with_its_request_and_counts(api: Api) -> None:
    run_id = api.json("POST", "/backfill", {"max_objects": 3}).json()["run_id"]
    run = api.json("GET", f"/runs/{run_id}").json()
    assert (run["status"], run["request"]["max_objects"], run["counts"]["scanned"]) == ("succeeded", 3, 3)


# Who may ask


@pytest.mark.parametrize(
    "header",
    [
        None,
        "",
        "Bearer",
        "Bearer ",
        "Bearer wrong",
        f"Bearer {TOKEN} ",
        f"Bearer {TOKEN}x",
        f"Bearer {TOKEN[:-1]}",
        f"Bearer {TOKEN.upper()}",
        f"Basic {TOKEN}",
        TOKEN,
        "Bearer \u00fc",
        "Bearer \U0001f600",
    ],
)
@pytest.mark.parametrize(
    ("method", "path"),
    [("POST", "/backfill"), ("GET", "/runs"), ("GET", "/runs/1"), ("PUT", "/rules"), ("POST", "/pause")],
)
def test_a_wrong_or_missing_token_is_401_and_nothing_changes(
    api: Api, world: World, method: str, path: str, header: str | None
) -> None:
    before = everything(world)
    headers = {} if header is None else {"Authorization": header}
    answer = api.send(method, path, b"{}", {**headers, "Content-Type": "application/json"})
    check_problem(answer, 401)
    assert answer.headers["www-authenticate"] == "Bearer"
    assert everything(world) == before


@pytest.mark.parametrize("scheme", ["Bearer", "bearer", "BEARER"])
def test_the_name_of_the_scheme_may_be_written_in_any_case(api: Api, scheme: str) -> None:
    assert api.send("GET", "/runs", headers={"Authorization": f"{scheme} {TOKEN}"}).status_code == 200


def test_a_token_of_any_text_can_be_used(world: World) -> None:
    api = Api(world, {"STEWARD_TOKEN": "schlüssel 😀"})
    assert api.send("GET", "/runs", headers={"Authorization": "Bearer schlüssel 😀"}).status_code == 200


@pytest.mark.parametrize("variables", [{}, {"STEWARD_TOKEN": ""}, {"STEWARD_TOKEN": None}])
@pytest.mark.parametrize("header", ["Bearer ", "Bearer", "Bearer None", "Bearer a-token-of-the-tests"])
def test_without_a_configured_token_nothing_is_served(world: World, variables: dict[str, object], header: str) -> None:
    answer = Api(world, variables).send("GET", "/runs", headers={"Authorization": header})
    assert check_problem(answer, 503)["setting"] == "STEWARD_TOKEN"


@pytest.mark.parametrize(("name", "value"), [("TICK_SECONDS", "soon"), ("BUCKETS", "{"), ("NO_SUCH", "1")])
def test_a_malformed_setting_is_503_and_named_to_those_who_have_the_token(
    world: World, name: str, value: object
) -> None:
    api = Api(world, {"STEWARD_TOKEN": TOKEN, name: value})
    assert check_problem(api.json("GET", "/runs"), 503)["setting"] == name
    assert name not in check_problem(api.send("GET", "/runs"), 401)["detail"]


def test_healthz_says_that_it_runs_and_nothing_else(world: World) -> None:
    for variables in ({}, {"STEWARD_TOKEN": TOKEN}, {"BUCKETS": "{"}):
        answer = Api(world, variables).send("GET", "/healthz")
        assert (answer.status_code, answer.json()) == (200, {"status": "ok"})


# What there is


@pytest.mark.parametrize(
    ("path", "allowed"),
    [("/healthz", "GET"), ("/backfill", "POST"), ("/runs", "GET"), ("/rules", "PUT"), ("/pause", "POST")],
)
def test_a_method_that_a_path_does_not_have_is_405_with_those_it_has(api: Api, path: str, allowed: str) -> None:
    answer = api.send("DELETE", path, headers=BEARER)
    check_problem(answer, 405)
    assert allowed in answer.headers["allow"].split(", ")


@pytest.mark.parametrize("path", ["/nothing", "/backfill/x", "/runs/x", "/runs/-1", "/runs/1.5", "/runs/" + "1" * 5000])
def test_a_path_that_is_not_there_is_404(api: Api, path: str) -> None:
    check_problem(api.send("GET", path, headers=BEARER), 404)


def test_a_platform_failure_is_503_with_its_run_and_the_cause(api: Api, world: World) -> None:
    class BrokenBucket(DictBucket):
        async def list_page(self, request: ListRequest) -> Page:
            raise PlatformError(f"Listing {request.prefix!r} failed: it is broken", hint="Look.")

    world.buckets["artifacts"] = BrokenBucket()
    found = check_problem(api.json("POST", "/backfill", {}), 503)
    assert (found["reason"], found["detail"]) == ("platform", "Listing '' failed: it is broken")
    run = api.json("GET", f"/runs/{found['run_id']}").json()
    assert (run["status"], "broken" in run["error"]) == ("failed", True)


@pytest.mark.parametrize(
    ("path", "body", "text"),
    [
        ("/backfill", {}, "AS scanned"),
        ("/backfill", {"dry_run": False}, "INSERT INTO artifacts"),
        ("/check", {"mode": "full"}, "steward_violations"),
        ("/recover", {}, "sqlite_schema"),
        ("/recover", {"dry_run": False}, "sqlite_schema"),
    ],
)
def test_an_error_that_nobody_foresaw_is_a_500_whose_run_is_closed_as_failed(
    api: Api, path: str, body: dict[str, object], text: str, capsys: pytest.CaptureFixture[str]
) -> None:
    world = api.world
    world.database = DefectiveDatabase(world.database.connection, text, ZeroDivisionError("oh no"))
    answer = api.json("POST", path, body)
    found = check_problem(answer, 500)
    assert "log" in found["hint"]
    assert "Traceback" not in answer.text
    assert "oh no" not in answer.text
    assert answer.headers["x-content-type-options"] == "nosniff"
    [(run_id, status, error)] = world.database.all("SELECT id, status, error FROM steward_runs")
    assert (found["run_id"], status) == (run_id, "failed")
    assert str(error).startswith("ZeroDivisionError: oh no")
    assert world.database.one("SELECT lease_token FROM steward_control") is None
    [line] = [json.loads(one) for one in capsys.readouterr().out.splitlines() if "unexpected_error" in one]
    assert line["run_id"] == run_id
    assert "Traceback" in line["traceback"]


def test_an_undo_that_dies_of_an_error_that_nobody_foresaw_is_closed_as_failed(api: Api, world: World) -> None:
    recovery = api.json("POST", "/recover", {"dry_run": False}).json()
    world.database = DefectiveDatabase(world.database.connection, "sqlite_schema", ZeroDivisionError("oh no"))
    found = check_problem(api.json("POST", f"/runs/{recovery['run_id']}/undo"), 500)
    assert world.database.one("SELECT status FROM steward_runs WHERE id = ?", found["run_id"]) == "failed"


def test_a_step_of_a_recovery_that_nobody_foresaw_to_fail_is_told_with_how_to_go_on(api: Api, world: World) -> None:
    world.database = DefectiveDatabase(world.database.connection, "FROM source_type_rules", ZeroDivisionError("oh no"))
    report = api.json("POST", "/recover", {"dry_run": False}).json()
    errors = [step["error"] for step in report["steps"] if "error" in step]
    assert (len(errors), report["ok"], report["done"]) == (1, False, False)
    assert "ZeroDivisionError: oh no" in errors[0]
    assert "stays paused" in errors[0]
    assert world.database.one("SELECT status FROM steward_runs") == "failed"


def test_an_error_that_nobody_foresaw_without_a_run_is_a_500_too(
    api: Api, world: World, capsys: pytest.CaptureFixture[str]
) -> None:
    world.database = DefectiveDatabase(world.database.connection, "FROM steward_runs", ZeroDivisionError("oh no"))
    assert "run_id" not in check_problem(api.json("GET", "/runs"), 500)
    assert '"event": "unexpected_error"' in capsys.readouterr().out


def test_a_rule_that_plain_sql_stored_wrong_is_refused_by_name(api: Api, world: World) -> None:
    world.database.script("INSERT INTO source_type_rules VALUES ('high', 'old/*', 'old')")
    for method, path in (("GET", "/rules"), ("POST", "/backfill")):
        found = check_problem(api.json(method, path, {} if method == "POST" else None), 409)
        assert "'high', of the rule 'old/*'" in found["detail"]
