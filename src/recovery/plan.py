"""What merging duplicates would do, by the same statements that the merge uses."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

import sql
from database.batch import ask, ask_one
from database.rows import number
from database.schema import Schema
from recovery.call import Call
from recovery.conflicts import Conflicts, child_constraints
from recovery.duplicates import EVERY_OBJECT, ObjectKey, all_objects, listed

LEFT_BYTES = 1_900_000
"""The JSON of the objects that are left is one value, of which D1 takes 2 MB."""

_SAMPLED = ("r2_bucket", "r2_key", "winner_id", "losers")
_DATED = ("r2_bucket", "r2_key", "winner_id", "winner_fetched_at", "losing_rows")


@dataclass(frozen=True)
class Plan:
    """What merging would do: objects merged, rows deleted, types carried, children moved, and objects left as they are.

    `dates` are those of the sampled objects: the winner's, and the first losing rows with theirs, as they are stored.
    """

    groups: int
    losers: int
    carried: int
    children: int
    left: Mapping[ObjectKey, str]
    before: ObjectKey | None
    """Only the objects before this one are counted: too many are left to count further. None: all are."""
    sample: tuple[object, ...]
    dates: tuple[object, ...]


async def conflicts_in(call: Call, schema: Schema) -> Conflicts:
    """Return what can keep an object of the database from being merged."""
    constraints = tuple(await child_constraints(call.database, schema))
    return Conflicts(call.database, schema, call.ranking, constraints, any_date=call.request.unreadable is not None)


async def plan_merge(call: Call, schema: Schema) -> Plan:
    """Return what merging the objects of this call would do."""
    most = call.most_objects or EVERY_OBJECT
    left, before = await _left_whole(call, schema, most)
    ranked = call.ranking.rows(all_objects(most, left, before))
    # A transaction each: D1 stops one at 30 s.
    counts = await ask_one(call.database, sql.statement("recovery/plan_dedupe", ranked=ranked))
    sampled = sql.statement("recovery/sample_groups", ranked=ranked)
    rows = await ask(call.database, sql.showing(sampled, *_SAMPLED, "winner_fetched_at", "losing_rows"))
    return Plan(
        groups=number(counts, "groups"),
        losers=number(counts, "losers"),
        carried=number(counts, "carried"),
        children=await _children(call, schema, ranked),
        left=left,
        before=before,
        sample=tuple({name: row[name] for name in _SAMPLED} for row in rows),
        dates=tuple({name: row[name] for name in _DATED} for row in rows),
    )


async def _children(call: Call, schema: Schema, ranked: sql.Fragment) -> int:
    wanted = [sql.statement("recovery/plan_remap", ranked=ranked, **one.slots) for one in schema.references]
    return sum([number(await ask_one(call.database, statement), "children") for statement in wanted])


async def _left_whole(call: Call, schema: Schema, most: int) -> tuple[dict[ObjectKey, str], ObjectKey | None]:
    """Return the objects that conflict among those to merge; and the first of them that is not listed, if any."""
    conflicts, budget = await conflicts_in(call, schema), call.budget.part("plan")
    left: dict[ObjectKey, str] = {}
    room = LEFT_BYTES
    # Each object that is left makes room for a further one, which comes after all others and may conflict as well.
    while found := await conflicts.among(all_objects(most, left)):
        for key in sorted(found):
            room -= len(listed([key]).encode())
            if room < 0 or budget.spent() == "subrequests":
                return left, key
            left[key] = found[key]
    return left, None
