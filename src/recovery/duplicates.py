"""Objects with several rows, and the fragments that select them."""

from __future__ import annotations

import json
from collections.abc import Collection, Iterable
from dataclasses import dataclass

import sql
from database.batch import ask, ask_one
from database.rows import number
from ports import Database, Row

ObjectKey = tuple[str, str]
"""An object by its bucket and key."""

EVERY_OBJECT = 1_000_000_000

FIRST: ObjectKey = ("", "")
"""No object comes before it."""


@dataclass(frozen=True)
class Duplicates:
    """How many objects have several rows, how many rows they have beyond one, and how many cannot be merged."""

    objects: int
    losers: int
    odd: int
    """Objects whose bucket or key is no plain text: they are merged with no other."""

    @property
    def mergeable(self) -> int:
        """The objects that can be merged, as far as their keys go."""
        return self.objects - self.odd


async def count_duplicates(database: Database) -> Duplicates:
    """Count the objects with several rows."""
    row = await ask_one(database, sql.statement("recovery/count_duplicates", plain=sql.load("recovery/plain")))
    return Duplicates(number(row, "groups"), number(row, "losers"), number(row, "odd_groups"))


async def odd_objects(database: Database) -> tuple[Row, ...]:
    """Return the first of the objects whose bucket or key is no plain text."""
    return tuple(await ask(database, sql.statement("recovery/odd_groups", plain=sql.load("recovery/plain"))))


async def following(database: Database, after: ObjectKey, count: int) -> list[tuple[ObjectKey, bool]]:
    """Return the next objects with several rows, from `after` on, and whether each can be named.

    A bucket or key that is no UTF-8 comes back as another one, so no statement can name it.
    """
    place: dict[str, str | int] = {"after_bucket": after[0], "after_key": after[1], "most": count}
    wanted = sql.statement("recovery/next_groups", plain=sql.load("recovery/plain"), **place)
    found = []
    for row in await ask(database, wanted):
        raw = tuple(bytes.fromhex(str(row[name])) for name in ("r2_bucket", "r2_key"))
        named = (raw[0].decode(errors="replace"), raw[1].decode(errors="replace"))
        found.append((named, tuple(name.encode() for name in named) == raw))
    return found


def all_objects(most: int, left: Iterable[ObjectKey] = (), before: ObjectKey | None = None) -> sql.Fragment:
    """Return the fragment that lists the first objects with several rows that can be merged.

    Without those that are `left` as they are, and only those before the object `before`.
    """
    selected = json.dumps({"left": [list(key) for key in left], "before": before}, ensure_ascii=False)
    return sql.fragment("recovery/all_groups", plain=sql.load("recovery/plain"), max_groups=most, selected=selected)


def given_objects(keys: Collection[ObjectKey]) -> sql.Fragment:
    """Return the fragment that lists these objects."""
    return sql.fragment("recovery/given_groups", groups=listed(keys))


def listed(keys: Collection[ObjectKey]) -> str:
    """Return objects as the JSON array of [bucket, key] that the statements take."""
    return json.dumps([list(key) for key in keys], ensure_ascii=False)


def object_key(row: Row) -> ObjectKey:
    """Return the object that a row is about."""
    return str(row["r2_bucket"]), str(row["r2_key"])
