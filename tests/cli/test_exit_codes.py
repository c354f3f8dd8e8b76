"""Every exit code is seen, from what causes it."""

from __future__ import annotations

import pytest

from steward.exits import Exit, detailed
from tests.cli.conftest import Operator
from tests.support.actions import Api
from tests.support.command import Started, Where
from tests.support.served import CUT, Answered

PROBLEM = {"type": "about:blank", "title": "Refused now", "detail": "Not now.", "hint": "Later."}


def problem(status: int, **more: object) -> Answered:
    return Answered(status, {**PROBLEM, "status": status, **more})


def break_one(operator: Operator) -> None:
    operator.world.database.script(
        "INSERT INTO artifacts (r2_bucket, r2_key, source_type) VALUES ('artifacts', 'raw/x', 'unknown')"
    )


def test_clean_is_0(operator: Operator) -> None:
    operator.run("check", "--full")
    operator.run("status")
    operator.run("recover")
    operator.run("backfill")


def test_a_violated_invariant_is_3(operator: Operator) -> None:
    break_one(operator)
    operator.run("check", "--full", code=3)
    operator.run("status", code=3)
    operator.run("recover", code=3)
    operator.run("doctor", code=3)


def test_a_dry_run_that_would_change_something_is_3_and_the_live_one_is_0(operator: Operator) -> None:
    operator.put("raw/a")
    operator.run("backfill", code=3)
    operator.run("pass", code=3)
    operator.run("backfill", "--live")
    operator.run("backfill")


def test_what_was_never_checked_is_1(operator: Operator) -> None:
    assert "Not checked" in operator.run("status", code=1).out


def test_a_check_that_could_not_look_is_1_even_beside_a_violation(operator: Operator) -> None:
    verdict = {"name": "a", "severity": "error", "violations": 1, "sample": [], "method": "scan"}
    verdicts = [{**verdict, "outcome": "violated"}, {**verdict, "outcome": "not_checked", "reason": "no time"}]
    body = {"run_id": 1, "ok": False, "mode": "fast", "checked_at": "x", "invariants": verdicts}
    operator.instead(lambda asked: Answered(200, body) if asked.path == "/check" else None)
    assert "no time" in operator.run("check", code=1).out


@pytest.mark.parametrize(
    "arguments", [(), ("nope",), ("check", "--nope"), ("undo",), ("undo", "x"), ("runs", "--limit", "0"), ("pause",)]
)
def test_a_wrong_command_line_is_2(operator: Operator, arguments: tuple[str, ...]) -> None:
    assert operator.run(*arguments, code=2).out == ""
    assert operator.served.asked == []


def test_a_wrong_value_is_2_whoever_finds_it(operator: Operator) -> None:
    assert "There is no run 999" in operator.run("undo", "999", code=2).err
    assert "There is no bucket" in operator.run("backfill", "--bucket", "nope", code=2).err
    assert "no/such/file" in operator.run("rules", "put", "no/such/file", code=2).err
    assert "no list of rules" in operator.run("rules", "put", "-", stdin="{}", code=2).err
    assert "rules[0].x" in operator.run("rules", "put", "-", stdin='[{"x": 1}]', code=2).err


def test_a_wrong_token_and_none_are_4(operator: Operator) -> None:
    for token in ("wrong", ""):
        where = Where(operator.where.home, {"STEWARD_URL": operator.served.url, "STEWARD_TOKEN": token})
        for command in ("status", "doctor"):
            ran = Started(where, command).finish(operator.served.turn)
            assert (ran.code, ran.out) == (4, ""), ran


def test_a_role_that_is_too_small_is_4_and_says_which_is_needed(operator: Operator) -> None:
    reader = "0123456789abcdef0123456789abcdef"
    operator.served.api = Api(operator.world, {"STEWARD_TOKENS": f"ci:read:{reader}"})
    where = Where(operator.where.home, {"STEWARD_URL": operator.served.url, "STEWARD_TOKEN": reader})
    assert Started(where, "runs").finish(operator.served.turn).code == 0
    ran = Started(where, "pause", "INC-1").finish(operator.served.turn)
    assert (ran.code, ran.out) == (4, "")
    assert '"operate"' in ran.err
    assert reader not in ran.err


def test_too_many_wrong_tokens_are_5(operator: Operator) -> None:
    where = Where(operator.where.home, {"STEWARD_URL": operator.served.url, "STEWARD_TOKEN": "wrong"})
    codes = [Started(where, "status").finish(operator.served.turn).code for _ in range(4)]
    assert codes == [4, 4, 4, 5]


def test_another_live_run_is_5(operator: Operator) -> None:
    operator.instead(lambda _asked: problem(409, reason="busy"))
    for command in (("recover", "--live"), ("backfill", "--live"), ("undo", "1"), ("check",)):
        assert "Not now." in operator.run(*command, code=5).err


@pytest.mark.parametrize("reason", ["max_deletes", "paused", "unique_index", "references", "schema", "guards_lifted"])
def test_a_refusal_is_6_and_says_why(operator: Operator, reason: str) -> None:
    operator.instead(lambda _asked: problem(409, reason=reason))
    assert f"Not now. [{reason}]" in operator.run("recover", "--live", code=6).err


def test_an_undo_that_leaves_rows_as_they_are_is_6(operator: Operator) -> None:
    body = {"run_id": 2, "undone_run": 1, "done": True, "restored": 0, "children_restored": 0, "refused": [{"id": 7}]}
    operator.instead(lambda _asked: Answered(200, body))
    assert "id=7" in operator.run("undo", "1", code=6).out


@pytest.mark.parametrize(
    "answer",
    [
        CUT,
        problem(404),
        problem(500),
        problem(503, reason="platform"),
        problem(503, setting="BUCKETS"),
        Answered(200, "<html>"),
        Answered(302, ""),
        Answered(404, "{}"),
        Answered(502, "<html>"),
    ],
)
def test_what_failed_is_1_and_never_3(operator: Operator, answer: Answered) -> None:
    operator.instead(lambda _asked: answer)
    for command in ("check", "backfill", "doctor"):
        operator.run(command, code=1)


def test_a_recovery_whose_step_failed_is_1(operator: Operator) -> None:
    step = {"name": "dedupe", "before": 1, "after": 1, "changed": 0, "sample": [], "error": "Step dedupe: D1 is away."}
    body = {"run_id": 2, "dry_run": False, "done": False, "steps": [step], "ok": False}
    operator.instead(lambda _asked: Answered(200, body))
    ran = operator.run("recover", "--live", code=1)
    assert "D1 is away" in ran.err
    assert "steward recover --max-groups 1000 --live" in ran.err


def test_a_worker_that_is_not_there_is_1(operator: Operator) -> None:
    operator.served.close()
    assert "gave no answer (ConnectError)" in Started(operator.where, "status").finish().err


def test_an_answer_of_another_version_is_1_and_named(operator: Operator) -> None:
    operator.instead(lambda _asked: Answered(200, {}))
    assert "no 'invariants'" in operator.run("check", code=1).err


def test_detailed_codes_are_those_of_terraform(operator: Operator) -> None:
    operator.put("raw/a")
    operator.run("backfill", "--detailed-exitcode", code=2)
    operator.run("backfill", "--live", "--detailed-exitcode", code=0)
    operator.run("undo", "999", "--detailed-exitcode", code=1)
    operator.run("backfill", "--nope", "--detailed-exitcode", code=1)
    assert {one: detailed(one) for one in Exit} == {0: 0, 1: 1, 2: 1, 3: 2, 4: 1, 5: 1, 6: 1, 130: 130}


def test_help_and_version_are_0(operator: Operator) -> None:
    assert "pass" in operator.run("--help").out
    assert operator.run("--version").out.startswith("steward ")
    assert operator.served.asked == []
