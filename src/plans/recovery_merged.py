"""The step of a recovery that merges what its plan says."""

from __future__ import annotations

from dataclasses import dataclass

from database.schema import Schema
from plans.applying import Applying
from plans.merge_change import Merges
from plans.work import Work
from recovery.call import Call
from recovery.duplicates import count_duplicates
from recovery.prepare import prepare
from recovery.steps import MergeStep


@dataclass
class MergeByPlan:
    """Merges the next objects of a plan."""

    call: Call
    schema: Schema
    work: Work

    async def take(self) -> MergeStep:
        """Merge as many objects as the call may."""
        call, found = self.call, await count_duplicates(self.call.database)
        if await self.work.at("merge"):
            await prepare(call, self.schema, may_delete=call.max_deletes)
        change = Merges(call, self.schema)
        applying = Applying(self.work, change, call.budget.part("merge"), most=call.most_objects)
        await applying.run()
        return MergeStep(
            "dedupe",
            before=found.losers,
            after=found.losers - change.merged.deleted,
            changed=change.merged.deleted,
            groups=applying.changed,
            types_carried=change.merged.carried,
            children_remapped=change.merged.children,
            more=applying.more,
        )
