"""Run the invariants against a database: full, or fast with proofs in place of scans.

Each check runs on its own, so an error in one hides nothing of the others; and what was not run to its end is
`not_checked`, never `holds`.
"""

from __future__ import annotations

import json
import re
from collections.abc import Awaitable, Callable, Sequence
from dataclasses import asdict, dataclass, field
from datetime import datetime
from typing import Any

import sql
from database.guards import as_parameter
from database.key_ranges import RANGE_ROWS, Bound, Walked, readable
from database.sampling import Sampled, sample
from database.schema import Reference, Schema, Table
from database.suspects import listed
from errors import OverloadedError, PlatformError, TransientError
from invariants.catalogue import Invariant
from invariants.proofs import PROOFS
from log import timestamp
from ports import Clock, Database
from runs.costs import Cost, MeteredDatabase

SAMPLE_ROWS = 20

SAMPLES_BYTES = 400_000
"""What the samples of all invariants may take: a recovery keeps those of several checks in one value of 2 MB."""

USUAL_INVARIANTS = 10
"""Fewer do not make their samples larger."""

MAX_STATEMENTS = 400
"""D1 allows 1,000 queries per invocation, and a tick also walks: a longer full check goes on in the next one."""

Rows = list[dict[str, Any]]


@dataclass(frozen=True)
class Subject:
    """What one query of an invariant looks at: a table, and the reference where it is about one."""

    label: str
    table: Table | None = None
    reference: Reference | None = None


@dataclass
class Partial:
    """How far one query has come: what it found in the ranges that are done, and where the next one begins."""

    violations: int = 0
    sample: list[dict[str, Any]] = field(default_factory=list)
    after: list[str] | None = None
    done: bool = False
    proved: bool = False
    since: str | None = None
    """When its first range was looked at."""


@dataclass
class Verdict:
    """What a check found of one invariant."""

    name: str
    severity: str
    outcome: str
    violations: int | None
    sample: list[dict[str, Any]]
    method: str
    rows_read: int
    duration_ms: int
    reason: str | None = None
    since: str | None = None
    """When the scan began, where that was before this call."""
    began: str | None = None
    """When the scan began, in this call or an earlier one; None where nothing was looked at."""

    def report(self) -> dict[str, object]:
        """Return the verdict as answers print it; `reason` and `since` only where there is one."""
        return _known(asdict(self), but=("began",))

    def short(self) -> dict[str, object]:
        """Return what a run's row and the summary keep of it."""
        return _known(asdict(self), but=("began", "severity", "sample", "rows_read", "duration_ms"))


def _known(body: dict[str, Any], but: tuple[str, ...]) -> dict[str, object]:
    empty = {name for name in ("reason", "since") if body[name] is None}
    return {name: body[name] for name in body if name not in empty and name not in but}


def all_hold(verdicts: Sequence[Verdict]) -> bool:
    """Tell whether every invariant of error severity was seen to hold."""
    return all(verdict.outcome == "holds" for verdict in verdicts if verdict.severity == "error")


@dataclass
class Check:
    """One check of a database. `partials` may come from an earlier slice of the same full check."""

    database: Database
    clock: Clock
    schema: Schema
    mode: str
    deadline: datetime
    distrusted: frozenset[str] = frozenset()
    """Invariants with an open finding: a scan found it, so only a scan may close it."""
    partials: dict[str, Partial] = field(default_factory=dict)
    cost: Cost = field(default_factory=Cost)
    range_rows: int = RANGE_ROWS
    max_statements: int = MAX_STATEMENTS
    failed: set[str] = field(default_factory=set)
    """Invariants whose query failed for good: they have no partial to go on from."""
    keep: Callable[[], Awaitable[None]] | None = None
    """Awaited after each query: a check may outlast the lease of its run."""
    sampled: Sampled | None = None
    """What the columns' values say, once they were sampled."""
    sample_bytes: int = SAMPLES_BYTES
    """What the sample of one invariant may take."""
    _schema_counted: bool = False
    _begun: str = ""

    async def run(self, invariants: Sequence[Invariant]) -> list[Verdict]:
        """Return a verdict on every invariant that the mode looks at, in their order."""
        self._begun = timestamp(self.clock.now())
        self.sample_bytes = SAMPLES_BYTES // max(len(invariants), USUAL_INVARIANTS)
        return [await self._verdict(one) for one in invariants if self.mode == "full" or one.modes != "full"]

    @property
    def complete(self) -> bool:
        """Whether all that could be looked at was looked at to its end."""
        return all(partial.done for partial in self.partials.values())

    async def _verdict(self, invariant: Invariant) -> Verdict:
        start, read = self.clock.now(), self.cost.rows_read
        if invariant.proof and not self._schema_counted:
            # The schema is read once; the first invariant that is judged by it carries what that cost.
            self.cost.rows_read += self.schema.rows_read
            self._schema_counted = True
        reason = _unmet(invariant, self.schema)
        partials: list[Partial] = []
        if reason is None:
            try:
                partials = [await self._subject(invariant, subject) for subject in _subjects(invariant, self.schema)]
            except PlatformError as error:
                reason = error.sentence()
                if not isinstance(error, TransientError | OverloadedError):
                    self._give_up(invariant)
        if reason is None and not all(partial.done for partial in partials):
            reason = self._how_far(partials)
        took = max(0, int((self.clock.now() - start).total_seconds() * 1000))
        return self._dated(_merged(invariant, partials, reason, self.cost.rows_read - read, took), partials)

    def _dated(self, verdict: Verdict, partials: list[Partial]) -> Verdict:
        """Say how old the evidence is: as old as the first range that was looked at."""
        verdict.began = min((partial.since for partial in partials if partial.since), default=None)
        if verdict.began and verdict.began < self._begun:
            verdict.since = verdict.began
        return verdict

    def _give_up(self, invariant: Invariant) -> None:
        """Forget what the invariant's ranges found: kept as unfinished, it would keep the check from ever ending."""
        self.failed.add(invariant.name)
        self.partials = {name: one for name, one in self.partials.items() if not _is_of(invariant, name)}

    def _partials_of(self, invariant: Invariant) -> list[Partial]:
        return [self.partials[name] for name in self.partials if _is_of(invariant, name)]

    def _how_far(self, partials: list[Partial]) -> str:
        [first, *_] = [partial for partial in partials if not partial.done]
        found = sum(partial.violations for partial in partials)
        how_far = (
            "neither time nor queries were left for it"
            if first.since is None
            else f"come to key {readable(tuple(first.after or ()))}, {found} violations so far"
        )
        return f"Not done yet: {how_far}. Ticks go on with a full check to its end."

    async def _subject(self, invariant: Invariant, subject: Subject) -> Partial:
        partial = self.partials.setdefault(f"{invariant.name}:{subject.label}", Partial())
        now = self.clock.now()
        if self._proved(invariant, subject):
            partial.done = partial.proved = True
            partial.since = timestamp(now)
            return partial
        walked = _walked(invariant, subject, self.schema)
        database = MeteredDatabase(self.database, self.cost)
        while not partial.done and now < self.deadline and self.cost.statements < self.max_statements:
            partial.since = partial.since or timestamp(now)
            if invariant.proof in ("references", "mentions"):
                self.sampled = self.sampled or await sample(database, self.schema)
            after = None if partial.after is None else tuple(partial.after)
            until = await self._until(database, walked, after)
            before = [row for one in self._partials_of(invariant) for row in one.sample]
            await self._look(database, partial, self._query(invariant, subject, walked, after, until), before)
            partial.after, partial.done = (None if until is None else list(until)), until is None
            if self.keep:
                await self.keep()
            now = self.clock.now()
        if invariant.proof == "unknown_index" and self.schema.unknown_index and not partial.violations:
            partial.proved = self.mode == "fast"
        return partial

    async def _look(self, database: Database, partial: Partial, query: sql.Fragment, before: Rows) -> None:
        """Count the rows that break the invariant in one range, and sample them as far as those `before` leave room."""
        [counted] = await database.batch([sql.statement("checks/counted", query=query)])
        violations = int(counted.rows[0]["steward_violations"] or 0)
        partial.violations += violations
        if violations and len(before) < SAMPLE_ROWS:
            names = [name for name in counted.rows[0] if name != "steward_violations"]
            rows = await self._sampled(database, query, names)
            partial.sample += _fitting(rows, before, self.sample_bytes)

    async def _sampled(self, database: Database, query: sql.Fragment, names: list[str]) -> Rows:
        """Return the first rows of the query, shortened; where they cannot be read, a row that says why."""
        # What JSON makes of a character takes six bytes at most.
        most = max(1, min(sql.SHOWN_CHARACTERS, self.sample_bytes // (6 * len(names))))
        columns = ", ".join(f"{sql.shown(sql.quote(name), most)} AS {sql.quote(name)}" for name in names)
        try:
            [rows] = await database.batch([sql.statement("checks/sampled", query=query, columns=columns)])
        except (TransientError, OverloadedError):
            raise
        except PlatformError as error:
            return [{"not_shown": error.sentence()}]
        return [dict(row) for row in rows.rows]

    def _proved(self, invariant: Invariant, subject: Subject) -> bool:
        prove = PROOFS.get(invariant.proof or "")
        if self.mode != "fast" or prove is None or invariant.name in self.distrusted:
            return False
        return prove(self.schema, subject.reference)

    async def _until(self, database: Database, walked: Walked | None, after: Bound | None) -> Bound | None:
        """Return the last key of the next range, or None where one query takes all that is left."""
        if walked is None:
            return None
        if after is None:
            [span] = await database.batch([walked.span(walked.keys[0] if len(walked.keys) == 1 else "id")])
            bound = span.rows[0]["span"]
            if bound is not None and int(bound) < self.range_rows:
                return None
        return await walked.next_boundary(database, after, self.range_rows)

    def _query(
        self, invariant: Invariant, subject: Subject, walked: Walked | None, after: Bound | None, until: Bound | None
    ) -> sql.Fragment:
        table = walked or Walked(subject.table.name if subject.table else "artifacts", ())
        given: dict[str, str | sql.Fragment] = {
            **_slots(subject),
            "unique_index": sql.load("schema/unique_index"),
            "rows": table.rows(after, until),
            "facts": self._facts(invariant),
            "label": subject.label,
        }
        return sql.fill(invariant.query, **{name: given[name] for name in sql.names(invariant.query)})

    def _facts(self, invariant: Invariant) -> str:
        """Return what this Worker found, which the invariant's query reads as `:facts`."""
        if self.sampled and invariant.proof == "references":
            return listed(self.sampled.suspects)
        if self.sampled and invariant.proof == "mentions":
            return listed(self.sampled.mentions)
        return as_parameter(self.schema.guards)


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


def _is_of(invariant: Invariant, partial: str) -> bool:
    return partial.startswith(f"{invariant.name}:")


def _slots(subject: Subject) -> dict[str, str]:
    slots = {}
    if subject.table:
        key = subject.table.row_key or subject.table.columns[0]
        slots["row_key"] = key if key == "rowid" else sql.quote(key)
    if subject.reference:
        slots["column"] = sql.quote(subject.reference.column)
    return slots


def _subjects(invariant: Invariant, schema: Schema) -> list[Subject]:
    if invariant.subject == "each child":
        return [Subject(reference.name, schema.tables[reference.table], reference) for reference in schema.references]
    if invariant.subject == "each citation":
        cited = [table for table in schema.tables.values() if table.has("source_url")]
        return [Subject(table.name, table) for table in cited]
    if invariant.walks == "table":
        return [Subject("artifacts", schema.tables["artifacts"])]
    return [Subject("database")]


def _walked(invariant: Invariant, subject: Subject, schema: Schema) -> Walked | None:
    if invariant.walks == "objects":
        # Without the index each range would sort the whole table; with NULLs a range would pass rows over.
        served = schema.unique_index is not None and not schema.nullable_key
        return Walked("artifacts", ("r2_bucket", "r2_key")) if served else None
    if invariant.walks == "table" and subject.table and subject.table.row_key:
        return Walked(subject.table.name, (subject.table.row_key,))
    return None


def _unmet(invariant: Invariant, schema: Schema) -> str | None:
    """Return why the database cannot be asked at all, or None where it can."""
    for need in re.findall(r"(\w+)\.(\w+)", invariant.needs):
        if schema.missing_column(*need):
            return f"The database has no {'.'.join(need)}."
    if invariant.subject == "each citation" and not _subjects(invariant, schema):
        return "Neither artifacts nor a child table has a column source_url."
    if invariant.subject == "each child":
        gone = schema.missing_children
        return f"CHILDREN names {', '.join(gone)}, which the database does not have." if gone else None
    return None


def _merged(invariant: Invariant, partials: list[Partial], reason: str | None, rows_read: int, took: int) -> Verdict:
    violations = sum(partial.violations for partial in partials)
    sample = [row for partial in partials for row in partial.sample][:SAMPLE_ROWS]
    outcome = "not_checked" if reason is not None else "violated" if violations else "holds"
    method = "proof" if partials and all(partial.proved for partial in partials) else "scan"
    return Verdict(
        name=invariant.name,
        severity=invariant.severity,
        outcome=outcome,
        violations=None if reason is not None else violations,
        sample=sample,
        method=method,
        rows_read=rows_read,
        duration_ms=took,
        reason=reason,
    )
