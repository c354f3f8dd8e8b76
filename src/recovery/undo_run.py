"""An undo as a recorded run."""

from __future__ import annotations

from dataclasses import asdict, dataclass

from database.reading import read_schema
from errors import RefusedError
from ports import Database, Ports, Row
from recovery.restore import Undoing
from recovery.undo import refused_merges, refused_returns, undo, undo_forgetting
from runs.budget import RECOVERY_SECONDS, Budget
from runs.history import require_run
from runs.pause import pausing
from runs.record import Opening, Run, fail_run, open_run
from settings import Settings

BY = "undo"
FORGET = "forget"
REFUSED_SHOWN = 100


@dataclass(frozen=True)
class UndoReport:
    """What one call of an undo did; the body of its answer."""

    run_id: int
    undone_run: int
    done: bool
    restored: int
    children_restored: int
    refused: list[Row]
    """Up to 100 merges and 100 children that could not be undone because they moved on, and why."""


async def undo_run(ports: Ports, settings: Settings, target: int) -> dict[str, object]:
    """Undo the merges of recovery `target`, or forgetting `target`; return what came back and what was refused.

    Doing it twice changes nothing. Raises InputError (404) where there is no such run, RefusedError where the run
    deleted nothing, the unique index cannot be dropped, or another run has the lease.
    """
    kind = await _kind(ports.database, target)
    opening = Opening("undo", "live", "http", {"run": target}, exclusive=True, asker=ports.asker, daily=settings)
    run = await open_run(ports.database, ports.clock, opening)
    budget = Budget.of_run(run, RECOVERY_SECONDS)
    try:
        report = await _undone(ports, settings, run, (kind, target), budget)
    except Exception as error:
        await fail_run(run, error, cost=budget.cost)
        raise
    body = asdict(report)
    await run.close("succeeded" if report.done else "stopped", counts=body, cost=budget.cost)
    return body


async def _kind(database: Database, target: int) -> object:
    """Return the kind of the run that is undone; raises RefusedError where it deleted nothing."""
    found = await require_run(database, target)
    if found["kind"] not in ("recovery", FORGET) or found["mode"] != "live":
        hint = "Only a live recovery or forget deletes rows; GET /runs?kind=recovery lists the former."
        raise RefusedError("not_a_recovery", f"Run {target} is a {found['mode']} {found['kind']}.", hint=hint)
    return found["kind"]


async def _undone(ports: Ports, settings: Settings, run: Run, undone: tuple[object, int], budget: Budget) -> UndoReport:
    database, (kind, target) = budget.metered(ports.database), undone
    schema = await read_schema(database, settings.children, settings.not_children)
    schema.refuse_missing_children()
    schema.refuse_cascades()
    work = Undoing(database, schema, run, run.id, target)
    if kind == FORGET:
        restored, done = await undo_forgetting(work, budget)
        refused = await refused_returns(database, target)
    else:
        pause = pausing(ports.clock, by=BY, reason=f"undo of run {target}")
        restored, done = await undo(work, budget, pause)
        refused = [*await refused_merges(database, target), *restored.moved_on[:REFUSED_SHOWN]]
    return UndoReport(run.id, target, done, restored.losers, restored.children, refused)
