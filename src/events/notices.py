"""Read R2's event notifications, and tell them from what is none.

Cloudflare's description of a message (r2/buckets/event-notifications, "Message format") calls `object.key` the object's
key and names no encoding, unlike S3's, which is URL-encoded. So it is taken byte for byte.
"""

from __future__ import annotations

import json
from collections import defaultdict
from collections.abc import Collection, Iterable
from dataclasses import dataclass, field
from datetime import UTC, datetime
from typing import NamedTuple

from json_text import decoded
from log import timestamp
from ports import Delivery
from words import LetterReason

PUTS = ("PutObject", "CopyObject", "CompleteMultipartUpload")
DELETES = ("DeleteObject", "LifecycleDeletion")

MAX_KEY_BYTES = 1024
"""R2 takes no longer key (r2/platform/limits)."""

MOST_BRACKETS = 500
"""Messages with more may be nested too deeply to be read as they are; a hundred notifications have four hundred."""

_OUR_FORM = len("2026-01-02T03:04:05.678Z")


class Put(NamedTuple):
    """That an object was stored: when, and how large it was."""

    at: str
    size: int


class Letter(NamedTuple):
    """A message that is not applied, and why."""

    reason: LetterReason
    body: object


@dataclass
class Notices:
    """What a batch of messages says, by bucket; the order of its messages means nothing."""

    received: int = 0
    puts: defaultdict[str, dict[str, Put]] = field(default_factory=lambda: defaultdict(dict))
    """The latest put of each key."""
    deletes: defaultdict[str, set[str]] = field(default_factory=lambda: defaultdict(set))
    letters: list[Letter] = field(default_factory=list)
    counted: dict[str, int] = field(default_factory=lambda: {"puts": 0, "deletes": 0})
    times: list[str] = field(default_factory=list)
    """When each event happened."""

    def put(self, bucket: str, key: str, put: Put) -> None:
        """Take an event that an object was stored."""
        known = self.puts[bucket].get(key)
        if known is None or known < put:
            self.puts[bucket][key] = put
        self._counted("puts", put.at)

    def delete(self, bucket: str, key: str, at: str) -> None:
        """Take an event that an object was deleted."""
        self.deletes[bucket].add(key)
        self._counted("deletes", at)

    def _counted(self, kind: str, at: str) -> None:
        self.counted[kind] += 1
        self.times.append(at)


def read_notices(delivery: Delivery, buckets: Collection[str], latest: datetime) -> Notices:
    """Return what the messages say of `buckets`; an event later than `latest` is malformed."""
    bodies, bound = _bodies(delivery), timestamp(latest)
    notices = Notices(received=len(bodies))
    for body in bodies:
        try:
            _take(notices, body, buckets, bound)
        except (ValueError, OverflowError):
            notices.letters.append(Letter("malformed", body))
    return notices


def read_dead(delivery: Delivery) -> Notices:
    """Return what the messages of a dead-letter queue say: nothing, but that each of them was given up."""
    bodies = _bodies(delivery)
    return Notices(received=len(bodies), letters=[Letter("dead", body) for body in bodies])


def _bodies(delivery: Delivery) -> list[object]:
    """Return the bodies of the messages; a message that cannot be read spoils no other."""
    together = delivery.together
    if together is None or together.count("{") + together.count("[") > MOST_BRACKETS:
        return [_alone(text) for text in delivery.each()]
    return [_body(message) for message in json.loads(together)]


def _alone(text: str) -> object:
    try:
        return _body(decoded(text.encode()))
    except ValueError:
        return text


def _body(message: object) -> object:
    """Return a message's body; one that was sent as text is read as JSON."""
    body: object = message.get("body") if isinstance(message, dict) else message
    return _read(body) if isinstance(body, str) else body


def _read(text: str) -> object:
    try:
        return decoded(text.encode())
    except ValueError:
        return text


def _take(notices: Notices, body: object, buckets: Collection[str], latest: str) -> None:
    """Take one message's body; raises ValueError where it is no notification."""
    match body:
        case {"action": str(action), "bucket": str(bucket), "object": {"key": str(key)} as about, "eventTime": str(at)}:
            if bucket not in buckets:
                notices.letters.append(Letter("other_bucket", body))
            elif action in PUTS:
                notices.put(bucket, _key(key), Put(_moment(at, latest), _size(about.get("size"))))
            elif action in DELETES:
                notices.delete(bucket, _key(key), _moment(at, latest))
            else:
                notices.letters.append(Letter("unknown_action", body))
        case _:
            raise ValueError("it is no notification")


def _key(key: str) -> str:
    if not 0 < len(key.encode()) <= MAX_KEY_BYTES:
        raise ValueError("R2 takes no such key")
    return key


def _size(size: object) -> int:
    if not isinstance(size, int) or isinstance(size, bool) or size < 0:
        raise ValueError("it has no size")
    return size


def _moment(text: str, latest: str) -> str:
    """Return the moment in the form in which R2's listings give it."""
    moment = datetime.fromisoformat(text)
    if moment.tzinfo is None:
        raise ValueError("it names no time zone")
    known = text if len(text) == _OUR_FORM and text.endswith("Z") else timestamp(moment.astimezone(UTC))
    if known > latest:
        raise ValueError("it is in the future")
    return known


def shown(letters: Iterable[Letter], characters: int) -> str:
    """Return letters as a JSON array of [reason, text], each text shortened."""
    return json.dumps([[letter.reason, _text(letter.body)[:characters]] for letter in letters])


def _text(body: object) -> str:
    """Return a body as text that any database takes: without lone surrogates."""
    text = body if isinstance(body, str) else json.dumps(body, ensure_ascii=False)
    return text.encode(errors="backslashreplace").decode()
