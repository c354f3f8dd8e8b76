"""Look at the rows of one query of an invariant, range by range, as far as the budget allows."""

from __future__ import annotations

import json
from collections.abc import Awaitable, Callable
from dataclasses import dataclass, field

import sql
from database.batch import ask, ask_one
from database.key_ranges import Bound, KeyRanges
from database.rows import number
from errors import OverloadedError, PlatformError, TransientError
from invariants.verdict import Rows
from log import timestamp
from ports import Database
from runs.budget import Budget

SAMPLE_ROWS = 20


@dataclass(frozen=True)
class QueryProgress:
    """How far one query has come: what it found in the ranges that are done, and where the next one begins."""

    violations: int = 0
    sample: Rows = field(default_factory=list)
    after: list[str] | None = None
    done: bool = False
    proved: bool = False
    since: str | None = None
    """When its first range was looked at."""


@dataclass(frozen=True)
class Look:
    """One query over one table: its text for a range, and how it may work."""

    database: Database
    budget: Budget
    query: Callable[[sql.Fragment], Awaitable[sql.Fragment]]
    """The query over the rows of a range; it may have to look at the database first."""
    table: str
    ranges: KeyRanges | None
    range_rows: int
    sample_bytes: int
    """What the sample of one invariant may take."""
    renew: Callable[[], Awaitable[None]] | None
    """Awaited after each query: a check may outlast the lease of its run."""

    async def on(self, progress: QueryProgress, before: Rows, keep: Callable[[QueryProgress], None]) -> QueryProgress:
        """Continue from `progress` until the end or until the budget is used up; `before` is sampled already.

        `keep` is called after each range: an error in a later one loses nothing.
        """
        while not progress.done and self.budget.spent() is None:
            progress = await self._range(progress, [*before, *progress.sample])
            keep(progress)
            if self.renew:
                await self.renew()
        return progress

    async def _range(self, progress: QueryProgress, sampled: Rows) -> QueryProgress:
        since = progress.since or timestamp(self.budget.clock.now())
        after = None if progress.after is None else tuple(progress.after)
        until = await self._until(after)
        rows = (self.ranges or KeyRanges(self.table, ())).rows(after, until)
        query = await self.query(rows)
        counted = await ask_one(self.database, sql.statement("checks/counted", query=query))
        violations = number(counted, "steward_violations")
        sample: Rows = []
        if violations and len(sampled) < SAMPLE_ROWS:
            names = [name for name in counted if name != "steward_violations"]
            sample = _fitting(await self._sampled(query, names), sampled, self.sample_bytes)
        return QueryProgress(
            violations=progress.violations + violations,
            sample=progress.sample + sample,
            after=None if until is None else list(until),
            done=until is None,
            proved=progress.proved,
            since=since,
        )

    async def _until(self, after: Bound | None) -> Bound | None:
        """Return the last key of the next range, or None where one query takes all that is left."""
        if self.ranges is None:
            return None
        if after is None:
            keys = self.ranges.keys
            row = await ask_one(self.database, self.ranges.span("id" if keys[-1] == "r2_key" else keys[0]))
            if row["span"] is not None and int(row["span"]) < self.range_rows:
                return None
        return await self.ranges.next_boundary(self.database, after, self.range_rows)

    async def _sampled(self, query: sql.Fragment, names: list[str]) -> Rows:
        """Return the first rows of the query, shortened; where they cannot be read, a row that says why."""
        # What JSON makes of a character takes six bytes at most.
        most = max(1, min(sql.SHOWN_CHARACTERS, self.sample_bytes // (6 * len(names))))
        columns = ", ".join(f"{sql.shown(sql.quote(name), most)} AS {sql.quote(name)}" for name in names)
        try:
            rows = await ask(self.database, sql.statement("checks/sampled", query=query, columns=columns))
        except (TransientError, OverloadedError):
            raise
        except PlatformError as error:
            return [{"not_shown": error.sentence()}]
        return [dict(row) for row in rows]


def _fitting(rows: Rows, before: Rows, most_bytes: int) -> Rows:
    """Return as many of the rows as there is room for after those `before`; the first of all is always shown."""
    kept: Rows = []
    for row in rows:
        shown = [*before, *kept, row]
        size = len(json.dumps(shown, ensure_ascii=False).encode(errors="replace"))
        if len(shown) > SAMPLE_ROWS or (size > most_bytes and len(shown) > 1):
            break
        kept.append(row)
    return kept
