"""An undo as a recorded run."""

from __future__ import annotations

from collections.abc import Awaitable, Callable
from dataclasses import asdict, dataclass

from ports import Ports, Row, Statement
from recovery.restore import Restored, Undoing
from recovery.undo import refused, undo, undo_forgetting
from recovery.undoable import FORGET, kind_of, undoable_schema
from runs.budget import RECOVERY_SECONDS, Budget
from runs.pause import pausing
from runs.record import Opening, Run, fail_run, open_run
from settings import Settings

BY = "undo"
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
    """Up to 100 rows and 100 children that could not be undone because they moved on, and why."""


How = Callable[[Undoing, Budget, Statement], Awaitable[tuple[Restored, bool]]]
"""What undoes a run, after the statement that pauses; returns what came back, and whether all of it was taken."""


@dataclass(frozen=True)
class _Wanted:
    target: int
    kind: object
    how: How


async def undo_run(ports: Ports, settings: Settings, target: int, how: How | None = None) -> dict[str, object]:
    """Undo recovery or forgetting `target`, as `how` does; return what came back and what was refused.

    Doing it twice changes nothing. Raises InputError (404) where there is no such run, RefusedError where the run
    deleted nothing, the unique index cannot be dropped, or another run has the lease.
    """
    kind = await kind_of(ports.database, target)
    wanted = _Wanted(target, kind, how or (undo_forgetting if kind == FORGET else undo))
    opening = Opening(
        "undo",
        "live",
        "http",
        {"run": target},
        exclusive=True,
        asker=ports.asker,
        daily=settings,
        supersedes=None if how else str(target),
    )
    run = await open_run(ports.database, ports.clock, opening)
    budget = Budget.of_run(run, RECOVERY_SECONDS)
    try:
        report = await _undone(ports, settings, run, budget, wanted)
    except Exception as error:
        await fail_run(run, error, cost=budget.cost)
        raise
    body = asdict(report)
    await run.close("succeeded" if report.done else "stopped", counts=body, cost=budget.cost)
    return body


async def _undone(ports: Ports, settings: Settings, run: Run, budget: Budget, wanted: _Wanted) -> UndoReport:
    database, target = budget.metered(ports.database), wanted.target
    schema = await undoable_schema(database, settings)
    pause = pausing(ports.clock, by=BY, reason=f"undo of run {target}")
    forgotten = wanted.kind == FORGET
    restored, done = await wanted.how(Undoing(database, schema, run, run.id, target, forgotten), budget, pause)
    left = [*await refused(database, target, forgotten=forgotten), *restored.moved_on[:REFUSED_SHOWN]]
    return UndoReport(run.id, target, done, restored.losers, restored.children, left)
