"""Run the invariants against a database: full, or fast with proofs in place of scans.

Each check runs on its own, so an error in one hides nothing of the others; and what was not run to its end is
`not_checked`, never `holds`.
"""

from __future__ import annotations

from collections.abc import Awaitable, Callable, Mapping, Sequence
from dataclasses import dataclass, field, replace

import sql
from database.guards import as_parameter
from database.key_ranges import RANGE_ROWS, shown_bound
from database.sampling import Sampled, sample
from database.schema import Schema
from database.suspects import listed
from errors import OverloadedError, PlatformError, TransientError
from invariants.catalogue import Invariant
from invariants.look import SAMPLE_ROWS, Look, Progress
from invariants.proofs import PROOFS
from invariants.subjects import Subject, key_ranges, subjects, unmet
from invariants.verdict import Verdict
from log import timestamp
from ports import Database
from runs.budget import Budget
from words import CheckMode, CheckOutcome

SAMPLES_BYTES = 400_000
"""What the samples of all invariants may take: a recovery keeps those of several checks in one value of 2 MB."""

USUAL_INVARIANTS = 10
"""Fewer do not make their samples larger."""


@dataclass(frozen=True)
class CheckSpec:
    """What one check looks at, and what it may use."""

    database: Database
    schema: Schema
    mode: CheckMode
    budget: Budget
    distrusted: frozenset[str] = frozenset()
    """Invariants with an open finding: a scan found it, so only a scan may close it."""
    under_way: Mapping[str, Progress] = field(default_factory=dict)
    """What an earlier slice of the same full check found."""
    range_rows: int = RANGE_ROWS
    renew: Callable[[], Awaitable[None]] | None = None
    """Awaited after each query: a check may outlast the lease of its run."""
    sampled: Sampled | None = None
    """What the columns' values say, where they were sampled."""


@dataclass(frozen=True)
class CheckReport:
    """A verdict on each invariant, and how far the queries came."""

    mode: CheckMode
    verdicts: tuple[Verdict, ...]
    progress: Mapping[str, Progress]
    failed: frozenset[str]
    """Invariants whose query failed for good: there is nothing to continue."""

    @property
    def complete(self) -> bool:
        """Whether all that could be looked at was looked at to its end."""
        return all(one.done for one in self.progress.values())


async def check_database(spec: CheckSpec, invariants: Sequence[Invariant]) -> CheckReport:
    """Return a verdict on every invariant that the mode looks at, in their order."""
    work = _Check(spec, SAMPLES_BYTES // max(len(invariants), USUAL_INVARIANTS))
    looked_at = [one for one in invariants if spec.mode == "full" or one.modes != "full"]
    verdicts = tuple([await work.verdict(one) for one in looked_at])
    return CheckReport(spec.mode, verdicts, work.progress, frozenset(work.failed))


class _Check:
    """A check at work."""

    def __init__(self, spec: CheckSpec, sample_bytes: int) -> None:
        self.spec = spec
        self.sample_bytes = sample_bytes
        self.progress = dict(spec.under_way)
        self.failed: set[str] = set()
        self.sampled = spec.sampled
        self.database = spec.budget.metered(spec.database)
        self.begun = timestamp(spec.budget.clock.now())
        self.schema_counted = False

    async def verdict(self, invariant: Invariant) -> Verdict:
        """Look at one invariant."""
        clock, cost = self.spec.budget.clock, self.spec.budget.cost
        start, read = clock.now(), cost.rows_read
        found, reason = await self._found(invariant)
        rows_read = cost.rows_read - read
        if invariant.proof and not self.schema_counted:
            # The schema is read once; the first invariant that is judged by it carries what that cost.
            rows_read += self.spec.schema.rows_read
            self.schema_counted = True
        took = max(0, int((clock.now() - start).total_seconds() * 1000))
        verdict = _verdict(invariant, found, reason, rows_read)
        began = min((one.since for one in found if one.since), default=None)
        since = began if began and began < self.begun else None
        return replace(verdict, duration_ms=took, began=began, since=since)

    async def _found(self, invariant: Invariant) -> tuple[list[Progress], str | None]:
        """Return how far each query of the invariant came, and why it is not checked, if it is not."""
        reason = unmet(invariant, self.spec.schema)
        if reason is not None:
            return [], reason
        try:
            found = [await self._subject(invariant, one) for one in subjects(invariant, self.spec.schema)]
        except PlatformError as error:
            if not isinstance(error, TransientError | OverloadedError):
                self._give_up(invariant)
            return [], error.sentence()
        return found, None if all(one.done for one in found) else _how_far(found)

    def _give_up(self, invariant: Invariant) -> None:
        """Forget what the invariant's ranges found: kept as unfinished, it would keep the check from ever ending."""
        self.failed.add(invariant.name)
        self.progress = {name: one for name, one in self.progress.items() if not _is_of(invariant, name)}

    async def _subject(self, invariant: Invariant, subject: Subject) -> Progress:
        name = f"{invariant.name}:{subject.label}"
        before = self.progress.get(name, Progress())
        # A query that fails for a while leaves what was found before it.
        self.progress[name] = before
        if self._proved(invariant, subject):
            found = replace(before, done=True, proved=True, since=timestamp(self.spec.budget.clock.now()))
        else:
            found = await self._looked(invariant, subject, name, before)
        self.progress[name] = found
        return found

    async def _looked(self, invariant: Invariant, subject: Subject, name: str, before: Progress) -> Progress:
        async def query(rows: sql.Fragment) -> sql.Fragment:
            return await self._query(invariant, subject, rows)

        def keep(found: Progress) -> None:
            self.progress[name] = found

        look = Look(
            database=self.database,
            budget=self.spec.budget,
            query=query,
            table=subject.table.name if subject.table else "artifacts",
            ranges=key_ranges(invariant, subject, self.spec.schema),
            range_rows=self.spec.range_rows,
            sample_bytes=self.sample_bytes,
            renew=self.spec.renew,
        )
        others = [one for key, one in self.progress.items() if _is_of(invariant, key) and key != name]
        found = await look.on(before, [row for one in others for row in one.sample], keep)
        if invariant.proof == "unknown_index" and self.spec.schema.unknown_index and not found.violations:
            return replace(found, proved=self.spec.mode == "fast")
        return found

    def _proved(self, invariant: Invariant, subject: Subject) -> bool:
        prove = PROOFS.get(invariant.proof or "")
        if self.spec.mode != "fast" or prove is None or invariant.name in self.spec.distrusted:
            return False
        return prove(self.spec.schema, subject.reference)

    async def _query(self, invariant: Invariant, subject: Subject, rows: sql.Fragment) -> sql.Fragment:
        """Return the invariant's query over these rows."""
        given: dict[str, str | sql.Fragment] = {
            **subject.slots,
            "unique_index": sql.load("schema/unique_index"),
            "rows": rows,
            "facts": await self._facts(invariant),
            "label": subject.label,
        }
        return sql.fill(invariant.query, **{name: given[name] for name in sql.names(invariant.query)})

    async def _facts(self, invariant: Invariant) -> str:
        """Return what this Worker found, which the invariant's query reads as `:facts`."""
        if invariant.proof not in ("references", "mentions"):
            return as_parameter(self.spec.schema.guards)
        self.sampled = self.sampled or await sample(self.database, self.spec.schema)
        return listed(self.sampled.suspects if invariant.proof == "references" else self.sampled.mentions)


def _is_of(invariant: Invariant, name: str) -> bool:
    return name.startswith(f"{invariant.name}:")


def _how_far(found: list[Progress]) -> str:
    first = next(one for one in found if not one.done)
    violations = sum(one.violations for one in found)
    how_far = (
        "neither time nor queries were left for it"
        if first.since is None
        else f"checked up to key {shown_bound(tuple(first.after or ()))}, {violations} violations so far"
    )
    return f"Not done yet: {how_far}. Ticks continue a full check to its end."


def _verdict(invariant: Invariant, found: list[Progress], reason: str | None, rows_read: int) -> Verdict:
    violations = sum(one.violations for one in found)
    outcome: CheckOutcome = "not_checked" if reason is not None else "violated" if violations else "holds"
    return Verdict(
        name=invariant.name,
        severity=invariant.severity,
        outcome=outcome,
        violations=None if reason is not None else violations,
        sample=[row for one in found for row in one.sample][:SAMPLE_ROWS],
        method="proof" if found and all(one.proved for one in found) else "scan",
        rows_read=rows_read,
        duration_ms=0,
        reason=reason,
    )
