"""The unknown rows that a dry recovery gives a type, as items of a plan."""

from __future__ import annotations

from collections.abc import Collection
from dataclasses import dataclass

import sql
from json_text import compact
from plans.lines import items_of, read_lines
from plans.making import Draft
from plans.repair_sources import type_rows, type_source
from recovery.classify import boundary
from recovery.duplicates import FIRST, ObjectKey
from recovery.repair import Repair


@dataclass
class TypeItems:
    """Adds them to a plan."""

    repair: Repair
    left: Collection[ObjectKey]
    """Objects that are not merged."""
    draft: Draft
    after: ObjectKey = FIRST
    """The object that this call, or the one before it, has come to."""

    async def add(self) -> bool:
        """Add all of them; False where the run's budget ended before."""
        budget = self.repair.call.budget.part("verify")
        while True:
            until = await boundary(self.repair, self.after)
            found = await read_lines(self.repair.call.database, {"rows": self._page(self.after, until)})
            await self.draft.add(items_of("classify", found))
            if until is None:
                return True
            self.after = until
            if budget.spent() or self.draft.full:
                self.draft.stopped_after = {"step": "classify", "after": list(self.after)}
                return False

    def _page(self, after: ObjectKey, until: ObjectKey | None) -> sql.Fragment:
        """Return the SQL of the unknown rows of a range that get a type, once the objects are merged."""
        (until_bucket, until_key), plain = until or (None, None), sql.load("recovery/plain")
        range_ = {
            "after_bucket": after[0],
            "after_key": after[1],
            "until_bucket": until_bucket,
            "until_key": until_key,
        }
        left = compact([list(key) for key in self.left])
        groups = sql.fragment("plans/unknown_groups", plain=plain, left=left, **range_)
        ranked = self.repair.call.ranking.rows(groups)
        return type_source(type_rows(self.repair.rules, sql.fragment("plans/unknown_page", ranked=ranked, **range_)))
