"""What live calls of a recovery will need, from what was planned and measured."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

import sql
from database.batch import Batch
from database.rows import number
from database.schema import Schema
from errors import RefusedError
from forecast.needs import Needs
from forecast.quota import beyond_day
from forecast.work import Merge, Table, recovery
from recovery.call import MAX_OBJECTS, Call
from recovery.plan import Plan


@dataclass(frozen=True)
class Unknown:
    """Artifacts of unknown type, and how many of them get one."""

    artifacts: int = 0
    classified: int = 0


AFTER = 12
"""Queries that follow it: a call that has fewer left says no forecast."""


async def forecast(
    call: Call, schema: Schema, plan: Plan, unknown: Unknown, *, holds_after: bool
) -> Mapping[str, object] | None:
    """Return what live calls will need, as a dry one's answer shows it; None where its queries are used up."""
    if not call.budget.has(AFTER + len(schema.references)):
        return None
    needs = await _needed(call, schema, plan, unknown, holds_after=holds_after)
    return needs.report(call.run.rest)


async def _needed(call: Call, schema: Schema, plan: Plan, unknown: Unknown, *, holds_after: bool) -> Needs:
    table = await _table(call, schema, unknown.artifacts)
    merge = Merge(
        plan.groups,
        plan.losers,
        plan.children,
        unknown.classified,
        indexed=schema.unique_index is not None,
        children_indexed=schema.unique_index is not None,
        holds_after=holds_after,
    )
    return recovery(table, merge, call.request.max_groups or MAX_OBJECTS)


async def refuse_beyond_day(call: Call, schema: Schema, plan: Plan) -> RefusedError | None:
    """Return the refusal of a live call that needs more than the day has left; nothing is counted without a limit."""
    if not call.live or not call.run.rest.limited or call.request.spread:
        return None
    return beyond_day(call.run, await _needed(call, schema, plan, Unknown(), holds_after=True), spread=False)


async def _table(call: Call, schema: Schema, unknown: int) -> Table:
    batch = Batch()
    artifacts = batch.add(sql.statement("forecast/count_artifacts"))
    children = [batch.add(sql.statement("forecast/count_children", **one.slots)) for one in schema.references]
    await batch.run(call.database)
    return Table(
        number(artifacts.row, "artifacts"),
        sum(number(one.row, "children") for one in children),
        unknown,
        len(children),
    )
