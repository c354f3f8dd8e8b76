"""The first and the last step: pause scheduled backfill, and resume it when all is well."""

from __future__ import annotations

from errors import StewardError
from recovery.call import BY, Call
from recovery.steps import PauseStep, Step
from runs.lease import commit, held_batch, write_held
from runs.pause import pausing, read_control, resuming


async def pause(call: Call) -> PauseStep:
    """Pause scheduled backfill, for as long as the database is being changed."""
    paused = int(call.run.paused_by is not None)
    if call.live:
        statement = pausing(call.ports.clock, by=BY, reason=f"recovery, run {call.run.id}")
        await write_held(call.database, call.run, statement)
    return PauseStep("pause", paused, 1, 1 - paused, paused_before_by=call.run.paused_by)


async def resume(call: Call, *, ok: bool) -> Step:
    """Resume what a recovery paused, if all is well; an operator's pause stays."""
    control = await read_control(call.database)
    paused_by = control["paused_by"] if call.live else (call.run.paused_by or BY)
    ours = paused_by == BY and (ok or call.request.resume)
    if call.live and ours:
        batch = held_batch(call.run)
        ended = batch.add_counted(resuming(BY))
        await commit(call.database, call.run, batch)
        ours = bool(ended.changed)
    return Step("resume", int(paused_by is not None), int(paused_by is not None and not ours), int(ours))


async def pause_now(call: Call) -> str:
    """Return what is so of the pause after a failure."""
    try:
        paused_by = (await read_control(call.database))["paused_by"]
    except StewardError:
        return "GET /summary says whether scheduled backfill is paused."
    return f"Scheduled backfill stays paused (by {paused_by})." if paused_by else "Scheduled backfill is not paused."
