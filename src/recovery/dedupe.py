"""The step that merges duplicates: what would be merged, whether it may be, the merge, and what it says."""

from __future__ import annotations

from dataclasses import dataclass, replace

import sql
from database.sampling import Sampled, refuse_unknown_references, sample
from database.schema import Schema
from errors import RefusedError
from recovery.call import Call
from recovery.checkpoint import MergeCheckpoint
from recovery.duplicates import Duplicates, count_duplicates, odd_objects
from recovery.merge import Beginning, MergeOutcome, left_of, merge, prepare
from recovery.plan import Plan, conflicts_in, plan_merge
from recovery.steps import MergeStep
from recovery.tombstones import deleted_columns, refuse_deleted_rows
from runs.lease import write_held


@dataclass(frozen=True)
class Judged:
    """A plan, why a live call would refuse it, and what the values of the columns say."""

    plan: Plan
    refusal: RefusedError | None = None
    sampled: Sampled | None = None


async def planned(call: Call, schema: Schema) -> Judged:
    """Return the plan of the merge. Raises RefusedError where a live call would delete more than it may, or may not.

    Nothing is changed by then.
    """
    plan = await plan_merge(call, schema)
    if call.live and plan.losers > call.max_deletes:
        raise RefusedError(
            "max_deletes",
            f"The recovery would delete {plan.losers} duplicate rows, and may delete {call.max_deletes}.",
            hint=f"Look at a dry run first, then send max_deletes: {plan.losers} with this request.",
        )
    return await judged(call, schema, plan) if plan.losers else Judged(plan)


async def judged(call: Call, schema: Schema, plan: Plan, sampled: Sampled | None = None) -> Judged:
    """Return why no row may be deleted in this database, if that is so; a live call raises it."""
    sampled = sampled or await sample(call.database, schema)
    refusal = schema.mismatch() or refuse_unknown_references(sampled)
    if refusal is None and not call.settings.live_where and not call.request.include_deleted:
        refusal = await refuse_deleted_rows(call.database, schema)
    if refusal and call.live:
        raise refusal
    return Judged(plan, refusal, sampled)


async def dedupe(call: Call, schema: Schema, judgement: Judged, beginning: Beginning) -> Deduped:
    """Merge what the plan says, or show it where the call is dry."""
    found = await count_duplicates(call.database)
    if call.live and found.mergeable:
        await judged(call, schema, judgement.plan, judgement.sampled)
        return await _merged(call, schema, judgement.plan, beginning, found)
    before = beginning.checkpoint if found.objects else None
    return Deduped(await _shown(call, schema, judgement, found, before), None)


@dataclass(frozen=True)
class Deduped:
    """The step, and what the merge did; None where nothing was merged."""

    step: MergeStep
    outcome: MergeOutcome | None


async def _merged(call: Call, schema: Schema, plan: Plan, beginning: Beginning, found: Duplicates) -> Deduped:
    await prepare(call, schema)
    may_delete = call.max_deletes - beginning.deleted
    await write_held(call.database, call.run, sql.statement("recovery/allow_deletes", most=may_delete))
    outcome = await merge(call, schema, await conflicts_in(call, schema), beginning)
    after = await count_duplicates(call.database)
    step = MergeStep(
        "dedupe",
        before=found.losers,
        after=after.losers,
        changed=outcome.deleted,
        sample=plan.sample,
        groups=outcome.groups,
        types_carried=outcome.carried,
        children_remapped=outcome.children,
        more=outcome.more,
        dates=plan.dates,
        stopped_after=outcome.checkpoint.after if outcome.more and outcome.checkpoint else None,
    )
    return Deduped(await _with_left(call, schema, step, found, outcome.checkpoint), outcome)


async def _shown(
    call: Call, schema: Schema, judgement: Judged, found: Duplicates, before: MergeCheckpoint | None
) -> MergeStep:
    """Return what a merge of the plan would bring."""
    plan = judgement.plan
    step = MergeStep(
        "dedupe",
        before=found.losers,
        after=found.losers - plan.losers,
        changed=plan.losers,
        sample=plan.sample,
        groups=plan.groups,
        types_carried=plan.carried,
        children_remapped=plan.children,
        more=not call.live and found.mergeable > plan.groups + len(plan.left),
        dates=plan.dates,
    )
    step = await _with_left(call, schema, step, found, left_of(plan.left) or before)
    if plan.before and not call.live:
        step = replace(step, counted_before=plan.before)
        step = _saying(step, "Too many conflicts to list: this dry run counted what comes before them.")
    if judgement.refusal:
        step = _saying(step, f"A live recovery refuses: {judgement.refusal.sentence()}", first=True)
    return step


async def _with_left(
    call: Call, schema: Schema, step: MergeStep, found: Duplicates, checkpoint: MergeCheckpoint | None
) -> MergeStep:
    """Return the step with the objects that are left as they are, those of the calls before among them."""
    step = replace(step, deleted_columns=tuple(sorted(deleted_columns(schema))))
    if checkpoint and checkpoint.left:
        step = replace(step, left=checkpoint.left, left_whole=checkpoint.shown)
        text = f"{checkpoint.left} objects are left whole: the database refuses their merge. `why` says by what."
        step = _saying(step, text)
    if found.odd:
        step = replace(step, unmergeable=await odd_objects(call.database))
        text = f"{found.odd} objects have a bucket or key that is no plain text (see keys_are_text): left whole."
        step = _saying(step, text)
    return step


def _saying(step: MergeStep, text: str, *, first: bool = False) -> MergeStep:
    words = [text, step.error or ""] if first else [step.error or "", text]
    return replace(step, error=" ".join(words).strip())
