"""Each line of the doctor is seen to be well and to be wrong."""

from __future__ import annotations

from functools import partial

from steward.doctor.rules import literal
from tests.cli.conftest import Operator
from tests.support.actions import Api, tick
from tests.support.command import Where
from tests.support.served import CUT, Answered, Asked


def lines(operator: Operator, code: int = 0) -> dict[str, str]:
    """Return the state of each line."""
    report = operator.json("doctor", code=code)
    assert report["ok"] == (code == 0)
    return {line["what"]: line["state"] for line in report["lines"]}


def healthy(operator: Operator) -> None:
    operator.put("raw/a", "raw/b.pdf")
    tick(operator.world)
    operator.run("check", "--full")


def summary(operator: Operator, **changed: object) -> None:
    """Let the summary say something else."""
    operator.instead(lambda _asked: None)
    told = Answered(200, {**operator.json("summary"), **changed})
    operator.instead(lambda asked: told if asked.path == "/summary" and asked.with_token else None)


def test_a_healthy_deployment_is_clean_and_what_http_does_not_tell_is_not_checked(operator: Operator) -> None:
    healthy(operator)
    found = lines(operator)
    unknown = {"rate limit", "migrations", "alert address", "plan"}
    assert {what for what, state in found.items() if state == "not checked"} == unknown
    assert {what for what, state in found.items() if state != "ok"} == unknown


def test_it_changes_nothing(operator: Operator) -> None:
    healthy(operator)
    before = list(operator.world.database.connection.iterdump())
    lines(operator)
    assert list(operator.world.database.connection.iterdump()) == before


def test_a_fresh_deployment_is_told_what_is_missing(operator: Operator) -> None:
    found = lines(operator, code=1)
    assert (found["invariants"], found["cron"], found["rules"]) == ("failed", "wrong", "warning")
    text = operator.run("doctor", code=1).out
    assert "steward check --full" in text
    assert "never fired" in text


def test_a_database_in_disorder_is_wrong(night: Operator) -> None:
    night.run("check", "--full", code=3)
    found = lines(night, code=3)
    assert (found["unique index"], found["invariants"], found["guards"]) == ("wrong", "wrong", "ok")


def test_a_guessable_token_is_wrong(operator: Operator) -> None:
    healthy(operator)
    for token in ("short", "a" * 64):
        operator.served.api = Api(operator.world, {"STEWARD_TOKEN": token, "BACKFILL_MODE": "live"})
        operator.where = Where(operator.where.home, {**operator.where.variables, "STEWARD_TOKEN": token})
        assert lines(operator, code=3)["token"] == "wrong"


def test_a_worker_that_lets_strangers_in_is_wrong(operator: Operator) -> None:
    healthy(operator)
    operator.instead(lambda asked: None if asked.with_token else Answered(200, {}))
    assert lines(operator, code=3)["authentication"] == "wrong"


def test_an_older_worker_is_named_by_what_it_does_not_serve(operator: Operator) -> None:
    healthy(operator)
    older = {"info": {"version": "0"}, "paths": {"/summary": {"get": {}}}}
    operator.instead(lambda asked: Answered(200, older) if asked.path == "/openapi.json" else None)
    assert lines(operator, code=3)["interface"] == "wrong"


def test_cron_that_stopped_or_fails_is_wrong(operator: Operator) -> None:
    healthy(operator)
    operator.world.clock.advance(hours=2)
    assert lines(operator, code=3)["cron"] == "wrong"
    operator.world.database.script("UPDATE steward_runs SET status = 'failed', error = 'D1 was away'")
    found = lines(operator, code=3)
    assert found["ticks"] == "wrong"
    assert "D1 was away" in operator.run("doctor", code=3).out


def test_what_the_summary_tells_of_is_a_line(operator: Operator) -> None:
    healthy(operator)
    summary(operator, alerts_parked=2, alert_error="503")
    assert lines(operator, code=3)["alerts"] == "wrong"
    summary(operator, alerts_waiting=2, alert_error="503")
    assert lines(operator, code=3)["alerts"] == "wrong"
    summary(operator, guards={"lifted_until": "2026-01-01T00:00:00Z", "lifted_reason": "x"})
    assert lines(operator)["guards lifted"] == "warning"
    summary(operator, backfill_mode="dry")
    assert lines(operator)["backfill"] == "warning"
    summary(operator, full_check={"ended_at": None, "under_way": False})
    assert lines(operator, code=0)["full check"] == "warning"
    summary(operator, full_check={"ended_at": "2020-01-01T00:00:00Z", "under_way": False})
    assert lines(operator, code=3)["full check"] == "wrong"
    summary(operator, passes=[{"bucket": "artifacts", "error": "KV: 503"}])
    found = lines(operator, code=1)
    assert (found["KV"], found["pass of artifacts"]) == ("failed", "failed")


def test_a_pause_and_unclassified_objects_are_warned_of(operator: Operator) -> None:
    operator.put("nobody/knows")
    healthy(operator)
    operator.run("pause", "INC-1")
    found = lines(operator)
    assert (found["backfill"], found["pass of artifacts"]) == ("warning", "warning")


def test_a_run_with_more_queries_than_the_free_plan_allows_tells_the_plan(operator: Operator) -> None:
    healthy(operator)
    operator.world.database.script("""UPDATE steward_runs SET cost = '{"d1_batches": 51}' WHERE kind = 'tick'""")
    assert lines(operator)["plan"] == "ok"


def test_rules_that_never_match_are_named(operator: Operator) -> None:
    healthy(operator)
    operator.world.rules((10, "raw/*", "raw"), (20, "raw/*.pdf", "report"), (30, "scans/*", "scan"))
    assert lines(operator)["rules"] == "warning"
    assert "2 give no object its type: raw/*.pdf, scans/*" in operator.run("doctor").out


def test_in_a_large_bucket_a_rule_is_looked_for_where_it_could_match(operator: Operator) -> None:
    operator.put(*(f"a/{number:04}" for number in range(1100)), "z/1", *(f"m/{number:04}" for number in range(1100)))
    operator.world.rules(
        (10, "a/*", "a"), (20, "z/*", "z"), (30, "never/*", "n"), (40, "m/*x", "m"), (50, "*.gone", "g")
    )
    tick(operator.world)
    operator.run("check", "--full")
    text = operator.run("doctor").out
    assert "1 give no object its type: never/*" in text
    assert "2 matched none of the first 1,000 objects they could match" in text
    operator.world.database.script(
        "INSERT INTO artifacts (r2_bucket, r2_key, source_type) VALUES ('artifacts', '1.gone', 'g')"
    )
    assert "1 matched none of the first 1,000 objects they could match" in operator.run("doctor").out
    assert literal("a/b[0-9]*") == "a/b"


def cut(path: str, asked: Asked) -> Answered | None:
    return CUT if asked.path.partition("?")[0] == path else None


def test_a_look_that_failed_is_a_line_and_the_others_go_on(operator: Operator) -> None:
    healthy(operator)
    for path, what in (("/runs", "cron"), ("/rules/preview", "R2 artifacts"), ("/openapi.json", "worker")):
        operator.instead(partial(cut, path))
        found = lines(operator, code=1)
        assert found[what] == "failed"
        assert found["alerts"] == "ok"
    operator.instead(
        lambda asked: Answered(503, {"detail": "no D1", "status": 503}) if asked.path == "/summary" else None
    )
    assert lines(operator, code=1)["D1"] == "failed"
