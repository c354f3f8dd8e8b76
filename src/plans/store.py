"""The plans that are kept: one, its slices, and a list of them."""

from __future__ import annotations

import json
from collections.abc import AsyncIterator
from dataclasses import dataclass

import sql
from database.batch import ask, ask_one
from database.rows import number, optional_text, text
from errors import InputError, RefusedError
from plans.items import Item, read_items, sha256
from plans.plan import NEW, Plan, read_plan
from ports import Database, Row
from words import MAX_INTEGER, PlanKind


@dataclass(frozen=True)
class Slice:
    """Some hundred items of a plan, which begin with item number `first`, and why some of them were left out."""

    number: int
    first: int
    items: tuple[Item, ...]
    left_out: dict[int, str]
    """By the place of the item in the slice."""


async def require_plan(database: Database, plan: int) -> Plan:
    """Return the plan; raises InputError (404) where there is none, or could be none."""
    rows = await ask(database, sql.statement("plans/read_plan", plan=plan)) if plan <= MAX_INTEGER else []
    if not rows:
        raise InputError("plan", f"There is no plan {plan}.", hint="GET /plans lists them.", status=404)
    return read_plan(rows[0])


async def list_plans(
    database: Database, *, kind: PlanKind | None = None, limit: int = 20, before: int | None = None
) -> list[Plan]:
    """Return the newest plans first, those of `kind` where given, those older than plan `before` where given."""
    wanted = sql.statement("plans/list_plans", kind=kind, most=limit, before=before)
    return [read_plan(row) for row in await ask(database, wanted)]


async def read_slice(database: Database, plan: int, slice_: int) -> Slice | None:
    """Return a slice of the plan, or None after the last one. Raises RefusedError where it is damaged."""
    rows = await ask(database, sql.statement("plans/read_slice", plan=plan, slice=slice_))
    return _slice(plan, rows[0]) if rows else None


def _slice(plan: int, row: Row) -> Slice:
    items, left_out = text(row, "items"), optional_text(row, "left_out")
    if sha256(items) != row["digest"]:
        raise RefusedError("plan_damaged", f"Slice {row['slice']} of plan {plan} is not as it was made.", hint=NEW)
    found = {} if left_out is None else {int(place): why for place, why in json.loads(left_out)}
    return Slice(number(row, "slice"), number(row, "first"), tuple(read_items(items)), found)


async def slices_from(database: Database, plan: int, item: int = 1) -> AsyncIterator[Slice]:
    """Yield the slices of the plan, from the one that holds item number `item` on."""
    row = await ask_one(database, sql.statement("plans/slice_of", plan=plan, item=item))
    at = number(row, "slice")
    while at and (found := await read_slice(database, plan, at)):
        yield found
        at += 1
