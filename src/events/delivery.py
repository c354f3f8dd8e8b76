"""Take a batch of messages from a queue, and say whether it is done or is to be delivered again.

A batch is applied as a whole or not at all, and applying it again changes nothing: a queue delivers at least once, and
in no order.
"""

from __future__ import annotations

from dataclasses import dataclass
from datetime import timedelta

import log
from errors import LeaseLostError, RefusedError, StewardError
from events.applying import apply
from events.counting import count_alone, note_held
from events.notices import read_dead, read_notices
from events.work import Work
from ports import Delivery, Ports
from settings import Settings


@dataclass(frozen=True)
class Backoff:
    """How long a queue waits before it delivers a message again: each time twice as long, up to `most`."""

    first: int
    most: int

    def seconds(self, attempts: int) -> int:
        """Return the seconds to wait after so many deliveries."""
        doubled = self.first << min(attempts - 1, 20)
        return min(doubled, self.most)


HELD = Backoff(60, 3600)
"""While there is a pause or no unique index. A queue delivers a message 101 times at most: 95 hours so, as long as it
keeps one (four days, unless it was told otherwise)."""

FAILED = Backoff(5, 300)
"""After a failure: nearly eight hours, then the message goes to the dead-letter queue."""


async def deliver(ports: Ports, settings: Settings, delivery: Delivery) -> Backoff | None:
    """Take the messages; None where they are done, else when they are to be delivered again."""
    try:
        return await _taken_or_held(ports, settings, delivery)
    except StewardError as error:
        log.write(ports.clock.now(), "error", "events_failed", queue=delivery.queue, error=error.sentence())
        return FAILED
    except Exception as error:  # noqa: BLE001  # a defect ends in the dead-letter queue, not in a lost batch
        log.unexpected(ports.clock.now(), error, queue=delivery.queue)
        return FAILED


async def _taken_or_held(ports: Ports, settings: Settings, delivery: Delivery) -> Backoff | None:
    try:
        await _take(ports, settings, delivery)
    except (RefusedError, LeaseLostError) as error:
        await note_held(ports, error)
        return HELD
    return None


async def _take(ports: Ports, settings: Settings, delivery: Delivery) -> None:
    """Apply the messages, or only count them; raises RefusedError or LeaseLostError while nothing may be written."""
    if delivery.queue == settings.dead_letter_queue:
        await count_alone(ports, delivery.queue, read_dead(delivery))
        return
    latest = ports.clock.now() + timedelta(seconds=settings.clock_slack_seconds)
    notices = read_notices(delivery, settings.buckets, latest)
    if settings.backfill_mode == "live" and notices.times:
        await apply(Work.of(ports, settings, delivery.queue, notices))
    else:
        await count_alone(ports, delivery.queue, notices)
