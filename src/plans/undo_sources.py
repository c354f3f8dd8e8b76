"""What an undo brings back, as lines: the losers of a recovery with their children and orphans; or forgotten rows."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

import sql
from database.batch import ask_one
from database.rows import number
from database.schema import Reference, Schema
from forecast.work import Merge, returned, undo
from plans.lines import Sources
from plans.values import exact
from ports import Database
from recovery.restore import ALL, OBJECT, can_return
from runs.record import Run

_LOSER, _WINNER, _KEY = exact("loser_id"), exact("winner_id"), exact("row_key")


@dataclass(frozen=True)
class UndoSources:
    """The SQL of what can be undone of the run `target`."""

    schema: Schema
    target: int
    forgotten: bool = False
    """Whether the run has forgotten rows, which have no winner and no children."""

    def merges(self, chosen: sql.Fragment) -> Sources:
        """Return the SQL of the chosen merges, and of the children that would point at their losers again."""
        undoable = self._undoable(chosen)
        winner = "NULL" if self.forgotten else _WINNER
        rows = sql.fragment("plans/restore_lines", undoable=undoable, loser_id=_LOSER, winner_id=winner)
        references = () if self.forgotten else self.schema.references
        return {"rows": rows, **{one.name: self._moved(one, undoable) for one in references}}

    def beyond(self) -> sql.Fragment:
        """Return the condition of what cannot be undone."""
        undoable = self._undoable(ALL)
        text = f"(chunk, loser_id) NOT IN (SELECT chunk, loser_id FROM ({undoable.text}))"  # noqa: S608  # ours
        return sql.Fragment(text, undoable.params)

    def _undoable(self, chosen: sql.Fragment) -> sql.Fragment:
        condition = can_return(self.target, chosen, forgotten=self.forgotten)
        return sql.fragment("plans/undoable", can_return=condition, **OBJECT)

    def _moved(self, reference: Reference, undoable: sql.Fragment) -> sql.Fragment:
        named = {"table_name": reference.table, "column_name": reference.column}
        cells = {
            "loser_id": exact("undoable.loser_id"),
            "key": exact("remapped.row_key"),
            "back_to": exact("coalesce(remapped.was, remapped.loser_id)"),
        }
        slots = self.schema.child_slots(reference)
        return sql.fragment("plans/moved_lines", undoable=undoable, **named, **cells, **slots)

    def orphans(self, reference: Reference, chosen: sql.Fragment) -> Sources:
        """Return the SQL of the chosen orphans of a reference that can be pointed back."""
        named: dict[str, str | int] = {"table_name": reference.table, "column_name": reference.column}
        cells = {"key": _KEY, "winner_id": _WINNER, "loser_id": _LOSER, "declared": str(int(reference.declared))}
        slots = self.schema.child_slots(reference)
        lines = sql.fragment("plans/pointed_lines", run=self.target, chosen=chosen, **named, **cells, **slots)
        return {reference.name: lines}


async def undo_forecast(
    database: Database, losers: int, children: int, run: Run, *, forgotten: bool
) -> Mapping[str, object]:
    """Return what a live undo of so many losers and children, or `forgotten` rows, will take."""
    if forgotten:
        return returned(losers).report(run.rest)
    row = await ask_one(database, sql.statement("forecast/count_artifacts"))
    needs = undo(Merge(losers, losers, children), number(row, "artifacts"))
    return needs.report(run.rest)
