"""The step that points children whose artifact is missing at the winner that the journal knows."""

from __future__ import annotations

from dataclasses import replace

import sql
from database.batch import ask, ask_one
from database.rows import number
from database.schema import Reference
from errors import ConstraintError
from recovery.conflicts import ChildConstraint, child_constraints
from recovery.journal import restored_object
from recovery.repair import Repair
from recovery.steps import SAMPLE, Step
from runs.lease import commit, held_batch


async def orphans(repair: Repair) -> Step:
    """Point the orphans of every reference at their winners where the journal knows them; list the others."""
    constraints = await child_constraints(repair.call.database, repair.schema)
    total = Step("orphans")
    for reference in repair.schema.references:
        own = [constraint for constraint in constraints if constraint.reference == reference]
        one = await _orphans_of(repair, reference, own)
        total = Step(
            "orphans",
            before=total.before + one.before,
            after=total.after + one.after,
            changed=total.changed + one.changed,
            sample=(total.sample + one.sample)[:SAMPLE],
            error="\n".join(filter(None, [total.error, one.error])) or None,
        )
    return total


async def _orphans_of(repair: Repair, reference: Reference, constraints: list[ChildConstraint]) -> Step:
    call, slots = repair.call, repair.schema.child_slots(reference)
    found = sql.fragment("recovery/orphans", **slots, **restored_object("lost.loser"))
    ranked = call.ranking.rows(repair.merged)
    free = _in_none_of([_stuck(constraint, found, slots, ranked) for constraint in constraints])
    counts = await ask_one(call.database, sql.statement("recovery/plan_orphans", orphans=found, free=free))
    listing = sql.statement("recovery/sample_orphans", child=reference.name, orphans=found)
    sample = await ask(call.database, sql.showing(listing, "child", "row_key", "missing_id", "winner_id"))
    count, known = number(counts, "orphans"), number(counts, "known")
    step = Step("orphans", count, count - known, known, tuple(sample))
    if not call.live or not known:
        return step
    child = {"table_name": reference.table, "column_name": reference.column}
    batch = held_batch(call.run)
    batch.add(sql.statement("recovery/journal_orphans", run=call.run.id, **child, orphans=found, free=free))
    pointed = batch.add_counted(sql.statement("recovery/point_orphans", run=call.run.id, **child, **slots))
    try:
        await commit(call.database, call.run, batch)
    except ConstraintError as error:
        text = f"{reference.name}: {error} Its orphans are left as they are."
        return replace(step, after=count, changed=0, error=text)
    return replace(step, after=count - pointed.changed, changed=pointed.changed)


def _in_none_of(stuck: list[sql.Fragment]) -> sql.Fragment:
    """Return the condition of the orphans that nothing keeps from their winner."""
    terms = [f"row_key NOT IN ({one.text})" for one in stuck]
    # The fragments are about the same objects, so their values are the same.
    return sql.Fragment(" AND ".join(terms) or "1", stuck[0].params if stuck else {})


def _stuck(
    constraint: ChildConstraint, found: sql.Fragment, slots: dict[str, str], ranked: sql.Fragment
) -> sql.Fragment:
    """Return the fragment that lists the orphans which `constraint` keeps from the winner."""
    same = {**constraint.slots("child.steward_target"), "where": constraint.where_of_any}
    return sql.fragment("recovery/stuck_orphans", orphans=found, ranked=ranked, **slots, **same)
