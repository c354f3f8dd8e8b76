"""What takes the place of an approved plan: a live change of its kind that was made without it."""

from __future__ import annotations

import sql
from log import timestamp
from ports import Ports
from runs.costs import for_closing


async def supersede(ports: Ports, kind: str, target: str) -> None:
    """Note that a live change without a plan was made: the approved plans of its kind and target are superseded."""
    now = timestamp(ports.clock.now())
    given: dict[str, str | int] = {"kind": kind, "target": target, "plan": 0}
    # The change was made, whatever the call has left to ask.
    database = for_closing(ports.database)
    await database.batch([sql.statement("plans/supersede_approved", **given, now=now)])
