"""One chunk of the merge."""

from __future__ import annotations

from dataclasses import dataclass

from database.schema import Schema
from recovery.call import Call
from recovery.checkpoint import Beginning, MergeCheckpoint
from recovery.duplicates import count_duplicates
from recovery.merge import merge
from recovery.plan import conflicts_in
from recovery.prepare import allow_deletes
from recovery.refusals import refuse_beyond_cap
from recovery.steps import MergeStep
from runs.lease import write_held


@dataclass(frozen=True)
class SomeMerged(MergeStep):
    """What a call merged, and how far it came."""

    checkpoint: MergeCheckpoint | None = None
    smaller: int | None = None
    """How many objects the next chunk is to take at most: one of this chunk is refused; None: as many as any."""


async def merge_some(call: Call, schema: Schema, start: MergeCheckpoint | None) -> SomeMerged:
    """Merge as much as there are queries for. Raises RefusedError beyond the cap on deletes."""
    found = await count_duplicates(call.database)
    if not found.mergeable:
        return SomeMerged("dedupe", found.losers, found.losers)
    refuse_beyond_cap(found.losers, call.max_deletes, f"Send max_deletes: {found.losers} with this request.")
    await write_held(call.database, call.run, allow_deletes(call.max_deletes))
    done = await merge(call, schema, await conflicts_in(call, schema), Beginning(start))
    checkpoint = done.checkpoint or start
    return SomeMerged(
        "dedupe",
        before=found.losers,
        after=found.losers - done.deleted,
        changed=done.deleted,
        groups=done.groups,
        types_carried=done.carried,
        children_remapped=done.children,
        more=done.more,
        stopped_after=checkpoint.after if done.more and checkpoint else None,
        left=checkpoint.left if checkpoint else 0,
        left_whole=checkpoint.shown if checkpoint else (),
        checkpoint=checkpoint,
        smaller=done.smaller,
    )
