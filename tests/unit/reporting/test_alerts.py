from __future__ import annotations

import asyncio
import hashlib
import hmac
import json
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from datetime import UTC, datetime

import pytest

from cron.tick import run_tick
from errors import OverloadedError, PlatformError
from reporting.alerts import ATTEMPTS, signature
from settings import read_settings
from tests.support.fakes import World, migrated_world

SECRET = "the-secret-of-the-receiver"
VARIABLES = {"ALERT_WEBHOOK_URL": "https://example.org/hook?key=private", "ALERT_WEBHOOK_SECRET": SECRET}


@dataclass
class Receiver:
    """Answers as the test says, once per request."""

    answer: Callable[[], int] = lambda: 200
    sent: list[tuple[str, str, Mapping[str, str]]] = field(default_factory=list)

    async def send(self, method: str, url: str, body: str, headers: Mapping[str, str], timeout_seconds: float) -> int:
        assert method == "POST"
        assert timeout_seconds > 0
        self.sent.append((url, body, headers))
        return self.answer()


def refuse() -> int:
    raise PlatformError("No connection for a POST")


def stay_silent() -> int:
    raise OverloadedError("No answer to a POST")


@pytest.fixture
def world() -> World:
    return migrated_world()


def tick(world: World, receiver: Receiver, **variables: object) -> str:
    world.poster = receiver  # type: ignore[assignment]  # another implementation of the same port
    settings = read_settings({**VARIABLES, **variables})
    return str(asyncio.run(run_tick(world.ports(), settings, "* * * * *"))["status"])


def texts(receiver: Receiver) -> list[str]:
    return [json.loads(body)["text"] for _, body, _ in receiver.sent]


def break_it(world: World, rows: int = 1) -> None:
    for number in range(rows):
        world.database.script(f"INSERT INTO artifacts (r2_bucket, r2_key) VALUES ('b', 'k{number}-{rows}')")


def test_a_change_is_told_once_and_what_stays_as_it_is_is_not(world: World) -> None:
    receiver = Receiver()
    break_it(world)
    assert [tick(world, receiver) for _ in range(3)] == ["succeeded"] * 3
    assert texts(receiver) == ["artifact-steward: no_unknown_source_type opened: 1 violation (error)."]


def test_opened_worse_resolved_and_reopened_are_each_told(world: World) -> None:
    receiver = Receiver()
    for change in (lambda: break_it(world), lambda: break_it(world, 2), None, lambda: break_it(world)):
        if change is None:
            world.database.script("DELETE FROM artifacts")
        else:
            change()
        tick(world, receiver)
    assert [text.split()[2].rstrip(":.") for text in texts(receiver)] == ["opened", "worse", "resolved", "reopened"]


def test_a_failed_tick_is_told_with_its_errors(world: World) -> None:
    receiver = Receiver()
    world.database.script("DROP TABLE source_type_rules")
    assert tick(world, receiver) == "failed"
    [message] = [json.loads(body) for _, body, _ in receiver.sent]
    assert message["kind"] == "tick_failed"
    assert "source_type_rules" in message["text"]
    assert message["run_id"] == 1


def test_a_refused_alert_is_tried_again_then_waits_for_the_next_tick_and_does_not_fail_this_one(world: World) -> None:
    away = Receiver(lambda: 500)
    break_it(world)
    assert tick(world, away) == "succeeded"
    assert len(away.sent) == ATTEMPTS
    assert world.database.all("SELECT attempts, last_error FROM steward_alerts") == [
        (ATTEMPTS, "The receiver answered 500.")
    ]
    back = Receiver()
    assert tick(world, back) == "succeeded"
    assert len(back.sent) == 1
    assert world.database.one("SELECT count(*) FROM steward_alerts WHERE sent_at IS NULL") == 0


@pytest.mark.parametrize(("answer", "attempts"), [(refuse, ATTEMPTS), (stay_silent, 1)])
def test_no_connection_is_tried_again_but_no_answer_is_left_to_the_next_tick(
    world: World, answer: Callable[[], int], attempts: int
) -> None:
    receiver = Receiver(answer)
    break_it(world)
    assert tick(world, receiver) == "succeeded"
    assert len(receiver.sent) == attempts


def test_an_alert_carries_a_signature_that_its_receiver_can_verify(world: World) -> None:
    receiver = Receiver()
    break_it(world)
    tick(world, receiver)
    [(_, body, headers)] = receiver.sent
    seconds, digest = (part.partition("=")[2] for part in headers["X-Steward-Signature"].split(","))
    assert digest == hmac.new(SECRET.encode(), f"{seconds}.{body}".encode(), hashlib.sha256).hexdigest()


def test_another_secret_or_body_gives_another_signature() -> None:
    moment = datetime(2026, 11, 22, tzinfo=UTC)
    assert len({signature("a", moment, "x"), signature("b", moment, "x"), signature("a", moment, "y")}) == 3


def test_the_secret_and_the_address_are_never_logged(world: World, capsys: pytest.CaptureFixture[str]) -> None:
    break_it(world)
    tick(world, Receiver(lambda: 500))
    logged = capsys.readouterr().out
    assert "alert_not_sent" in logged
    assert SECRET not in logged
    assert "private" not in logged


def test_without_an_address_no_alert_is_written(world: World) -> None:
    break_it(world)
    tick(world, Receiver(), ALERT_WEBHOOK_URL=None, ALERT_WEBHOOK_SECRET=None)
    assert world.database.one("SELECT count(*) FROM steward_alerts") == 0


@pytest.mark.parametrize(
    ("broken", "expected"),
    [(False, "https://example.org/ping/abc?x=1"), (True, "https://example.org/ping/abc/fail?x=1")],
)
def test_the_heartbeat_says_whether_the_tick_failed(world: World, broken: bool, expected: str) -> None:  # noqa: FBT001
    receiver = Receiver()
    if broken:
        world.database.script("DROP TABLE source_type_rules")
    tick(
        world,
        receiver,
        ALERT_WEBHOOK_URL=None,
        ALERT_WEBHOOK_SECRET=None,
        HEARTBEAT_URL="https://example.org/ping/abc?x=1",
    )
    assert [url for url, _, _ in receiver.sent] == [expected]


def test_a_heartbeat_that_nobody_takes_does_not_fail_the_tick(world: World) -> None:
    receiver = Receiver(refuse)
    status = tick(world, receiver, ALERT_WEBHOOK_URL=None, ALERT_WEBHOOK_SECRET=None, HEARTBEAT_URL="https://e.org/p")
    assert status == "succeeded"


def test_a_tick_tells_how_many_alerts_wait_beyond_those_it_took_up(world: World) -> None:
    insert = "INSERT INTO steward_alerts (created_at, kind, body) VALUES ('t', 'tick_failed', ?)"
    world.database.connection.executemany(insert, [('{"run_id": 1, "errors": []}',)] * 30)
    waits = "SELECT counts ->> '$.alerts.sent', counts ->> '$.alerts.waiting' FROM steward_runs ORDER BY id DESC"
    for variables, expected in (
        ({"ALERT_WEBHOOK_URL": None, "ALERT_WEBHOOK_SECRET": None}, (0, 30)),
        ({}, (20, 10)),
        ({}, (10, 0)),
        ({}, (0, 0)),
    ):
        tick(world, Receiver(), **variables)
        assert world.database.all(waits)[0] == expected
