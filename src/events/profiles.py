"""Deliver a batch of notifications to the profiles whose buckets they are about."""

from __future__ import annotations

import json
from collections.abc import Sequence
from dataclasses import dataclass

from events.delivery import Backoff, deliver
from json_text import decoded
from ports import Delivery
from profiles.overview import Connect
from settings import Settings


async def deliver_all(settings: Settings, connect: Connect, delivery: Delivery) -> Backoff | None:
    """Take the messages; None where all are done, else when they are to be delivered again.

    A queue has one answer for all: where one profile holds its messages back, those of the others come again, which
    changes nothing. What is of no profile's bucket is the first one's to count.
    """
    if settings.profile is None:
        return await deliver(connect(settings), settings, delivery)
    later = []
    for one, texts in _shared_out(settings.all, delivery):
        part = Delivery(delivery.queue, _together(texts), _Each(texts))
        later.append(await deliver(connect(one), one, part))
    return max((one for one in later if one), key=lambda backoff: backoff.most, default=None)


@dataclass(frozen=True)
class _Each:
    """The messages of a part, one by one."""

    texts: Sequence[str]

    def __call__(self) -> Sequence[str]:
        """Return them."""
        return self.texts


def _shared_out(profiles: Sequence[Settings], delivery: Delivery) -> list[tuple[Settings, list[str]]]:
    """Return the messages of each profile that has any."""
    messages = [(text, _bucket(text)) for text in delivery.each()]
    known = {bucket for one in profiles for bucket in one.buckets}
    parts = []
    for number, one in enumerate(profiles):
        texts = [text for text, bucket in messages if bucket in one.buckets or (number == 0 and bucket not in known)]
        if texts:
            parts.append((one, texts))
    return parts


def _bucket(text: str) -> str | None:
    """Return the bucket that a message is about; None where it is no notification."""
    try:
        body = decoded(text.encode())["body"]  # type: ignore[index]  # what is no object is no notification
        bucket = body["bucket"]
    except (ValueError, KeyError, TypeError):
        return None
    return bucket if isinstance(bucket, str) else None


def _together(texts: Sequence[str]) -> str | None:
    """Return the messages as one JSON array; None where one of them is no JSON."""
    try:
        return json.dumps([json.loads(text) for text in texts])
    except (ValueError, RecursionError):
        return None
