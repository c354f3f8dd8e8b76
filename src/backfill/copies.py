"""The copy of a pass that KV keeps: the cursor, the last key, when the pass began, and its counts, as readable JSON."""

from __future__ import annotations

import hashlib
import json
from datetime import datetime

from backfill import counts
from backfill.counts import Counts
from backfill.cursor import decode, encode
from backfill.passes import Pass, moment
from backfill.ranges import whole
from log import timestamp

_MAX_KEY_BYTES = 512


def store_key(bucket: str, prefix: str) -> str:
    """Return the KV key of this bucket and prefix; one too long for KV is shortened to its SHA-256."""
    key = f"backfill:{bucket}:{prefix}"
    if len(key.encode()) > _MAX_KEY_BYTES:
        key = "backfill:sha256:" + hashlib.sha256(key.encode()).hexdigest()
    return key


def written(current: Pass, bucket: str, prefix: str, now: datetime) -> str:
    """Return the copy of a pass, made now; one that stands at its beginning has no cursor."""
    at_beginning = current.completed_at or current.ranges == whole()
    value = {
        "cursor": None if at_beginning else encode(bucket, prefix, current.ranges),
        "last_key": current.position.last_key,
        "pass_started_at": current.pass_started_at,
        "completed_at": current.completed_at,
        "counts": current.counts.report(),
        "previous": None if current.previous is None else current.previous.report(),
        "copies": current.copies,
        "copied_at": timestamp(now),
    }
    return json.dumps(value, ensure_ascii=False)


def read(copy: str, bucket: str, prefix: str) -> Pass:
    """Return the pass in a copy, which an earlier version may have written.

    Raises ValueError, KeyError, TypeError, AttributeError, RecursionError or InputError for what is none.
    """
    stored = json.loads(copy)
    cursor, completed_at, previous = stored["cursor"], stored["completed_at"], stored["previous"]
    return Pass(
        pass_started_at=moment(stored["pass_started_at"]),
        ranges=whole() if cursor is None else decode(cursor, bucket, prefix),
        counts=counts.stored(stored["counts"]),
        completed_at=None if completed_at is None else moment(completed_at),
        previous=_previous(previous),
        copies=int(stored.get("copies", 0)),
    )


def made_at(copy: str | None) -> datetime | None:
    """Return when a copy was made; None where there is none, or it does not say."""
    try:
        return datetime.fromisoformat(str(json.loads(copy or "{}")["copied_at"]))
    except (ValueError, KeyError, TypeError, RecursionError):
        return None


def _previous(value: object) -> Counts | None:
    if value is None:
        return None
    if not isinstance(value, dict):
        raise TypeError(f"{value!r} are no counts")
    return counts.stored(value)
