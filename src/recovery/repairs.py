"""The steps of a recovery beside the merge: index, guards, classify, orphans."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass

import sql
from backfill.rules import RuleSet
from database.schema import Reference, Schema
from errors import ConstraintError
from log import timestamp
from ports import Database, Statement, Value
from recovery.conflicts import ChildConstraint, child_constraints
from recovery.journal import restored_object
from recovery.merge import changed, drop_stale_guards, write_held
from recovery.ranking import Ranking
from recovery.set_up import read_set_up, unknown_index
from recovery.steps import Step
from runs.record import Run

CLASSIFY_ROWS = 20_000
"""Unknown rows per D1 batch: about a tenth of a second."""


@dataclass
class Repairs:
    """The steps on one database; `live` False counts what they would do."""

    database: Database
    schema: Schema
    run: Run
    rules: RuleSet
    live: bool
    ranking: Ranking
    clean_of_duplicates: bool = True
    """Whether the unique index could be created: no object was, or would be, left with several rows."""
    classify_rows: int = CLASSIFY_ROWS
    classify_from: tuple[str, str] | None = None
    """The object after which the classification begins."""

    async def _write(self, *statements: Statement) -> None:
        """Run the statements under the lease, in one transaction."""
        await write_held(self.database, self.run, *statements)

    async def _change(self, *statements: Statement) -> int:
        """Run the statements under the lease, and return the rows that the last one changed itself."""
        *_, counted = await write_held(self.database, self.run, *statements, sql.statement("runs/last_change"))
        return changed(counted)

    async def index(self) -> Step:
        """Create the unique index where it is missing; the index it replaces goes."""
        present = int(self.schema.unique_index is not None)
        step = Step("index", present, present)
        if self.schema.nullable_key:
            step.details["nullable"] = list(self.schema.nullable_key)
        if present:
            if self.live:
                await self._write(sql.statement("recovery/drop_object_index"))
            return step
        if not self.clean_of_duplicates:
            step.error = "Objects are left with several rows, so the unique index cannot be created."
            return step
        if self.live:
            try:
                create = sql.statement("recovery/create_unique_index")
                await self._write(create, sql.statement("recovery/drop_object_index"))
            except ConstraintError as error:
                step.error = f"{error} A writer added a duplicate meanwhile; it is merged in the next round."
                return step
        step.after = step.changed = 1
        return step

    async def guards(self) -> Step:
        """Install every guard that is missing or has another text, and take down those of gone references."""
        wanted = self.schema.guards
        sample: list[object]
        wrong = [guard for guard in wanted if self.schema.triggers.get(guard.name) != guard.stored]
        if self.live:
            await drop_stale_guards(self.database, self.run, self.schema)
        if self.live:
            now = timestamp(self.run.clock.now())
            found = await read_set_up(self.database)
            further = (*unknown_index(found), sql.statement("set_up/note_set_up", now=now))
            await self._write(*(statement for guard in wrong for statement in guard.install()), *further)
        sample = [guard.name for guard in wrong[:20]]
        return Step("guards", len(wanted) - len(wrong), len(wanted), len(wrong), sample)

    async def classify(self, merged: sql.Fragment, spent: Callable[[], bool]) -> Step:
        """Give unknown rows the type of the winning rule; where the budget is `spent`, `goes_on` says after what."""
        source_type = self.rules.classification()
        plan = sql.statement("recovery/plan_classify", ranked=self.ranking.rows(merged), source_type=source_type)
        [counts] = await self.database.batch([plan])
        unknown, classified = (int(counts.rows[0][name] or 0) for name in ("unknown", "classified"))
        unmatched = sql.statement("recovery/sample_unknown", source_type=source_type)
        [sample] = await self.database.batch([sql.showing(unmatched, "id", "r2_bucket", "r2_key")])
        step = Step("classify", unknown, unknown - classified, classified, list(sample.rows))
        if self.live:
            step.changed, stopped_at = await self._classify(spent)
            if stopped_at:
                step.details["goes_on"] = {"after": list(stopped_at)}
            step.after = unknown - step.changed
        return step

    async def _classify(self, spent: Callable[[], bool]) -> tuple[int, tuple[Value, Value] | None]:
        """Return how many rows were classified, and the object to go on after where the budget was spent."""
        classified = chunks = 0
        after: tuple[Value, Value] = self.classify_from or ("", "")
        while True:
            if chunks and spent():
                return classified, after
            chunks += 1
            place = {"after_bucket": after[0], "after_key": after[1]}
            [boundary] = await self.database.batch(
                [sql.statement("recovery/unknown_boundary", **place, rows=self.classify_rows)]
            )
            until = (boundary.rows[0]["r2_bucket"], boundary.rows[0]["r2_key"]) if boundary.rows else (None, None)
            place |= {"until_bucket": until[0], "until_key": until[1]}
            classify = sql.statement("recovery/classify_unknown", **place, source_type=self.rules.classification())
            classified += await self._change(classify)
            if not boundary.rows:
                return classified, None
            after = until

    async def orphans(self, merged: sql.Fragment) -> Step:
        """Point children whose missing artifact the journal knows at its winner; list the others."""
        step = Step("orphans", 0, 0)
        constraints = await child_constraints(self.database, self.schema)
        for reference in self.schema.references:
            own = [constraint for constraint in constraints if constraint.reference == reference]
            step_of_one = await self._orphans_of(reference, own, merged)
            step.before += step_of_one.before
            step.after += step_of_one.after
            step.changed += step_of_one.changed
            step.sample = (step.sample + step_of_one.sample)[:20]
            step.error = "\n".join(filter(None, [step.error, step_of_one.error])) or None
        return step

    async def _orphans_of(self, reference: Reference, constraints: list[ChildConstraint], merged: sql.Fragment) -> Step:
        slots = self.schema.child_slots(reference)
        orphans = sql.fragment("recovery/orphans", **slots, **restored_object("lost.loser"))
        ranked = self.ranking.rows(merged)
        stuck = [_stuck(constraint, orphans, slots, ranked) for constraint in constraints]
        free = {"orphans": orphans, "free": _in_none_of(stuck)}
        counts, sample = await self.database.batch(
            [
                sql.statement("recovery/plan_orphans", **free),
                sql.showing(
                    sql.statement("recovery/sample_orphans", child=reference.name, orphans=orphans),
                    *("child", "row_key", "missing_id", "winner_id"),
                ),
            ]
        )
        found, known = (int(counts.rows[0][name] or 0) for name in ("orphans", "known"))
        step = Step("orphans", found, found - known, known, list(sample.rows))
        if self.live and known:
            child = {"table_name": reference.table, "column_name": reference.column}
            journal = sql.statement("recovery/journal_orphans", run=self.run.id, **child, **free)
            try:
                step.changed = await self._change(
                    journal, sql.statement("recovery/point_orphans", run=self.run.id, **child, **slots)
                )
            except ConstraintError as error:
                step.changed, step.error = 0, f"{reference.name}: {error} Its orphans are left as they are."
            step.after = found - step.changed
        return step


def _in_none_of(stuck: list[sql.Fragment]) -> sql.Fragment:
    terms = [f"row_key NOT IN ({one.text})" for one in stuck]
    # The fragments are about the same objects, so their values are the same.
    return sql.Fragment(" AND ".join(terms) or "1", stuck[0].params if stuck else {})


def _stuck(
    constraint: ChildConstraint, orphans: sql.Fragment, slots: dict[str, str], ranked: sql.Fragment
) -> sql.Fragment:
    """Return the fragment that lists the orphans which `constraint` keeps from the winner."""
    same = {**constraint.slots("child.steward_target"), "where": constraint.where_of_any}
    return sql.fragment("recovery/stuck_orphans", orphans=orphans, ranked=ranked, **slots, **same)
