"""What a tick does for plans: the items of old ones are dropped, and in the end the plans themselves."""

from __future__ import annotations

from datetime import timedelta

import sql
from log import timestamp
from ports import Ports

ITEMS_KEPT = timedelta(days=7)
"""So long after a plan expired its items can be looked at, and what of them was left out."""

PLANS_KEPT = timedelta(days=90)
"""So long it is on record who made, approved and applied a plan."""


async def drop_old(ports: Ports) -> None:
    """Drop the items of one old plan, and one that is older still."""
    now = ports.clock.now()
    slices = sql.statement("plans/drop_slices", before=timestamp(now - ITEMS_KEPT))
    plans = sql.statement("plans/drop_plans", before=timestamp(now - PLANS_KEPT))
    await ports.database.batch([slices, plans])
