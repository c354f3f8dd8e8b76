"""Event notifications as R2 sends them, and a queue's delivery of them."""

from __future__ import annotations

import asyncio
import json
from collections.abc import Sequence

from events.delivery import Backoff, deliver
from log import timestamp
from ports import Delivery, Ports
from settings import Settings, read_settings
from sql import load
from tests.support.fakes import World

QUEUE = "artifact-events"
DEAD = "artifact-events-dead"
AT = "2026-11-22T12:00:00.000Z"
LIVE = read_settings({"BACKFILL_MODE": "live"})


def notification(
    key: str, action: str = "PutObject", *, at: str = AT, size: int = 5, bucket: str = "artifacts"
) -> dict[str, object]:
    """Return the body of a message, as r2/buckets/event-notifications describes it."""
    about: dict[str, object] = {"key": key}
    if not action.endswith(("DeleteObject", "LifecycleDeletion")):
        about |= {"size": size, "eTag": "c846ff7a18f28c2e262116d6e8719ef0"}
    return {"account": "3f4b7e3dcab231cb", "action": action, "bucket": bucket, "object": about, "eventTime": at}


def delivery(bodies: Sequence[object], queue: str = QUEUE) -> Delivery:
    """Return a batch of messages as the Worker is given it."""
    each = [json.dumps({"id": str(place), "attempts": 1, "body": body}) for place, body in enumerate(bodies)]
    return Delivery(queue, f"[{','.join(each)}]", lambda: each)


def delivered(on: World | Ports, *bodies: object, settings: Settings = LIVE, queue: str = QUEUE) -> Backoff | None:
    """Deliver a batch, and return what the queue is told."""
    ports = on.ports() if isinstance(on, World) else on
    return asyncio.run(deliver(ports, settings, delivery(bodies, queue)))


def now(world: World) -> str:
    """Return the moment as an event has it."""
    return timestamp(world.clock.now())


def counted(world: World) -> dict[str, object]:
    """Return the counts of what the queue brought."""
    [row] = world.database.connection.execute(load("events/read_state")).fetchall()
    return {name: row[name] for name in row.keys()}  # noqa: SIM118  # a sqlite3.Row


def letters(world: World) -> list[tuple[object, ...]]:
    """Return the reason and the body of each message that was kept."""
    return world.database.all("SELECT reason, body FROM steward_letters ORDER BY id")


def told(world: World) -> set[str]:
    """Return the keys of the rows that are called missing."""
    query = "SELECT r2_key FROM steward_missing WHERE verified_at IS NOT NULL AND resolved_at IS NULL"
    return {str(key) for (key,) in world.database.all(query)}
