"""The order of one call: look, judge, prepare, take the chunks, and say what was done."""

from __future__ import annotations

from dataclasses import dataclass

from forget.call import Call
from forget.gone import Counted, Gone
from forget.judging import Judged, judged
from forget.work import CHUNK_OBJECTS, FEW_OBJECTS, Forgetting, Noter
from ports import Row
from recovery.prepare import allow_deletes, serve_children
from runs.lease import write_held

LEFT_SHOWN = 100


@dataclass(frozen=True)
class _Before:
    """What was found before the first chunk."""

    counted: Counted
    judged: Judged
    sample_held: list[Row]


async def take(call: Call, buckets: tuple[str, ...], noter: Noter | None = None) -> dict[str, object]:
    """Forget what is gone of these buckets, as far as the call's budget goes; return the body of the answer.

    A dry call tells `noter` what would be forgotten.

    Raises RefusedError where nothing may be forgotten in this database; then nothing was changed.
    """
    schema = await call.schema()
    gone = Gone(schema, buckets)
    counted = await gone.count(call.database)
    held = await gone.sample_held(call.database) if counted.held else []
    before = _Before(counted, await judged(call, schema, counted), held)
    work = Forgetting(call, gone, FEW_OBJECTS if call.few else CHUNK_OBJECTS, noter)
    if call.live and counted.free:
        await prepare(call, gone)
        await work.go_on()
    await work.run()
    return _report(call, before, work)


async def prepare(call: Call, gone: Gone) -> None:
    """Create the indexes that the re-checks are served by, where they are missing, and let the run delete."""
    await serve_children(call.database, call.run, gone.schema)
    await write_held(call.database, call.run, allow_deletes(call.max_deletes))


def _report(call: Call, before: _Before, work: Forgetting) -> dict[str, object]:
    left = [{"r2_bucket": key[0], "r2_key": key[1], "why": why} for key, why in work.left.items()]
    refusal = before.judged.refusal
    return {
        "run_id": call.run.id,
        "dry_run": not call.live,
        "done": work.done,
        "gone": before.counted.gone,
        "forgotten": work.forgotten,
        "still_there": work.still_there,
        "held": dict(before.counted.held),
        "left": left[:LEFT_SHOWN],
        "sample": [{"r2_bucket": one.r2_bucket, "r2_key": one.r2_key} for one in work.sample],
        "sample_held": before.sample_held,
        "mentions": list(before.judged.mentions),
        "refused": refusal.sentence() if refusal else None,
        **({} if work.done else call.budget.continuing()),
        **({} if call.live else {"forecast": before.judged.needs.report(call.run.rest)}),
    }
