"""What R2 says now of the objects of a plan: whether each is there, and when it was uploaded."""

from __future__ import annotations

import json
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field

import sql
from backfill.lister import Lister, refuse_disorder_within
from backfill.page_sql import page_objects
from backfill.ranges import Position
from backfill.target import Target
from database.batch import ask
from json_text import compact
from plans.items import Item
from ports import GROUP, PAGE_OBJECTS, Database, PagePart, Ports, Row, Scalar, Value
from runs.budget import Budget, Timed


@dataclass
class Listed:
    """The objects of the items that are looked at, as R2 has them."""

    database: Database
    lister: Lister
    objects: dict[str, Row] = field(default_factory=dict)
    pages: int = 0

    async def look(self, items: Sequence[Item]) -> None:
        """List what holds these objects, and nothing that lies far between them."""
        keys = sorted(str(item.about[1]) for item in items)
        self.objects, at = {}, _before(keys[0])
        while keys:
            page = await self.lister.page(at, keys[-1], PAGE_OBJECTS)
            refuse_disorder_within(page)
            self.pages += 1
            for part in page.parts:
                await self._find(part, keys)
            if not page.truncated:
                return
            last = page.span.last_key if page.span else ""
            keys = [key for key in keys if key > last]
            at = _before(keys[0]) if page.span and keys else Position(page.cursor, at.last_key)

    async def _find(self, part: PagePart, keys: Sequence[str]) -> None:
        objects = page_objects(page=part.objects, first=0, end=part.count, after="")
        wanted = sql.statement("plans/listed", objects=objects, keys=compact(keys))
        self.objects |= {str(row["r2_key"]): row for row in await ask(self.database, wanted)}

    def page(self, items: Sequence[Item], bucket: str, slack: int) -> Mapping[str, Value]:
        """Return the parameters of the page statements for those of the items' objects that are there."""
        keys = sorted(key for key in (str(item.about[1]) for item in items) if key in self.objects)
        found = [_object(key, self.objects[key]) for key in keys]
        groups = [found[at : at + GROUP] for at in range(0, len(found), GROUP)]
        page = json.dumps(groups, ensure_ascii=False)
        first, last = (keys[0], keys[-1]) if keys else ("", "")
        objects: dict[str, Value] = {"page": page, "bucket": bucket, "first": 0, "end": len(keys), "after": ""}
        return {**objects, "first_key": first, "last_key": last, "since": "", "slack": slack}


def listed_by(ports: Ports, run: Timed, target: Target, budget: Budget) -> Listed:
    """Return what looks at the objects of a target, its cost counted."""
    bucket = budget.metered_bucket(ports.buckets[target.bucket])
    return Listed(budget.metered(ports.database), Lister(bucket, run.clock, target.prefix))


def _before(key: str) -> Position:
    """Return a position before the key: R2 lists what follows one. Little lies between a key and its beginning."""
    return Position(None, key[:-1] or None)


def _object(key: str, row: Row) -> Mapping[str, Scalar]:
    return {"key": key, "size": 0 if row["is_marker"] else 1, "uploaded": row["uploaded"]}
