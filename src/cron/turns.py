"""Which parts a tick does, where one invocation has too few queries for all of them."""

from __future__ import annotations

from dataclasses import dataclass

import sql
from cron.state import Tick
from database.batch import ask
from errors import PlatformError
from limits import FEW


@dataclass(frozen=True)
class Turn:
    """Whether a tick checks, and whether it walks."""

    checks: bool = True
    walks: bool = True


async def turn(tick: Tick) -> Turn:
    """Return what this tick does: all, or with few queries the one and the other in turn."""
    if tick.run.queries >= FEW:
        return Turn()
    try:
        rows = await ask(tick.ports.database, sql.statement("runs/last_tick"))
    except PlatformError as error:
        tick.failed("turn", error)
        return Turn(walks=False)
    checked = any(row["checked"] for row in rows)
    return Turn(checks=not checked, walks=checked)
