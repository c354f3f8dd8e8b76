"""The SQL of a page's transaction, the same for every page of a walk."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime
from functools import lru_cache

import sql
from backfill.target import Target
from log import timestamp
from ports import Statement, Value

REASON_CHARACTERS = 1000


@dataclass(frozen=True)
class Statements:
    """The texts of a page's statements, the same for every page of a walk."""

    plan: sql.Fragment
    keep: sql.Fragment
    """Counts the page as `plan` does, and notes where the pass stands after it."""
    write: sql.Fragment
    park: sql.Fragment
    insert_or_ignore: sql.Fragment
    upgrade_or_ignore: sql.Fragment
    newer: sql.Fragment
    newer_gone: sql.Fragment

    def keys_of(self, objects: Value, count: int) -> sql.Fragment:
        """Return the SQL of the keys of a page."""
        return sql.fragment("missing/keys", objects=page_objects(page=objects, first=0, end=count, after=""))

    def parking(self, given: Mapping[str, Value], reason: str, moment: datetime) -> Statement:
        """Return the statement that keeps, and why, what the database refuses of a page."""
        return sql.bind(self.park, **given, reason=reason[:REASON_CHARACTERS], now=timestamp(moment))


FEW = 128
"""A page of at most so many objects is read faster by statements of their own."""


def page_objects(*, few: bool = False, **given: Value) -> sql.Fragment:
    """Return the SQL of a page's objects; of at most `FEW` where they are `few`."""
    places = sql.fragment("backfill/few_places" if few else "backfill/places")
    return sql.fragment("backfill/objects", places=places, **given)


@lru_cache(maxsize=4)
def page_statements(target: Target, *, few: bool = False) -> Statements:
    """Return the SQL that counts a page, writes it, and keeps what is refused; all see each object as the same kind.

    With `few`, the page may have at most `FEW` objects.
    """
    # Without the unique index, each look for a row beside an object would read the whole table.
    counting = _decisions(target, sql.fragment("backfill/beside") if target.indexed else sql.Fragment("NULL"), few=few)
    decisions = page_decisions(target, few=few)
    row = {"new_id": target.new_id, "moment": target.moment}
    plan = sql.fragment("backfill/plan_page", decisions=counting)
    return Statements(
        plan=plan,
        keep=sql.fragment("passes/keep_page", plan=plan),
        write=sql.fragment("backfill/write_page", decisions=decisions, **row),
        park=sql.fragment("backfill/park_page", decisions=decisions),
        insert_or_ignore=sql.fragment("backfill/insert_or_ignore", decisions=decisions, **row),
        upgrade_or_ignore=sql.fragment("backfill/upgrade_or_ignore", decisions=decisions),
        newer=sql.fragment("missing/newer", decisions=counting),
        newer_gone=sql.fragment("missing/newer_gone", decisions=counting),
    )


def page_decisions(target: Target, *, few: bool = False) -> sql.Fragment:
    """Return the SQL of what a write does with each object: it needs to know whether a row is there, and is unknown."""
    return _decisions(target, sql.Fragment("NULL"), few=few)


def _decisions(target: Target, beside: sql.Fragment, *, few: bool) -> sql.Fragment:
    """Return the SQL of what is to be done with each object; `beside` finds its row and those beside it."""
    return sql.fragment(
        "backfill/decisions",
        objects=page_objects(few=few),
        source_type=target.rules.classification(),
        collides=target.collides,
        beside=beside,
        fetched_day=sql.fragment("backfill/fetched_day"),
    )
