"""Merge the rows of one object into one: journal the losers, carry a known type, remap every child, delete.

Whole groups in chunks, each chunk one D1 batch: no reader ever sees a row deleted while something references it.
"""

from __future__ import annotations

import json
from collections.abc import Iterable, Sequence
from dataclasses import dataclass, field
from datetime import datetime

import sql
from database.batch import Answer, Batch
from database.schema import Reference, Schema
from errors import ConstraintError, LeaseLostError, OverloadedError, PlatformError, RefusedError, TransientError
from log import timestamp
from ports import Database, Result, Row, Statement
from recovery.conflicts import ChildConstraint, child_constraints
from recovery.journal import whole_row
from recovery.ranking import Ranking
from recovery.steps import STATEMENTS
from runs.costs import Cost
from runs.lease import LEASE
from runs.record import Run

LEFT_BYTES = 1_900_000
"""The JSON of the objects left whole is one value, of which D1 takes 2 MB."""

PLAN_STATEMENTS = 300
"""The plan stops looking for objects to leave whole after so many statements of its call."""

CHUNK_GROUPS = 250
"""Objects per D1 batch: some 50 ms of SQL, and at most 1.5 MB of keys (a control character takes six bytes)."""

CHUNK_ROWS = 5_000
"""Rows that one batch touches at most, children included, where an object can be merged in parts: under a second."""

EVERY_LOSER = 1_000_000_000

NOT_AS_PLANNED = {
    "steward_control.losers_journalled": "Its rows cannot be told apart: an id is NULL, or several rows have it.",
    "steward_control.children_moved": "Not every child that points at a loser can be moved to the winner.",
    "steward_control.losers_deleted": "The database did not delete every loser, or deleted the winner.",
}
"""What a chunk counted that was not as planned, by the column that then failed it."""

Group = tuple[str, str]

SAMPLED = ("r2_bucket", "r2_key", "winner_id", "losers")
DATED = ("r2_bucket", "r2_key", "winner_id", "winner_fetched_at", "losing_rows")

FIRST: Group = ("", "")
"""No object comes before it."""


@dataclass(frozen=True)
class Plan:
    """What merging would do: objects merged, rows deleted, types carried, children moved, and objects left whole."""

    groups: int
    losers: int
    carried: int
    children: int
    sample: list[object]
    left: dict[Group, str]
    before: Group | None
    """Only the objects before this one are counted: too many are left whole to count further. None: all are."""
    dates: list[Row] = field(default_factory=list)
    """Of the sampled objects: the winner's fetched_at, and the first losing rows with theirs, as they are stored."""


@dataclass
class Dedupe:
    """The merge of one recovery. `left` holds the objects left whole, and why.

    `chunk` is the number of the last chunk: no two of a run may share one, for a chunk is what its statements act on.
    """

    database: Database
    schema: Schema
    run: Run
    max_groups: int
    deadline: datetime
    cost: Cost
    after: Group | None = None
    """The merge begins behind this object, and has come to it."""
    chunk_groups: int = CHUNK_GROUPS
    left: dict[Group, str] = field(default_factory=dict)
    groups: int = 0
    deleted: int = 0
    carried: int = 0
    children: int = 0
    chunk: int = 0
    more: bool = False
    moved: bool = False
    """Whether the merge has come further than where it began."""
    constraints: list[ChildConstraint] | None = None
    ranking: Ranking = field(default_factory=Ranking)
    unreadable: str | None = None
    """What a request says of dates that cannot be read; None: their objects are left whole."""
    chunk_rows: int = CHUNK_ROWS
    part: int | None = None
    """How many losers of an object with too many rows the next chunk takes; None: all of its objects' losers."""
    triggers: list[str] | None = None

    async def plan(self) -> Plan:
        """Return what merging the first `max_groups` objects would do; the same statements for dry and live."""
        left, before = await self._left_whole()
        groups = all_groups(self.max_groups, left, before)
        ranked = self.ranking.rows(groups)
        # A batch each: D1 stops one at 30 s.
        [counts] = await self.database.batch([sql.statement("recovery/plan_dedupe", ranked=ranked)])
        sampled = sql.statement("recovery/sample_groups", ranked=ranked)
        [sample] = await self.database.batch([sql.showing(sampled, *SAMPLED, "winner_fetched_at", "losing_rows")])
        children = 0
        for reference in self.schema.references:
            wanted = sql.statement("recovery/plan_remap", ranked=ranked, **reference.slots)
            [moved] = await self.database.batch([wanted])
            children += int(moved.rows[0]["children"] or 0)
        row = {name: int(value or 0) for name, value in counts.rows[0].items()}
        shown = [{name: one[name] for name in SAMPLED} for one in sample.rows]
        dates = [{name: one[name] for name in DATED} for one in sample.rows]
        return Plan(row["groups"], row["losers"], row["carried"], children, [*shown], left, before, dates)

    async def _left_whole(self) -> tuple[dict[Group, str], Group | None]:
        """Return the objects that conflict among those to merge; and the first of them that is not listed, if any."""
        left: dict[Group, str] = {}
        room = LEFT_BYTES
        # Each object left whole makes room for a further one, which comes after all others and may conflict as well.
        while found := await self.conflicts(all_groups(self.max_groups, left)):
            for group in sorted(found):
                room -= len(listed([group]).encode())
                if room < 0 or self.cost.statements >= PLAN_STATEMENTS:
                    return left, group
                left[group] = found[group]
        return left, None

    async def conflicts(self, groups: sql.Fragment) -> dict[Group, str]:
        """Return the objects whose merge would break a child's own constraint or sense, and which."""
        ranked = self.ranking.rows(groups)
        found = {} if self.unreadable else await self._unreadable(ranked)
        if self.constraints is None:
            self.constraints = await child_constraints(self.database, self.schema)
        for constraint in self.constraints:
            [objects] = await self.database.batch([constraint.broken_by(ranked)])
            for row in objects.rows:
                found.setdefault((str(row["r2_bucket"]), str(row["r2_key"])), constraint.name)
        for reference in self.schema.references:
            if reference.table.lower() == "artifacts":
                found = {**await self._self_references(reference, ranked), **found}
        return found

    async def _unreadable(self, ranked: sql.Fragment) -> dict[Group, str]:
        """Return the objects that hold a date which cannot be read: their newest row is not known."""
        [objects] = await self.database.batch([sql.statement("recovery/unreadable", ranked=ranked)])
        return {(str(row["r2_bucket"]), str(row["r2_key"])): f"unreadable: {row['why']}" for row in objects.rows}

    async def _self_references(self, reference: Reference, ranked: sql.Fragment) -> dict[Group, str]:
        """Return the objects whose winner would come to refer to itself."""
        child_column = sql.quote(reference.column)
        wanted = sql.statement("recovery/self_references", child_column=child_column, ranked=ranked)
        [objects] = await self.database.batch([wanted])
        why = f"Its newest row refers to an older one of its rows by {reference.name}, and would refer to itself."
        return {(str(row["r2_bucket"]), str(row["r2_key"])): why for row in objects.rows}

    async def prepare(self) -> None:
        """Create the indexes that the merge is served by, where they are missing."""
        statements = [sql.statement("recovery/create_object_index")]
        for reference in self.schema.references:
            wanted = sql.statement("recovery/child_index", table_name=reference.table, column_name=reference.column)
            [index] = await self.database.batch([wanted])
            if not index.rows:
                name = f"steward_children_{reference.table}_{reference.column}"
                slots = {**reference.slots, "name": sql.quote(name)}
                statements.append(sql.statement("recovery/create_child_index", **slots))
        for statement in statements:
            await write_held(self.database, self.run, statement)
        await drop_stale_guards(self.database, self.run, self.schema)

    async def merge(self) -> None:
        """Merge objects until none is left, `max_groups` are done (`more` then says so), or a budget is used up.

        Objects after `after` were not looked at then.

        Raises LeaseLostError, RefusedError ("max_deletes") and platform errors; all before it is committed.
        """
        while not self.more:
            await self.run.renew()
            wanted = min(self.chunk_groups, self.max_groups - self.groups)
            groups = await self._following(self.after, max(wanted, 1))
            if not groups:
                break
            if wanted <= 0 or self._spent():
                self.more = True
                break
            self.left.update(await self.conflicts(given_groups(groups)))
            whole = [group for group in groups if group not in self.left]
            fitting = await self._fitting(whole)
            await self._merge_or_split(fitting)
            if len(fitting) == len(whole) and self.part is None:
                self._come_to_last(groups[-1])
        self.left = {group: why for group, why in self.left.items() if self.after and group <= self.after}

    async def _fitting(self, groups: list[Group]) -> list[Group]:
        """Return the first of the objects that make one chunk; `part` is set where the first alone is too many rows."""
        self.part = None
        if not groups:
            return []
        counted = [reference.counted for reference in self.schema.references]
        weigh = sql.statement("recovery/weigh_groups", groups=given_groups(groups), children=_sum(counted))
        [weights] = await self.database.batch([weigh])
        rows = {(str(row["r2_bucket"]), str(row["r2_key"])): row for row in weights.rows}
        fitting: list[Group] = []
        total = 0
        for group in groups:
            row = rows.get(group, {"rows_of_it": 0, "children": 0})
            losers, weight = int(row["rows_of_it"] or 0) - 1, int(row["rows_of_it"] or 0) + int(row["children"] or 0)
            if not fitting and weight > self.chunk_rows and losers > 1:
                part = max(1, self.chunk_rows * losers // weight)
                self.part = part if part < losers else None
                return [group]
            total += weight
            if fitting and total > self.chunk_rows:
                break
            fitting.append(group)
        return fitting

    def _spent(self) -> bool:
        """Tell whether the call's time is up, or its queries: each call comes at least one object further."""
        used_up = self.moved and self.cost.statements >= STATEMENTS
        return used_up or self.run.clock.now() >= self.deadline

    def _come_to(self, group: Group) -> None:
        self.after, self.moved = group, True

    def _come_to_last(self, group: Group) -> None:
        """Come to the last object that was looked at, unless a budget was used up before it."""
        if not self.more:
            self._come_to(group)

    async def _following(self, after: Group | None, count: int) -> list[Group]:
        """Return the next `count` objects with several rows. The last one may be one still: it was left whole."""
        place = dict(zip(("after_bucket", "after_key"), after or FIRST, strict=True))
        wanted = sql.statement("recovery/next_groups", plain=sql.load("recovery/plain"), most=count + 1, **place)
        [found] = await self.database.batch([wanted])
        groups = []
        for row in found.rows:
            bucket, key = (bytes.fromhex(str(row[name])) for name in ("r2_bucket", "r2_key"))
            group = (bucket.decode(errors="replace"), key.decode(errors="replace"))
            if (group[0].encode(), group[1].encode()) != (bucket, key):
                self.left[group] = "Its bucket or key is not valid UTF-8, so no statement can name it."
            groups.append(group)
        return [group for group in groups if group != after][:count]

    async def _merge_or_split(self, groups: Sequence[Group]) -> None:
        """Merge a chunk; where the database refuses a row, halve it until the object it refuses is alone."""
        if not groups or self.more:
            return
        if self._spent():
            self.more = True
            return
        try:
            await self._merge_chunk(groups)
        except OverloadedError as error:
            # D1 stopped the batch for its time: half of it may do. Overloaded without one, it needs rest.
            if "timeout" not in str(error) or len(groups) == 1:
                raise
            self.chunk_rows = max(1, self.chunk_rows // 2)
            await self._halves(groups)
        except TransientError:
            raise
        except PlatformError as error:
            refuse_known(error)
            # Only what SQLite itself says is about a row of these objects.
            if "SQLITE_" not in str(error):
                raise
            await self._isolate(groups, error)
        else:
            self.moved = True
            if self.part is None:
                self.groups += len(groups)
                self._come_to(groups[-1])

    async def _isolate(self, groups: Sequence[Group], error: PlatformError) -> None:
        """Halve a chunk that the database refuses; leave an object whole that is refused alone."""
        if len(groups) > 1:
            await self._halves(groups)
            return
        self.left[groups[0]] = await self._why(error)
        self.part = None
        self._come_to(groups[0])

    async def _halves(self, groups: Sequence[Group]) -> None:
        middle = len(groups) // 2
        await self._merge_or_split(groups[:middle])
        await self._merge_or_split(groups[middle:])

    async def _why(self, error: PlatformError) -> str:
        """Return why an object is left whole: the database's words, or what a count of ours found, and the triggers."""
        found = next((text for column, text in NOT_AS_PLANNED.items() if column in str(error)), str(error))
        if self.triggers is None:
            tables = json.dumps(["artifacts", *(reference.table for reference in self.schema.references)])
            [rows] = await self.database.batch([sql.statement("recovery/triggers", tables=tables)])
            self.triggers = [str(row["name"]) for row in rows.rows]
        return f"{found} Triggers there: {', '.join(self.triggers)}." if self.triggers else found

    @property
    def _here(self) -> dict[str, int]:
        return {"run": self.run.id, "chunk": self.chunk}

    async def _merge_chunk(self, groups: Sequence[Group]) -> None:
        self.chunk += 1
        given, here = given_groups(groups), self._here
        ranked, most = self.ranking.rows(given), self.part or EVERY_LOSER
        batch = Batch()
        batch.add(hold_lease(self.run))
        row = whole_row(self.schema.columns, "artifacts")
        journalled = batch.add(
            sql.statement("recovery/journal_losers", **here, most=most, ranked=ranked, whole_row=row)
        )
        batch.add(sql.statement("recovery/check_journalled", **here, most=most, groups=given))
        batch.add(sql.statement("recovery/spend_deletes", **here))
        batch.add(sql.statement("recovery/carry_type", ranked=ranked))
        carried = batch.add(sql.statement("runs/last_change"))
        moved = [self._move(batch, reference) for reference in self.schema.references]
        batch.add(sql.statement("recovery/delete_losers", **here))
        batch.add(sql.statement("recovery/check_deleted", **here))
        await batch.run(self.database)
        self.carried += changed(carried.result)
        self.children += sum(changed(one.result) for one in moved)
        self.deleted += journalled.changes

    def _move(self, batch: Batch, reference: Reference) -> Answer:
        """Add the statements that journal and move the children of one reference; return what counts the moved."""
        here, slots = self._here, self.schema.child_slots(reference)
        own = {"child_table": slots["child_table"], "child_column": slots["child_column"]}
        named = {"table_name": reference.table, "column_name": reference.column}
        refers_to_itself = reference.table.lower() == "artifacts"
        no_self = sql.fragment("recovery/no_self", **here, child_column=own["child_column"])
        batch.add(sql.statement("recovery/journal_remaps", **here, **named, **slots))
        batch.add(sql.statement("recovery/count_remaps"))
        batch.add(sql.statement("recovery/remap_children", **here, **own))
        moved = batch.add(sql.statement("runs/last_change"))
        batch.add(sql.statement("recovery/check_moved", **here, **own, no_self=no_self if refers_to_itself else "1"))
        return moved


def _sum(terms: Sequence[str]) -> str:
    """Return the SQL sum of the terms, as a tree: D1 takes expressions no deeper than 100."""
    if len(terms) < 2:  # noqa: PLR2004  # what needs no plus
        return terms[0] if terms else "0"
    middle = len(terms) // 2
    return f"({_sum(terms[:middle])} + {_sum(terms[middle:])})"


def hold_lease(run: Run) -> Statement:
    """Return the statement that fails its batch unless `run` still has the lease, and renews it."""
    until = timestamp(run.clock.now() + LEASE)
    return sql.statement("control/hold_lease", token=run.token, fence=run.fence, until=until)


async def drop_stale_guards(database: Database, run: Run, schema: Schema) -> None:
    """Take down the guards of references that are gone: one that names a dropped table fails every delete."""
    wanted = {guard.name for guard in schema.guards}
    stale = [Statement(f"DROP TRIGGER {sql.quote(name)}") for name in schema.triggers if name not in wanted]
    if stale:
        await write_held(database, run, *stale)


async def write_held(database: Database, run: Run, *statements: Statement) -> list[Result]:
    """Run the statements in one transaction that only the holder of the lease can make, and return their results."""
    await run.renew()
    try:
        _, *results = await database.batch([hold_lease(run), *statements])
    except ConstraintError as error:
        refuse_known(error)
        raise
    return results


def refuse_known(error: PlatformError) -> None:
    """Raise what a failed constraint of our own means: the lease is gone, or the cap is reached."""
    if "steward_control.fence" in str(error):
        raise LeaseLostError("The recovery lost its lease.", hint="Another run took over; see GET /runs.") from error
    if "deletes_left" in str(error):
        hint = "Rows appeared meanwhile. Run it dry again, and pass max_deletes with the number it shows."
        raise RefusedError("max_deletes", "The recovery reached the cap on deletes.", hint=hint) from error


def changed(result: Result) -> int:
    """Return what the statement `changed` found."""
    return int(result.rows[0]["changed"] or 0)


def all_groups(max_groups: int, left: Iterable[Group] = (), before: Group | None = None) -> sql.Fragment:
    """Return the fragment that lists the first objects with several rows that can be merged.

    Less those that are `left` whole, and only those before the object `before`.
    """
    selected = json.dumps({"left": [list(group) for group in left], "before": before}, ensure_ascii=False)
    plain = sql.load("recovery/plain")
    return sql.fragment("recovery/all_groups", plain=plain, max_groups=max_groups, selected=selected)


def given_groups(groups: Sequence[Group]) -> sql.Fragment:
    """Return the fragment that lists these objects."""
    return sql.fragment("recovery/given_groups", groups=listed(groups))


def listed(groups: Sequence[Group]) -> str:
    """Return objects as the JSON array of [bucket, key] that the statements take."""
    return json.dumps([list(group) for group in groups], ensure_ascii=False)
