"""The end of a pass: what it proves is judged, and stored with it."""

from __future__ import annotations

from dataclasses import replace

import sql
from backfill.certificate import certify
from backfill.passes import Keeper, Pass
from backfill.progress import Progress
from backfill.spec import SliceReport, WalkSpec
from database.batch import ask_one
from database.rows import number
from log import timestamp


async def complete(spec: WalkSpec, progress: Progress, keeper: Keeper, report: SliceReport) -> None:
    """Store that a pass is complete, with its certificate where it covers all of the bucket.

    What an earlier pass was refused is forgotten then: this one tried it again, and the database took it.
    """
    ended, database = report.of_pass(keeper.current), spec.database
    if not spec.target.prefix:
        ended = await _certified(spec, ended)
    await progress.save(replace(ended, completed_at=timestamp(spec.budget.clock.now())), at_end=True)
    if not spec.target.prefix:
        before = ended.pass_started_at
        await database.batch([sql.statement("backfill/forget_refused", bucket=spec.target.bucket, before=before)])


async def _certified(spec: WalkSpec, ended: Pass) -> Pass:
    seen = sql.statement("missing/candidates", bucket=spec.target.bucket, seen_in=ended.pass_started_at)
    missing = number(await ask_one(spec.database, seen), "missing")
    bucket = spec.budget.metered_bucket(spec.bucket)
    return replace(ended, certificate=await certify(bucket, spec.budget.clock, ended, missing, spec.limits))
