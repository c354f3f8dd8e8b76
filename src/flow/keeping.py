"""What a tick does for the flow of a pass: starts it, and sees that it lives."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime, timedelta

import sql
from database.rows import text
from flow.instance import Instance, named
from ports import Clock, Flows, Ports, Row
from words import FlowState

STALLED_AFTER = timedelta(minutes=15)
"""A flow is at work at least every five minutes (`pass_flow.LONGEST_WAIT_SECONDS`); a slice, or the retries of a step,
take less than the rest."""

ENDED: tuple[FlowState, ...] = ("complete", "errored")


@dataclass(frozen=True)
class Keeping:
    """The instance that walks a pass now, and how the one that did before stood."""

    instance: Instance
    before: FlowState
    started: bool
    stalled: bool = False


async def keep_flow(ports: Ports, flows: Flows, bucket: str, pass_started_at: str) -> Keeping:
    """Return the instance of the pass; one is started where none is, or a successor where it ended or stalled.

    Doing it twice starts nothing twice: the name is kept before its instance is started, and each name is one instance.
    """
    [found] = await ports.database.batch([sql.statement("flow/read_instances")])
    current = named(found.rows, bucket, pass_started_at)
    instance = current or Instance(bucket, pass_started_at)
    state = await flows.state(instance.name)
    stalled = state == "running" and current is not None and _stalled(ports.clock, found.rows, bucket)
    if state in ENDED or stalled:
        instance = instance.successor
    elif state != "absent":
        return Keeping(instance, state, started=False)
    await ports.database.batch([instance.naming(ports.clock)])
    await flows.start(instance.name, instance.params)
    return Keeping(instance, state, started=True, stalled=stalled)


def _stalled(clock: Clock, rows: list[Row], bucket: str) -> bool:
    [seen_at] = [text(row, "seen_at") for row in rows if row["bucket"] == bucket]
    return clock.now() - datetime.fromisoformat(seen_at) > STALLED_AFTER
