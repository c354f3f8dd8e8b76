"""The rows that a dry forgetting would delete, as items of a plan."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import sql
from forget.gone import Gone, GoneObject
from json_text import compact
from plans.lines import items_of, read_lines
from plans.making import Draft
from plans.values import exact
from ports import Database
from recovery.duplicates import FIRST, ObjectKey

_VALUES = {name: exact(f"artifacts.{name}") for name in ("id", "source_type", "fetched_at")}


def gone_source(gone: Gone, objects: Sequence[ObjectKey]) -> sql.Fragment:
    """Return the SQL of the rows of these objects that may be forgotten, as lines."""
    after, until = around(objects)
    listed = compact([list(key) for key in objects])
    return sql.fragment("plans/gone_lines", gone=gone.rows(after, until), objects=listed, **_VALUES)


def around(objects: Sequence[ObjectKey]) -> tuple[ObjectKey, ObjectKey]:
    """Return a place before these objects, and the last one of them."""
    if not objects:
        return FIRST, FIRST
    bucket, key = min(objects)
    return (bucket, key[:-1]), max(objects)


@dataclass(frozen=True)
class GoneNoter:
    """Adds what would be forgotten to a plan."""

    database: Database
    draft: Draft

    async def objects(self, gone: Gone, objects: Sequence[GoneObject]) -> None:
        """Add these objects of what is gone."""
        source = gone_source(gone, [(one.r2_bucket, one.r2_key) for one in objects])
        await self.draft.add(items_of("forget", await read_lines(self.database, {"rows": source})))
