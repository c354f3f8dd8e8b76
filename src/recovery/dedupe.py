"""The step that merges duplicates: what would be merged, whether it may be, the merge, and what it says."""

from __future__ import annotations

from dataclasses import dataclass, replace

from database.schema import Schema
from recovery.call import Call
from recovery.checkpoint import Beginning, Checkpoint, MergeCheckpoint, writing
from recovery.duplicates import Duplicates, count_duplicates, odd_objects
from recovery.judging import Judged, judged
from recovery.merge import MergeOutcome, left_of, merge
from recovery.plan import conflicts_in
from recovery.prepare import prepare
from recovery.steps import MergeStep
from runs.lease import write_held


@dataclass(frozen=True)
class Deduped:
    """The step, and what the merge did; None where nothing was merged."""

    step: MergeStep
    outcome: MergeOutcome | None


async def dedupe(call: Call, schema: Schema, judgement: Judged, beginning: Beginning) -> Deduped:
    """Merge what the plan says, or show it where the call is dry."""
    found = await count_duplicates(call.database)
    if call.live and found.mergeable:
        await judged(call, schema, judgement)
        return await _merged(call, schema, judgement, beginning, found)
    before = beginning.checkpoint if found.objects else None
    return Deduped(await _shown(call, judgement, found, before), None)


async def _merged(call: Call, schema: Schema, judgement: Judged, beginning: Beginning, found: Duplicates) -> Deduped:
    await prepare(call, schema, may_delete=call.max_deletes - beginning.deleted)
    outcome = await merge(call, schema, await conflicts_in(call, schema), beginning)
    # Objects may have been left since the last chunk, in whose transaction this was kept before.
    await write_held(call.database, call.run, writing(call.run.id, Checkpoint(merge=outcome.checkpoint)))
    after = await count_duplicates(call.database)
    step = MergeStep(
        "dedupe",
        before=found.losers,
        after=after.losers,
        changed=outcome.deleted,
        sample=judgement.plan.sample,
        groups=outcome.groups,
        types_carried=outcome.carried,
        children_remapped=outcome.children,
        more=outcome.more,
        dates=judgement.plan.dates,
        stopped_after=outcome.checkpoint.after if outcome.more and outcome.checkpoint else None,
    )
    return Deduped(await _with_left(call, judgement, step, found, outcome.checkpoint), outcome)


async def _shown(call: Call, judgement: Judged, found: Duplicates, before: MergeCheckpoint | None) -> MergeStep:
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
    step = await _with_left(call, judgement, step, found, left_of(plan.left) or before)
    if plan.before and not call.live:
        step = replace(step, counted_before=plan.before)
        step = _saying(step, "Too many conflicts to list: this dry run counted what comes before them.")
    if judgement.refusal:
        step = _saying(step, f"A live recovery refuses: {judgement.refusal.sentence()}", first=True)
    return step


async def _with_left(
    call: Call, judgement: Judged, step: MergeStep, found: Duplicates, checkpoint: MergeCheckpoint | None
) -> MergeStep:
    """Return the step with the objects that are left as they are, those of the calls before among them."""
    step = replace(step, deleted_columns=judgement.deleted_columns)
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
