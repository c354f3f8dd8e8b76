"""The step that points children whose artifact is missing at the winner that the journal knows."""

from __future__ import annotations

from collections.abc import Awaitable, Callable, Sequence
from dataclasses import dataclass, replace

import sql
from database.batch import Answer, Batch, ask, ask_one
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
    return await _summed(repair, lambda found: _orphans_of(repair, found))


async def counted_orphans(repair: Repair) -> Step:
    """Return how many orphans there are, and how many the journal knows the winner of."""
    return await _summed(repair, lambda found: _counted(repair, found))


async def _summed(repair: Repair, one_of: Callable[[Orphans], Awaitable[Step]]) -> Step:
    constraints = await child_constraints(repair.call.database, repair.schema)
    total = Step("orphans")
    for reference in repair.schema.references:
        one = await one_of(orphans_of(repair, reference, constraints))
        total = Step(
            "orphans",
            before=total.before + one.before,
            after=total.after + one.after,
            changed=total.changed + one.changed,
            sample=(total.sample + one.sample)[:SAMPLE],
            error="\n".join(filter(None, [total.error, one.error])) or None,
        )
    return total


@dataclass(frozen=True)
class Orphans:
    """The orphans of one reference: the SQL that lists them, and the condition of those that are free to go back."""

    reference: Reference
    listed: sql.Fragment
    free: sql.Fragment

    def back(self, batch: Batch, run: int, slots: dict[str, str]) -> Answer:
        """Add the statements that point them at their winners, for the run; return what counts them."""
        child = {"table_name": self.reference.table, "column_name": self.reference.column}
        given = {"orphans": self.listed, "free": self.free}
        batch.add(sql.statement("recovery/journal_orphans", run=run, **child, **given))
        return batch.add_counted(sql.statement("recovery/point_orphans", run=run, **child, **slots))


def orphans_of(repair: Repair, reference: Reference, constraints: Sequence[ChildConstraint]) -> Orphans:
    """Return the orphans of a reference, which has these constraints."""
    slots, ranked = repair.schema.child_slots(reference), repair.call.ranking.rows(repair.merged)
    found = sql.fragment("recovery/orphans", **slots, **restored_object("lost.loser"))
    own = [constraint for constraint in constraints if constraint.reference == reference]
    return Orphans(reference, found, _in_none_of([_stuck(constraint, found, slots, ranked) for constraint in own]))


async def _counted(repair: Repair, found: Orphans) -> Step:
    call = repair.call
    counts = await ask_one(call.database, sql.statement("recovery/plan_orphans", orphans=found.listed, free=found.free))
    listing = sql.statement("recovery/sample_orphans", child=found.reference.name, orphans=found.listed)
    sample = await ask(call.database, sql.showing(listing, "child", "row_key", "missing_id", "winner_id"))
    count, known = number(counts, "orphans"), number(counts, "known")
    return Step("orphans", count, count - known, known, tuple(sample))


async def _orphans_of(repair: Repair, found: Orphans) -> Step:
    call, step = repair.call, await _counted(repair, found)
    if not call.live or not step.changed:
        return step
    batch = held_batch(call.run)
    pointed = found.back(batch, call.run.id, repair.schema.child_slots(found.reference))
    try:
        await commit(call.database, call.run, batch)
    except ConstraintError as error:
        text = f"{found.reference.name}: {error} Its orphans are left as they are."
        return replace(step, after=step.before, changed=0, error=text)
    return replace(step, after=step.before - pointed.changed, changed=pointed.changed)


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
