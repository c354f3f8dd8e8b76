"""Alerts and heartbeat against a real HTTP server on loopback."""

from __future__ import annotations

import json
from collections.abc import Iterator

import pytest

from reporting.alerts import ATTEMPTS, REFUSED_TRIES
from tests.support.actions import TOKEN
from tests.support.receiver import Receiver
from tests.support.runtime import migrate
from tests.worker.conftest import Steward
from tooling.harness import Config, Harness


@pytest.fixture(scope="module")
def receiver() -> Iterator[Receiver]:
    with Receiver() as receiver:
        yield receiver


@pytest.fixture(scope="module")
def harness(receiver: Receiver) -> Iterator[Harness]:
    variables = {
        "STEWARD_TOKEN": TOKEN,
        "BACKFILL_MODE": "live",
        "ALERT_WEBHOOK_URL": receiver.url("/hook"),
        "ALERT_WEBHOOK_SECRET": "secret",
        "HEARTBEAT_URL": receiver.url("/ping"),
    }
    with Harness(Config(vars=variables)) as harness:
        migrate(harness)
        yield harness


@pytest.fixture
def steward(harness: Harness, receiver: Receiver) -> Steward:
    harness.d1("DELETE FROM artifacts")
    harness.d1("DELETE FROM steward_findings")
    harness.d1("DELETE FROM steward_alerts")
    harness.d1("DELETE FROM steward_passes")
    for key in harness.kv_list():
        harness.kv_delete(key)
    receiver.status, receiver.delay = 200, 0
    receiver.requests.clear()
    harness.d1("INSERT INTO artifacts (r2_bucket, r2_key) VALUES ('b', 'k')")
    return Steward(harness)


def hooks(receiver: Receiver) -> list[dict[str, object]]:
    return [json.loads(request.body) for request in receiver.requests if request.path == "/hook"]


def pings(receiver: Receiver) -> list[str]:
    return [request.path for request in receiver.requests if request.path.startswith("/ping")]


def test_a_change_is_posted_once_signed_and_the_heartbeat_follows(steward: Steward, receiver: Receiver) -> None:
    steward.tick()
    steward.tick()
    [message] = hooks(receiver)
    assert (message["invariant"], message["change"], message["violations"]) == ("no_unknown_source_type", "opened", 1)
    assert "x-steward-signature" in receiver.requests[0].headers
    assert pings(receiver) == ["/ping", "/ping"]


def test_a_receiver_that_answers_500_gets_it_again_from_the_next_tick(steward: Steward, receiver: Receiver) -> None:
    receiver.status = 500
    steward.tick()
    assert len(hooks(receiver)) == ATTEMPTS
    receiver.status = 200
    receiver.requests.clear()
    steward.tick()
    steward.tick()
    assert len(hooks(receiver)) == 1


def test_a_slow_receiver_gets_it_once(steward: Steward, receiver: Receiver) -> None:
    receiver.delay = 2
    steward.tick()
    steward.tick()
    assert len(hooks(receiver)) == 1


def test_a_receiver_that_does_not_answer_neither_fails_the_tick_nor_loses_the_alert(
    steward: Steward, receiver: Receiver
) -> None:
    receiver.delay = 9
    assert steward.tick()["status"] == "succeeded"
    receiver.delay = 0
    assert steward.sql("SELECT count(*) AS n FROM steward_alerts WHERE sent_at IS NULL") == [{"n": 1}]
    steward.tick()
    assert steward.sql("SELECT count(*) AS n FROM steward_alerts WHERE sent_at IS NULL") == [{"n": 0}]


def test_an_address_where_nobody_listens_is_recorded_and_tried_again(steward: Steward, receiver: Receiver) -> None:
    with receiver.away():
        assert steward.tick()["status"] == "succeeded"
    [alert] = steward.sql("SELECT attempts, sent_at, last_error FROM steward_alerts")
    assert (alert["attempts"], alert["sent_at"]) == (ATTEMPTS, None)
    assert alert["last_error"]
    steward.tick()
    assert len(hooks(receiver)) == 1


def test_a_failed_tick_is_told_and_the_heartbeat_says_fail(steward: Steward, receiver: Receiver) -> None:
    steward.harness.d1("ALTER TABLE source_type_rules RENAME TO hidden")
    try:
        assert steward.harness.scheduled() == "exception"
    finally:
        steward.harness.d1("ALTER TABLE hidden RENAME TO source_type_rules")
    assert [message["kind"] for message in hooks(receiver)] == ["finding", "tick_failed"]
    assert pings(receiver) == ["/ping/fail"]


def test_what_the_receiver_refuses_for_good_costs_three_posts_is_parked_shown_and_sent_when_asked(
    steward: Steward, receiver: Receiver
) -> None:
    receiver.status = 410
    for _ in range(5):
        assert steward.tick()["status"] == "succeeded"
    assert len(hooks(receiver)) == REFUSED_TRIES
    summary = steward.send("GET", "/summary").json()
    assert (summary["alerts_waiting"], summary["alerts_parked"]) == (0, 1)
    assert summary["alert_error"] == "The receiver answered 410."
    receiver.status = 200
    receiver.requests.clear()
    steward.sql(
        "UPDATE steward_alerts SET parked_at = NULL, next_attempt_at = NULL, attempts = 0 WHERE sent_at IS NULL"
    )
    steward.tick()
    assert len(hooks(receiver)) == 1
