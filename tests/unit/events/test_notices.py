"""What is a notification, and what is none: one that cannot be read spoils no other."""

from __future__ import annotations

import json
from datetime import UTC, datetime

import pytest

from events.notices import Notices, Put, read_notices
from ports import Delivery
from tests.support.events import AT, delivery, notification

LATEST = datetime(2026, 11, 22, 12, 15, tzinfo=UTC)


def read(*bodies: object) -> Notices:
    """Return what messages say."""
    return read_notices(delivery(bodies), ["artifacts"], LATEST)


@pytest.mark.parametrize(
    "body",
    [
        None,
        7,
        "text",
        "[" * 5000,
        [],
        {},
        {"action": "PutObject", "bucket": "artifacts", "object": {}, "eventTime": AT},
        {**notification("k"), "eventTime": "yesterday"},
        {**notification("k"), "eventTime": "2026-11-22T12:00:00"},
        {**notification("k"), "eventTime": "2026-11-22T12:15:00.001Z"},
        {**notification("k"), "eventTime": "0001-01-01T00:00:00+14:00"},
        notification(""),
        notification("k" * 1025),
        notification("é" * 513),
        notification("\ud800"),
        notification("k", size=-1),
        {**notification("k"), "object": {"key": "k", "size": True}},
        {**notification("k"), "object": {"key": "k"}},
        {**notification("k"), "object": {"key": 7, "size": 1}},
    ],
)
def test_what_is_no_notification_is_malformed_and_the_next_is_read(body: object) -> None:
    found = read(body, notification("raw/a"))
    assert [letter.reason for letter in found.letters] == ["malformed"]
    assert found.puts["artifacts"] == {"raw/a": Put(AT, 5)}


def test_others_are_told_apart() -> None:
    found = read(notification("k", "TagObject"), notification("k", bucket="scans"))
    assert [letter.reason for letter in found.letters] == ["unknown_action", "other_bucket"]


@pytest.mark.parametrize(
    "key", ["a b", "a%20b", "a+b", "\u00e9", "e\u0301", "\U0001f600", '"\\\n\x01', "{[", "k" * 1024]
)
def test_a_key_is_taken_byte_for_byte(key: str) -> None:
    assert list(read(notification(key)).puts["artifacts"]) == [key]


def test_the_latest_put_of_a_key_counts() -> None:
    later = "2026-11-22T12:01:00.000Z"
    found = read(notification("k", at=later, size=2), notification("k", size=1))
    assert found.puts["artifacts"] == {"k": Put(later, 2)}


@pytest.mark.parametrize("at", ["2026-11-22T12:00:00Z", "2026-11-22T13:00:00+01:00", "2026-11-22T12:00:00.000000Z"])
def test_moments_have_the_form_of_a_listing(at: str) -> None:
    assert read(notification("k", at=at)).puts["artifacts"]["k"].at == AT


def test_a_message_sent_as_text_is_read_as_json() -> None:
    assert list(read(json.dumps(notification("k"))).puts["artifacts"]) == ["k"]


def test_what_json_cannot_hold_spoils_no_other_message() -> None:
    each = [json.dumps({"body": notification("k")}), "what JSON cannot hold: TypeError"]
    found = read_notices(Delivery("q", None, lambda: each), ["artifacts"], LATEST)
    assert (list(found.puts["artifacts"]), len(found.letters)) == (["k"], 1)


def test_nothing_that_is_nested_deeply_is_read_together() -> None:
    deep = json.dumps({"body": notification("k")})[:-1] + ', "x": ' + "[" * 3000 + "]" * 3000 + "}"
    found = read_notices(Delivery("q", f"[{deep}]", lambda: [deep]), ["artifacts"], LATEST)
    assert [letter.reason for letter in found.letters] == ["malformed"]
