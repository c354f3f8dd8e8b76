"""An alert that the receiver refuses backs off, is parked in the end, is shown, and never blocks another."""

from __future__ import annotations

import json
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field, replace
from typing import Any

import pytest

from errors import PlatformError
from ports import Ports
from tests.support.actions import Api, tick
from tests.support.fakes import World, migrated_world

ALERTING = {"ALERT_WEBHOOK_URL": "https://a.example/x", "ALERT_WEBHOOK_SECRET": "s", "BACKFILL_MODE": "off"}


@dataclass
class Receiver:
    """A receiver that answers each alert by its run; it remembers the posts."""

    answer: Callable[[int], int]
    posts: list[int] = field(default_factory=list)

    async def send(self, method: str, url: str, body: str, headers: Mapping[str, str], timeout_seconds: float) -> int:
        run = int(json.loads(body)["run_id"])
        self.posts.append(run)
        status = self.answer(run)
        if not status:
            raise PlatformError(f"{method} {url} failed after {timeout_seconds} s with {len(headers)} headers")
        return status


def with_alerts(count: int) -> World:
    world = migrated_world()
    for number in range(1, count + 1):
        body = json.dumps({"run_id": number, "errors": ["e"]})
        world.database.connection.execute(
            "INSERT INTO steward_alerts (created_at, kind, body) VALUES (?, 'tick_failed', ?)",
            (f"2026-11-22T11:{number % 60:02}:00.000Z", body),
        )
    return world


def ticked(world: World, receiver: Receiver, minutes: float = 15) -> dict[str, Any]:
    world.clock.advance(minutes=minutes)
    ports: Ports = replace(world.ports(), poster=receiver)
    found: dict[str, Any] = tick(ports, **ALERTING)["counts"]["alerts"]
    return found


def refused(upto: int, status: int = 400) -> Receiver:
    return Receiver(lambda run: status if run <= upto else 200)


@pytest.mark.parametrize("status", [400, 403, 404, 500, 503, 429])
def test_twenty_alerts_that_are_always_refused_keep_no_later_one_from_being_sent(status: int) -> None:
    world, receiver = with_alerts(25), refused(20, status)
    for _ in range(3):
        ticked(world, receiver)
    taken = world.database.all("SELECT id FROM steward_alerts WHERE sent_at IS NOT NULL ORDER BY id")
    assert taken == [(21,), (22,), (23,), (24,), (25,)]


def test_one_refused_for_good_is_parked_after_three_tries_shown_and_sent_again_when_asked() -> None:
    world, receiver = with_alerts(1), refused(1)
    for _ in range(10):
        ticked(world, receiver)
    assert receiver.posts == [1, 1, 1]
    summary = Api(world).json("GET", "/summary").json()
    assert (summary["alerts_waiting"], summary["alerts_parked"]) == (0, 1)
    assert summary["alert_error"] == "The receiver answered 400."
    world.database.script(
        "UPDATE steward_alerts SET parked_at = NULL, next_attempt_at = NULL, attempts = 0 WHERE sent_at IS NULL"
    )
    assert ticked(world, refused(0))["sent"] == 1


def test_one_that_may_pass_backs_off_and_is_parked_after_twelve_tries() -> None:
    world, receiver = with_alerts(1), refused(1, 500)
    posts = []
    for _ in range(400):
        ticked(world, receiver)
        posts.append(len(receiver.posts))
    assert posts[:2] == [3, 4]
    assert posts[-1] == 12
    assert posts[:60].count(posts[20]) > 5
    assert Api(world).json("GET", "/summary").json()["alerts_parked"] == 1


def test_five_hundred_alerts_that_are_refused_for_good_cost_three_posts_each_and_end() -> None:
    world, receiver = with_alerts(500), refused(500)
    for _ in range(80):
        ticked(world, receiver)
    assert len(receiver.posts) == 1500
    assert world.database.one("SELECT count(*) FROM steward_alerts WHERE parked_at IS NOT NULL") == 500


def test_a_receiver_that_is_away_is_left_alone_after_two_alerts_of_a_tick() -> None:
    world, receiver = with_alerts(50), Receiver(lambda _run: 0)
    ticked(world, receiver)
    assert set(receiver.posts) == {1, 2}
    assert ticked(world, refused(0))["sent"] == 20


def test_alerts_are_sent_oldest_first() -> None:
    world, receiver = with_alerts(5), refused(0)
    ticked(world, receiver)
    assert receiver.posts == [1, 2, 3, 4, 5]
