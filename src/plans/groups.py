"""Objects with several rows as lines: each row with its place, and the children of those that lose."""

from __future__ import annotations

from collections.abc import Sequence

import sql
from database.schema import Schema
from json_text import compact
from plans.items import Item
from plans.lines import Sources
from plans.values import exact
from recovery.duplicates import ObjectKey, given_objects
from recovery.ranking import Ranking

_VALUES = {name: exact(name) for name in ("id", "source_type", "fetched_at", "winner_id")}


def group_sources(schema: Schema, ranking: Ranking, groups: sql.Fragment) -> Sources:
    """Return the SQL of the rows of these objects, and of the children of those that lose."""
    ranked = ranking.rows(groups)
    sources = {"rows": sql.fragment("plans/row_lines", ranked=ranked, **_VALUES)}
    for reference in schema.references:
        slots = schema.child_slots(reference)
        cells = {"key": exact(slots.pop("row_key")), "value": exact(f"child.{slots['child_column']}")}
        sources[reference.name] = sql.fragment("plans/child_lines", ranked=ranked, **slots, **cells)
    return sources


def objects_of(items: Sequence[Item]) -> list[ObjectKey]:
    """Return the objects that items are about."""
    return [(str(item.about[0]), str(item.about[1])) for item in items]


def by_bucket(items: Sequence[Item]) -> dict[str, list[str]]:
    """Return the keys of the objects that items are about, by their bucket."""
    found: dict[str, list[str]] = {}
    for bucket, key in objects_of(items):
        found.setdefault(bucket, []).append(key)
    return found


def given(items: Sequence[Item]) -> sql.Fragment:
    """Return the SQL that lists these objects."""
    return given_objects(objects_of(items))


def about_keys(items: Sequence[Item]) -> sql.Fragment:
    """Return the SQL condition of the row keys that items are about."""
    return sql.fragment("plans/these_keys", keys=compact([item.about for item in items]))


def between(after: ObjectKey, until: ObjectKey) -> sql.Fragment:
    """Return the SQL that lists the objects with several rows after one object up to another."""
    place = {"after_bucket": after[0], "after_key": after[1], "until_bucket": until[0], "until_key": until[1]}
    return sql.fragment("plans/groups_between", plain=sql.load("recovery/plain"), **place)
