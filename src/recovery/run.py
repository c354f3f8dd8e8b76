"""A recovery as a recorded run: what is refused before it starts, the saga, and how it ended."""

from __future__ import annotations

from dataclasses import asdict
from typing import Literal

from errors import RefusedError
from ports import Ports
from recovery.call import Call, RecoverRequest, Sizes
from recovery.pausing import pause_now
from recovery.saga import CONTINUE, Saga, SagaOf
from recovery.set_up import refuse_lifted
from recovery.tombstones import check_live_where
from runs.budget import RECOVERY_SECONDS, Budget
from runs.record import Opening, fail_run, open_run, our_error
from settings import Settings


async def recover(
    ports: Ports,
    settings: Settings,
    request: RecoverRequest,
    sizes: Sizes | None = None,
    saga: SagaOf = Saga,
) -> dict[str, object]:
    """Do one call of the recovery, as this saga has it, and return its report.

    Raises RefusedError where another run has the lease or the cap on deletes is too low; then nothing was changed.
    Any other failure ends the call at its step, with `error` there, and leaves scheduled backfill paused.
    """
    live = not request.dry_run
    opening = Opening(
        "recovery",
        "live" if live else "dry",
        "http",
        asdict(request),
        exclusive=live,
        asker=ports.asker,
        daily=settings,
        supersedes="" if request.plan is None else None,
    )
    run = await open_run(ports.database, ports.clock, opening)
    budget = Budget.of_run(run, RECOVERY_SECONDS)
    call = Call(ports, settings, request, run, budget, sizes or Sizes())
    try:
        return await _recorded(await _begun(call, saga))
    except Exception as error:
        await fail_run(run, error, cost=budget.cost)
        raise


async def _begun(call: Call, saga: SagaOf) -> Saga:
    """Look at the schema and return the saga. Raises RefusedError where nothing could be merged in this database."""
    schema = await call.schema()
    schema.refuse_unmergeable()
    if call.settings.live_where:
        await check_live_where(call.database, schema.names, call.settings.live_where)
    if call.live:
        await refuse_lifted(call.ports)
    return saga(call, schema)


async def _recorded(saga: Saga) -> dict[str, object]:
    call, error = saga.call, None
    try:
        await saga.take()
    except Exception as failure:
        if isinstance(failure, RefusedError) and not saga.steps:
            raise
        then = f"{await pause_now(call)} {CONTINUE}" if call.live else "Nothing was changed."
        error = f"Step {saga.at}: {our_error(call.run, failure).sentence()} {then}"
        saga.fail(error)
    report = {**saga.report(), **({} if saga.done else call.budget.continuing())}
    ended: Literal["succeeded", "stopped"] = "succeeded" if saga.done else "stopped"
    await call.run.close("failed" if error else ended, counts=report, cost=call.budget.cost, error=error)
    return report
