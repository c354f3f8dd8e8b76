"""The next objects of a plan merged, where one call has few queries."""

from __future__ import annotations

from database.schema import Schema
from plans.applying import Applying
from plans.merge_change import Merges
from plans.work import Work
from recovery.call import Call
from recovery.prepare import allow_deletes
from stepwise.merging import SomeMerged


async def merged_by_plan(call: Call, schema: Schema, work: Work, *, looked: bool) -> SomeMerged:
    """Merge one chunk of the next objects, which the call before may have `looked` at."""
    change = Merges(call, schema, allowing=(allow_deletes(call.max_deletes),))
    applying = Applying(work, change, call.budget.part("merge"), looked=looked, most=call.most_objects)
    await applying.run()
    done = change.merged
    return SomeMerged(
        "dedupe",
        before=done.deleted,
        changed=done.deleted,
        groups=applying.changed,
        types_carried=done.carried,
        children_remapped=done.children,
        more=applying.more,
        smaller=applying.smaller,
    )
