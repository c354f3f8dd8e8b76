"""Who may do what, who is on record for it, and whose failures count together."""

from __future__ import annotations

import json
import re
from typing import Any

import httpx
import pytest

from api.operation import Operation
from api.operations import OPERATIONS
from tests.support.actions import TOKEN, Api, everything, numbered
from tests.support.fakes import World, migrated_world
from tests.unit.api.test_http import check_problem
from words import ROLES, Role

TOKENS: dict[Role, str] = {role: f"{role}-0123456789abcdefghijklmnopqrstuv" for role in ROLES}
SECOND = "zyxwvutsrqponmlkjihgfedcba9876543210"
VARIABLES = {
    "STEWARD_TOKEN": TOKEN,
    "STEWARD_TOKENS": "\n".join(f"the-{role}:{role}:{token}" for role, token in TOKENS.items())
    + f"\nthe-read:read:{SECOND}\n",
}


@pytest.fixture
def world() -> World:
    world = migrated_world()
    world.rules((1, "raw/*", "raw"))
    world.bucket.put(*numbered(3))
    return world


@pytest.fixture
def api(world: World) -> Api:
    return Api(world, VARIABLES)


def ask(api: Api, token: str, method: str, path: str, body: object = None, **headers: str) -> httpx.Response:
    content = None if method == "GET" else json.dumps(body or {}).encode()
    said = {"Authorization": f"Bearer {token}", "Content-Type": "application/json", **headers}
    return api.send(method, re.sub(r"\{\w+_id\}", "1", path).replace("{name}", "ids_are_unique"), content, said)


def example(operation: Operation) -> object:
    return {**(operation.example or {}), **({"dry_run": False} if operation.may_be_dry else {})}  # type: ignore[dict-item]  # every example is an object


def but_runs(world: World) -> str:
    return "\n".join(line for line in everything(world).splitlines() if "steward_runs" not in line)


@pytest.mark.parametrize("operation", OPERATIONS, ids=lambda one: f"{one.method} {one.path}")
@pytest.mark.parametrize("role", ROLES)
def test_a_role_does_what_it_may_and_is_told_the_role_for_the_rest(api: Api, role: Role, operation: Operation) -> None:
    before = everything(api.world)
    answer = ask(api, TOKENS[role], operation.method, operation.path, example(operation))
    if ROLES.index(role) >= ROLES.index(operation.role):
        assert answer.status_code in (200, 404, 409), answer.text
    else:
        found = check_problem(answer, 403)
        assert found["role"] == operation.role
        assert f'"{operation.role}"' in found["detail"]
        assert TOKENS[role] not in answer.text
        assert everything(api.world) == before


@pytest.mark.parametrize("operation", OPERATIONS, ids=lambda one: f"{one.method} {one.path}")
def test_reading_changes_nothing_but_the_row_of_its_own_run(api: Api, operation: Operation) -> None:
    body = {**(operation.example or {}), **({"dry_run": True} if operation.may_be_dry else {})}  # type: ignore[dict-item]  # every example is an object
    before, writes = but_runs(api.world), api.world.store.writes
    answer = ask(api, TOKENS["read"], operation.method, operation.path, body)
    assert answer.status_code in ((200, 404) if operation.role == "read" or operation.may_be_dry else (403,))
    assert (but_runs(api.world), api.world.store.writes) == (before, writes)


@pytest.mark.parametrize("said", [{}, {"dry_run": None}, {"dry_run": False}])
def test_only_a_dry_run_is_for_reading(api: Api, said: dict[str, object]) -> None:
    answer = ask(api, TOKENS["read"], "POST", "/recover", said)
    assert answer.status_code == (200 if said == {} else 403 if said["dry_run"] is False else 422)


def test_the_operator_token_may_do_all(api: Api) -> None:
    for operation in OPERATIONS:
        assert ask(api, TOKEN, operation.method, operation.path, example(operation)).status_code != 403


def test_two_tokens_of_one_name_are_valid_at_once(api: Api) -> None:
    for token in (TOKENS["read"], SECOND):
        assert ask(api, token, "POST", "/backfill").status_code == 200
    runs = ask(api, SECOND, "GET", "/runs").json()["runs"]
    assert [run["token_name"] for run in runs] == ["the-read", "the-read"]


def test_named_tokens_are_enough_and_are_not_needed(world: World) -> None:
    named = Api(world, {"STEWARD_TOKENS": VARIABLES["STEWARD_TOKENS"]})
    assert ask(named, TOKENS["operate"], "GET", "/runs").status_code == 200
    assert ask(named, TOKEN, "GET", "/runs").status_code == 401
    assert ask(Api(world), TOKENS["operate"], "GET", "/runs").status_code == 401
    assert ask(Api(world, {}), "", "GET", "/runs").status_code == 503


@pytest.mark.parametrize("named", [f"anna:read:{TOKEN}", "anna:read:secret-and-short", "secret-alone"])
def test_a_malformed_table_is_503_by_name_and_shows_no_token(world: World, named: str) -> None:
    same = Api(world, {"STEWARD_TOKEN": named.rpartition(":")[2], "STEWARD_TOKENS": named})
    found = check_problem(ask(same, "whatever", "GET", "/runs"), 503)
    assert found["setting"] == "STEWARD_TOKENS"
    assert "secret" not in json.dumps(found)


KINDS = [
    ("/backfill", {}),
    ("/backfill", {"dry_run": False}),
    ("/check", {}),
    ("/guards", {}),
    ("/recover", {"dry_run": False}),
    ("/recover", {}),
]


@pytest.mark.parametrize(("path", "body"), KINDS)
@pytest.mark.parametrize(("headers", "actor"), [({}, "the-operate"), ({"X-Steward-Actor": "anna"}, "anna")])
def test_every_run_says_who_asked(
    api: Api, path: str, body: dict[str, Any], headers: dict[str, str], actor: str
) -> None:
    ask(api, TOKENS["operate"], "POST", path, body, **headers)
    [run] = ask(api, SECOND, "GET", "/runs").json()["runs"]
    assert (run["actor"], run["token_name"]) == (actor, "the-operate")
    assert ask(api, SECOND, "GET", f"/runs/{run['id']}").json()["actor"] == actor


def test_an_undo_says_who_asked_and_a_tick_that_nobody_did(api: Api, world: World) -> None:
    recovery = ask(api, TOKEN, "POST", "/recover", {"dry_run": False}).json()
    ask(api, TOKEN, "POST", f"/runs/{recovery['run_id']}/undo", **{"X-Steward-Actor": "bo"})
    asked = "SELECT actor FROM steward_runs ORDER BY id"
    assert world.database.all(asked) == [("operator",), ("bo",)]


@pytest.mark.parametrize(
    ("said", "actor"),
    [
        ("  anna  \t bo ", "anna bo"),
        ("Zoë", "Zoë"),
        ("an\x1b[31mna\u202e", "an [31mna"),
        ("\x07", "operator"),
        ("", "operator"),
        ("a" * 1000, "a" * 100),
    ],
)
def test_an_actor_is_bounded_and_cleaned(api: Api, world: World, said: str, actor: str) -> None:
    assert ask(api, TOKEN, "POST", "/backfill", **{"X-Steward-Actor": said}).status_code == 200
    assert world.database.one("SELECT actor FROM steward_runs") == actor


def test_the_author_of_a_pause_is_who_asked_and_no_run_can_be_imitated(api: Api) -> None:
    for name in ("recovery", "Undo"):
        answer = ask(api, TOKEN, "POST", "/pause", {"reason": "x"}, **{"X-Steward-Actor": name})
        assert check_problem(answer, 422)["field"] == "X-Steward-Actor"
    paused = ask(api, TOKEN, "POST", "/pause", {"reason": "x"}, **{"X-Steward-Actor": "anna"}).json()
    assert paused["paused_by"] == "anna"
    assert ask(api, TOKEN, "POST", "/pause", {"reason": "y"}).json()["paused_by"] == "anna"


@pytest.mark.parametrize("by", ["recovery", "undo"])
def test_a_person_takes_over_the_pause_of_a_run(api: Api, world: World, by: str) -> None:
    world.database.script(f"UPDATE steward_control SET paused_by = '{by}', pause_reason = 'r', paused_at = 't'")
    assert ask(api, TOKENS["operate"], "POST", "/pause", {"reason": "mine"}).json()["paused_by"] == "the-operate"
    ask(api, TOKEN, "POST", "/recover", {"dry_run": False, "resume": False})
    assert ask(api, TOKEN, "GET", "/summary").json()["pause"]["paused_by"] == "the-operate"


def failures(api: Api, *said: dict[str, str]) -> list[int]:
    return [ask(api, "wrong", "GET", "/runs", **headers).status_code for headers in said]


@pytest.mark.parametrize(
    "same",
    [
        [{"CF-Connecting-IP": "192.0.2.1"}] * 4,
        [{"CF-Connecting-IP": f"2001:db8:1:2::{place}"} for place in range(1, 5)],
        [{}, {"CF-Connecting-IP": ""}, {"CF-Connecting-IP": "me"}, {"CF-Connecting-IP": "192.0.2.1, 192.0.2.2"}],
        [{"CF-Worker": "example.com", "CF-Connecting-IP": f"192.0.2.{place}"} for place in range(4)],
    ],
    ids=["address", "network", "no address", "Worker"],
)
def test_failures_of_one_client_count_together(api: Api, same: list[dict[str, str]]) -> None:
    assert failures(api, *same) == [401, 401, 401, 429]
    assert failures(api, {"CF-Connecting-IP": "198.51.100.7"}, {"CF-Connecting-IP": "2001:db8:1:3::1"}) == [401, 401]


def test_failures_of_all_count_too_and_a_right_token_is_never_kept_out(api: Api) -> None:
    forged = [{"CF-Connecting-IP": f"192.0.2.{place}"} for place in range(12)]
    assert failures(api, *forged) == [401] * 10 + [429] * 2
    assert ask(api, TOKEN, "GET", "/runs", **forged[0]).status_code == 200
