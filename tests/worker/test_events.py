"""Event notifications on the real engine: from the bucket through the queue to the row, and what is not applied."""

from __future__ import annotations

import time
from collections.abc import Callable, Iterator
from datetime import UTC, datetime
from typing import Any

import pytest

from tests.support.actions import TOKEN
from tests.support.events import QUEUE, notification
from tests.support.runtime import fresh
from tests.worker.conftest import Steward
from tooling.harness import Config, Harness
from tooling.notifications import LocalNotifications, quick_consumers

ODD = ["raw/a b+c%2F%20.pdf", "raw/\u00e9\u0301 \U0001f600", 'raw/"\\\n\x01', "raw/" + "\u20ac" * 340]
LONGEST_SECONDS = 20


@pytest.fixture(scope="module")
def consuming() -> Iterator[Harness]:
    """Start the Worker as the consumer of both queues; the first failure of a message is its last."""
    queues = tuple({**one, "max_retries": 0} if one["queue"] == QUEUE else one for one in quick_consumers())
    variables = {"STEWARD_TOKEN": TOKEN, "BACKFILL_MODE": "live"}
    with Harness(Config(vars=variables, queues=queues)) as running:
        yield running


@pytest.fixture
def steward(consuming: Harness) -> Steward:
    """Give a test the consumer with a fresh database and two rules."""
    fresh(consuming)
    steward = Steward(consuming)
    steward.rules((10, "raw/*.pdf", "report"), (20, "raw/*", "raw"))
    return steward


def soon(what: Callable[[], bool]) -> bool:
    """Tell whether something comes true within some seconds."""
    until = time.monotonic() + LONGEST_SECONDS
    while not what() and time.monotonic() < until:
        time.sleep(0.1)
    return what()


def events(steward: Steward) -> dict[str, Any]:
    """Return what the summary tells of events."""
    found: dict[str, Any] = steward.send("GET", "/summary").json()["events"]
    return found


def now() -> str:
    """Return this moment as an event has it."""
    return datetime.now(UTC).isoformat(timespec="milliseconds").replace("+00:00", "Z")


def told(steward: Steward) -> list[str]:
    """Return the keys of the rows that are called missing."""
    query = "SELECT r2_key FROM steward_missing WHERE verified_at IS NOT NULL AND resolved_at IS NULL"
    return [row["r2_key"] for row in steward.sql(query)]


def test_an_object_has_its_row_within_seconds_and_a_deleted_one_its_mark(steward: Steward) -> None:
    notifications = LocalNotifications(steward.harness)
    steward.put(*ODD)
    assert notifications.look() == len(ODD)
    assert soon(lambda: steward.count() == len(ODD))
    stored = {found["key"] for found in steward.harness.r2_list()}
    assert steward.types() == {key: "report" if key.endswith(".pdf") else "raw" for key in stored}
    listed = {row["r2_key"]: row["fetched_at"] for row in steward.sql("SELECT r2_key, fetched_at FROM artifacts")}
    assert listed == {found["key"]: found["uploaded"] for found in steward.harness.r2_list()}
    steward.harness.r2_delete([ODD[0]])
    notifications.look()
    assert soon(lambda: told(steward) == [ODD[0]])
    steward.put(ODD[0])
    notifications.look()
    assert soon(lambda: told(steward) == [])
    assert events(steward)["lag_ms"] < LONGEST_SECONDS * 1000
    # A pass finds nothing left to do.
    report = steward.live()
    assert (report["inserted"], report["unchanged"]) == (0, len(ODD))


def test_a_delete_that_comes_after_the_put_that_followed_it_marks_nothing(steward: Steward) -> None:
    steward.put("raw/a")
    for action in ("PutObject", "PutObject", "DeleteObject", "DeleteObject"):
        assert steward.harness.queue(QUEUE, [notification("raw/a", action, at=now())]) == "ok"
    assert (steward.types(), told(steward)) == ({"raw/a": "raw"}, [])


def test_what_is_no_event_is_acknowledged_counted_and_kept(steward: Steward) -> None:
    good = notification("raw/good", at=now())
    bad: list[object] = [
        "no JSON",
        None,
        7,
        [],
        {"action": "PutObject"},
        {**notification("raw/x", at=now()), "eventTime": "yesterday"},
        notification("k" * 1025, at=now()),
        notification("raw/\ud800", at=now()),
    ]
    others = [notification("raw/x", at=now(), bucket="another"), notification("raw/x", "TagObject", at=now())]
    steward.harness.send(QUEUE, [good, *bad, *others, *[good] * 100])
    assert soon(lambda: int(events(steward)["received"]) == len(bad) + 103)
    found = events(steward)
    assert found["not_taken"] == {"malformed": len(bad), "other_bucket": 1, "unknown_action": 1, "dead": 0}
    assert len(found["letters"]) == len(bad) + 2
    assert steward.types() == {"raw/good": "raw"}


def test_messages_wait_while_backfill_is_paused(steward: Steward) -> None:
    steward.send("POST", "/pause", {"reason": "a test"})
    steward.harness.clear_logs()
    answer = steward.harness.queue_answer(QUEUE, [notification("raw/a", at=now())])
    assert [one["delaySeconds"] for one in answer["retryMessages"]] == [60]
    assert (steward.count(), "paused" in events(steward)["held_why"]) == (0, True)
    steward.send("POST", "/resume")
    assert steward.harness.queue_answer(QUEUE, [notification("raw/a", at=now())])["ackAll"]
    assert (steward.count(), events(steward)["held_why"]) == (1, None)


def test_a_message_that_fails_ends_in_the_dead_letter_queue_and_is_counted(steward: Steward) -> None:
    steward.sql("ALTER TABLE steward_deletions RENAME TO away")
    steward.harness.send(QUEUE, [notification("raw/a", at=now())])
    assert soon(lambda: int(events(steward)["not_taken"]["dead"]) == 1)
    [letter] = events(steward)["letters"]
    assert (letter["reason"], letter["queue"], "raw/a" in letter["body"]) == ("dead", "artifact-events-dead", True)
