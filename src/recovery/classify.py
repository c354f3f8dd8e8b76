"""The step that gives unknown rows the type of the rule that wins for their key."""

from __future__ import annotations

from dataclasses import replace

import sql
from database.batch import ask, ask_one
from database.rows import number
from recovery.checkpoint import Checkpoint, writing
from recovery.duplicates import FIRST, ObjectKey, object_key
from recovery.repair import Repair
from recovery.steps import ClassifyStep
from runs.lease import commit, held_batch


async def classify(repair: Repair) -> ClassifyStep:
    """Give unknown rows the type of the winning rule, until none is left or the budget is used up."""
    call, step = repair.call, await counted_types(repair)
    if not call.live:
        return step
    changed, stopped_after = await _classify_all(repair)
    return replace(step, after=step.before - changed, changed=changed, stopped_after=stopped_after)


async def counted_types(repair: Repair) -> ClassifyStep:
    """Return how many rows are unknown, and what giving them their types would bring."""
    call, source_type = repair.call, repair.rules.classification()
    ranked = call.ranking.rows(repair.merged)
    counts = await ask_one(
        call.database, sql.statement("recovery/plan_classify", ranked=ranked, source_type=source_type)
    )
    unknown, classified = number(counts, "unknown"), number(counts, "classified")
    unmatched = sql.statement("recovery/sample_unknown", source_type=source_type)
    sample = await ask(call.database, sql.showing(unmatched, "id", "r2_bucket", "r2_key"))
    return ClassifyStep("classify", unknown, unknown - classified, classified, tuple(sample))


async def _classify_all(repair: Repair) -> tuple[int, ObjectKey | None]:
    """Return how many rows were classified, and the object to continue after where the budget was used up."""
    budget = repair.call.budget.part("merge")
    after, changed = repair.classify_from or FIRST, 0
    while True:
        until = await boundary(repair, after)
        changed += await _classify_range(repair, after, until)
        if until is None:
            return changed, None
        after = until
        if budget.spent():
            return changed, after


async def boundary(repair: Repair, after: ObjectKey) -> ObjectKey | None:
    """Return the object up to which the next transaction goes; None for the last one."""
    place: dict[str, str | int] = {"after_bucket": after[0], "after_key": after[1]}
    place["rows"] = repair.call.sizes.classify_rows
    for row in await ask(repair.call.database, sql.statement("recovery/unknown_boundary", **place)):
        return object_key(row)
    return None


async def _classify_range(repair: Repair, after: ObjectKey, until: ObjectKey | None) -> int:
    """Classify the rows after one object up to another, and keep where the next call would continue."""
    call, (until_bucket, until_key) = repair.call, until or (None, None)
    place = {
        "after_bucket": after[0],
        "after_key": after[1],
        "until_bucket": until_bucket,
        "until_key": until_key,
    }
    batch = held_batch(call.run)
    statement = sql.statement("recovery/classify_unknown", **place, source_type=repair.rules.classification())
    changed = batch.add_counted(statement)
    batch.add(writing(call.run.id, Checkpoint(classify=until)))
    await commit(call.database, call.run, batch)
    return changed.changed
