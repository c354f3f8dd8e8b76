"""The steps of a recovery that repair what its plan says."""

from __future__ import annotations

from dataclasses import dataclass, replace

from plans.applying import Applying, Change
from plans.repairing import Back, Types
from plans.work import Work
from recovery.classify import counted_types
from recovery.orphans import counted_orphans
from recovery.repair import Repair
from recovery.repairs import Take, repair_all
from recovery.steps import ClassifyStep, Repaired, Step


@dataclass
class RepairByPlan:
    """Repairs the next items of a plan."""

    repair: Repair
    work: Work
    more: bool = False
    """Whether a further call is needed."""

    async def take(self, take: Take) -> Repaired | None:
        """Create the index and the guards, then repair what the plan says; None where a further call is needed."""
        repaired = await repair_all(self.repair, take, self.types, self.orphans)
        return None if self.more else repaired

    async def types(self, repair: Repair) -> ClassifyStep:
        """Give unknown rows the types that the plan says."""
        await self.work.pass_over("schema")
        step = await counted_types(repair)
        changed = await self._take(Types(repair))
        return replace(step, after=step.before - changed, changed=changed)

    async def orphans(self, repair: Repair) -> Step:
        """Point back the orphans that the plan says."""
        step = await counted_orphans(repair)
        changed = 0 if self.more else await self._take(Back(repair))
        return replace(step, after=step.before - changed, changed=changed)

    async def _take(self, change: Change) -> int:
        applying = Applying(self.work, change, self.repair.call.budget.part("merge"))
        await applying.run()
        self.more = applying.more
        return applying.rows
