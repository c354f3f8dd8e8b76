"""The orphans that a dry recovery points back, as items of a plan."""

from __future__ import annotations

import sql
from plans.lines import items_of, read_lines
from plans.making import Draft
from plans.repair_sources import orphan_source
from recovery.conflicts import child_constraints
from recovery.orphans import orphans_of
from recovery.repair import Repair

MOST_ORPHANS = 20_000
"""Orphans of one reference that a plan holds: they are read at once."""


async def add_orphans(repair: Repair, draft: Draft, most_orphans: int = MOST_ORPHANS) -> None:
    """Add them to a plan, up to so many of each reference."""
    call, schema = repair.call, repair.schema
    constraints = await child_constraints(call.database, schema)
    merged = call.ranking.rows(repair.merged)
    for reference in schema.references:
        source = orphan_source(orphans_of(repair, reference, constraints), merged)
        most = sql.fragment("plans/up_to", lines=source, most=most_orphans + 1)
        items = items_of("orphan", await read_lines(call.database, {reference.name: most}))
        if len(items) > most_orphans:
            items = items[:most_orphans]
            draft.stopped_after = {"step": "orphan", "after": list(items[-1].about)}
        await draft.add(items)
