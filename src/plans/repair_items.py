"""What a dry recovery foretells beside the merges, as items of a plan: the schema, types, orphans."""

from __future__ import annotations

from collections.abc import Collection

from plans.items import About, Item
from plans.making import Draft
from plans.orphan_items import add_orphans
from plans.type_items import TypeItems
from recovery.duplicates import ObjectKey
from recovery.guarding import wrong_guards
from recovery.repair import Repair


async def add_repairs(repair: Repair, left: Collection[ObjectKey], draft: Draft) -> None:
    """Add all of them to a plan, as far as the run's budget goes; `left` are objects that are not merged."""
    await draft.add(schema_items(repair))
    if await TypeItems(repair, left, draft).add():
        await add_orphans(repair, draft)


def schema_items(repair: Repair) -> list[Item]:
    """Return the index and the guards that would be created."""
    schema = repair.schema
    missing = schema.unique_index is None and repair.clean_of_duplicates
    index: list[About] = [("index", "artifacts_one_per_object")] if missing else []
    return [Item("schema", about) for about in (*index, *(("guard", guard.name) for guard in wrong_guards(schema)))]
