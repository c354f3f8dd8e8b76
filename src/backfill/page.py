"""Decide about the objects of a page and write them, in one transaction; park what the database refuses.

Nothing here looks into a page: SQL does. What a statement did is counted, never assumed.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field, replace
from typing import Protocol

import sql
from backfill.counts import Counts, lone_rows, marked, planned
from backfill.page_sql import Statements, page_statements
from backfill.target import Target
from database.batch import Answer, Batch, ask_one
from errors import ConstraintError, TooBigError
from ports import Database, PagePart, Row, Statement, Value
from runs.budget import Budget, Spent
from runs.lease import refuse_lost_lease
from runs.retry import retried


@dataclass(frozen=True)
class Written:
    """What became of the first objects of a part."""

    counts: Counts
    last_key: str
    """The last object that was treated."""
    repeated: int
    """Transactions sent again after a passing failure. What a lost answer had committed is counted as unchanged."""
    lone_rows: int
    """Before so many of the objects there are rows without one."""
    marked: int
    """Marks of a missing object among the keys."""
    stopped: Spent | None = None
    """What was used up before all objects of the part were treated; None where all were."""


@dataclass(frozen=True)
class Taken:
    """A part that is to be committed."""

    part: PagePart
    after: str
    """The key listed before it."""
    kept: Callable[[], Mapping[str, Value]] | None = None
    """Returns what `passes/keep_page` takes beside it, where the pass is kept; only a page that is written is noted."""


class Noter(Protocol):
    """Keeps what a dry walk would write."""

    async def page(self, given: Mapping[str, Value]) -> None:
        """Keep what it would write of a page, which the parameters of the page statements tell."""
        ...


@dataclass(frozen=True)
class Pages:
    """Takes the parts of one walk."""

    target: Target
    database: Database
    budget: Budget
    since: str
    """What was refused at this time or later is passed over; in a dry run, all that ever was."""
    slack_seconds: int
    """By how much an upload may come after the moment in its row."""
    statements: Statements

    @classmethod
    def of(cls, target: Target, database: Database, budget: Budget, since: str, slack_seconds: int) -> Pages:
        """Return what takes the parts of a walk over this target."""
        return cls(target, budget.metered(database), budget, since, slack_seconds, page_statements(target))

    async def take(self, taken: Taken, *, write: bool) -> Written:
        """Count a part and, when live, write what it needs: at once with `write`, else after it was counted alone.

        Most pages of most passes are unchanged, and to count one costs half the rows read, and less time, than to
        count and write it.
        """
        work, part = _PartWork(self, taken), taken.part
        await work.take(write=write)
        last_key = await self._key_at(part, work.done - 1) if work.stopped else part.last_key
        return replace(work.written(), last_key=last_key, stopped=work.stopped)

    async def take_together(self, parts: Sequence[Taken], *, write: bool) -> list[Written | None]:
        """Count parts, and write them with `write`, in one transaction.

        None for those that are to be taken alone: all where the database refuses one, and without `write` those that
        need a write.
        """
        return await take_together([(self, one) for one in parts], write=write)

    def given(self, taken: Taken, first: int, end: int) -> dict[str, Value]:
        """Return the parameters of the statements about the objects of a part from `first` up to before `end`."""
        part, since = taken.part, self.since if self.target.live else ""
        keys: dict[str, Value] = {"first_key": part.first_key, "last_key": part.last_key, "after": taken.after}
        objects: dict[str, Value] = {"page": part.objects, "bucket": self.target.bucket, "first": first, "end": end}
        return {**objects, **keys, "since": since, "slack": self.slack_seconds}

    async def _key_at(self, part: PagePart, place: int) -> str:
        wanted = sql.statement("backfill/key_at", page=part.objects, place=place)
        return str((await ask_one(self.database, wanted))["r2_key"])


async def take_together(parts: Sequence[tuple[Pages, Taken]], *, write: bool) -> list[Written | None]:
    """Take parts of one database, each with those of its bucket, as `Pages.take_together` does."""
    batch, works = Batch(), [_PartWork(pages, one) for pages, one in parts]
    asked = [work.asked(batch, 0, work.part.count, write=write, recount=True) for work in works]
    if not works or not await works[0].ran(batch, write=write):
        return [None for _ in works]
    for work, one in zip(works, asked, strict=True):
        work.counts = await work.became(one)
    return [None if work.needs_write and not write else work.written() for work in works]


@dataclass(frozen=True)
class _Asked:
    """What was added to a batch about the objects from `first` up to before `end`."""

    first: int
    end: int
    plan: Answer
    changed: Answer | None
    after: Answer | None


@dataclass
class _PartWork:
    """A part at work: what is done of it, from its beginning."""

    pages: Pages
    taken: Taken
    counts: Counts = field(default_factory=Counts)
    done: int = 0
    repeated: int = 0
    stopped: Spent | None = None
    refusal: str = ""
    """The words of the database's last refusal."""
    lone_rows: int = 0
    marked: int = 0

    @property
    def part(self) -> PagePart:
        """The part itself."""
        return self.taken.part

    @property
    def needs_write(self) -> bool:
        """Whether it was counted that something is to be written, in a live walk."""
        return self.pages.target.live and self.counts.to_write > 0

    async def take(self, *, write: bool) -> None:
        """Treat all objects of the part, or as many as the budget allows; at least one."""
        end = self.part.count
        counted = await self._transaction(0, end, write=write, recount=True)
        if counted is not None and self.pages.target.live and not write and counted.to_write:
            counted = await self._transaction(0, end, write=True, recount=True)
        if counted is not None:
            self._add(counted, end)
            return
        await self._refused(0, end)
        if self.pages.target.triggers:
            left = await self._park(0, self.done, self._not_kept)
            self.counts = self.counts.without(left)

    def _add(self, counted: Counts, done: int) -> None:
        self.counts += counted
        self.done = done

    async def _part(self, first: int, end: int) -> None:
        """Write the objects from `first` up to before `end`, unless the budget is used up."""
        self.stopped = self.pages.budget.spent() if self.done else None
        if self.stopped:
            return
        counted = await self._transaction(first, end, write=True, recount=False)
        if counted is None:
            await self._refused(first, end)
        else:
            self._add(counted, end)

    async def _refused(self, first: int, end: int) -> None:
        """Write what can be of objects that the database refuses as a whole, and park the others.

        Where artifacts has no trigger of the owner's, all at once. Else in halves, down to the object: `OR IGNORE`
        would reach into the triggers, and ignore their conflicts.
        """
        if end - first == 1:
            left = await self._park(first, end, self.refusal)
            self._add(left.without(left), end)
            return
        if self.pages.target.triggers is None:
            counted = await self._tolerant(first, end, self.refusal)
            if counted is not None:
                self._add(counted, end)
                return
        middle = (first + end) // 2
        await self._part(first, middle)
        if self.done == middle:
            await self._part(middle, end)

    async def _transaction(self, first: int, end: int, *, write: bool, recount: bool) -> Counts | None:
        """Count objects, and write them in the same transaction if asked to; return what became of them.

        None where the database refuses one of them: then nothing was written. With `recount`, where the owner has
        triggers, the objects are counted again after the write: what is still to be written did not stay.
        """
        batch = Batch()
        asked = self.asked(batch, first, end, write=write, recount=recount)
        return await self.became(asked) if await self.ran(batch, write=write) else None

    def asked(self, batch: Batch, first: int, end: int, *, write: bool, recount: bool) -> _Asked:
        """Add to a batch what counts objects, and writes them if asked to; see `_transaction`."""
        given, texts = self._given(first, end), self.pages.statements
        plan = batch.add(self._counting(given, noting=write and recount))
        changed = batch.add(sql.bind(texts.write, **given)) if write else None
        recount = recount and write and self.pages.target.triggers is not None
        after = batch.add(sql.bind(texts.plan, **given)) if recount else None
        return _Asked(first, end, plan, changed, after)

    async def became(self, asked: _Asked) -> Counts:
        """Return what became of objects once the batch has run; park what did not stay."""
        counted, changed = self._planned(asked.plan.row), asked.changed
        left = counted.to_write - changed.changes if changed else 0
        if asked.after:
            left = planned(asked.after.row).to_write
        # More changes than there were rows to write are a guard's, and say nothing of the rows: they are looked at too.
        return counted if left == 0 else counted.without(await self._park(asked.first, asked.end, self._not_kept))

    def written(self) -> Written:
        """Return what became of all objects of the part."""
        return Written(self.counts, self.part.last_key, self.repeated, self.lone_rows, self.marked)

    def _counting(self, given: dict[str, Value], *, noting: bool) -> Statement:
        """Return the statement that counts, and notes where the pass stands where that is known before the write."""
        if self.taken.kept is None or not noting or self.pages.target.triggers is not None:
            return sql.bind(self.pages.statements.plan, **given)
        return sql.bind(self.pages.statements.keep, **given, **self.taken.kept())

    @property
    def _not_kept(self) -> str:
        names = f" Triggers there: {self.pages.target.triggers}." if self.pages.target.triggers else ""
        return f"The database took the row and did not keep it.{names}"

    async def _tolerant(self, first: int, end: int, reason: str) -> Counts | None:
        """Write all that no constraint refuses and park the rest; None where the database refuses even that."""
        given, texts = self._given(first, end), self.pages.statements
        batch = Batch()
        plan = batch.add(sql.bind(texts.plan, **given))
        batch.add(sql.bind(texts.insert_or_ignore, **given))
        batch.add(sql.bind(texts.upgrade_or_ignore, **given))
        left = batch.add(sql.bind(texts.plan, **given))
        batch.add(self._parking(given, f"{reason} (This object, or another one of its page.)"))
        if not await self.ran(batch, write=True):
            return None
        return self._planned(plan.row).without(planned(left.row))

    def _planned(self, row: Row) -> Counts:
        """Return the counts of a plan before the write; what lies beside the objects is added up."""
        self.lone_rows += lone_rows(row)
        self.marked += marked(row)
        return planned(row)

    async def _park(self, first: int, end: int, reason: str) -> Counts:
        """Park what is still to be written of these objects, and return how they were counted before."""
        given = self._given(first, end)
        batch = Batch()
        left = batch.add(sql.bind(self.pages.statements.plan, **given))
        batch.add(self._parking(given, reason))
        await retried(self.pages.budget.clock, lambda: batch.run(self.pages.database))
        return planned(left.row)

    def _parking(self, given: dict[str, Value], reason: str) -> Statement:
        return self.pages.statements.parking(given, reason, self.pages.budget.clock.now())

    async def ran(self, batch: Batch, *, write: bool) -> bool:
        """Run the batch; False where the database refuses a row, whose words are then in `refusal`."""
        cost = self.pages.budget.cost
        before = cost.d1_batches
        try:
            await retried(self.pages.budget.clock, lambda: batch.run(self.pages.database))
        except (ConstraintError, TooBigError) as error:
            refuse_lost_lease(error)
            self.refusal = str(error)
            return False
        self.repeated += write and cost.d1_batches - before > 1
        return True

    def _given(self, first: int, end: int) -> dict[str, Value]:
        return self.pages.given(self.taken, first, end)
