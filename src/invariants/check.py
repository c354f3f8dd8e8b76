"""Run the invariants against a database: full, or fast with proofs in place of scans.

Each check runs on its own, so an error in one hides nothing of the others; and what was not run to its end is
`not_checked`, never `holds`.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace

from errors import OverloadedError, PlatformError, TransientError
from invariants.catalogue import Invariant, read_catalogue
from invariants.facts import Facts
from invariants.judging import how_far, judged
from invariants.look import Look, QueryProgress
from invariants.proofs import PROOFS
from invariants.spec import CheckReport, CheckSpec
from invariants.subjects import Subject, key_ranges, query, subjects, unmet
from invariants.verdict import Verdict
from log import timestamp

SAMPLES_BYTES = 400_000
"""What the samples of all invariants may take: a recovery keeps those of several checks in one value of 2 MB."""

USUAL_INVARIANTS = 10
"""Fewer do not make their samples larger."""


async def check_database(spec: CheckSpec, invariants: Sequence[Invariant] | None = None) -> CheckReport:
    """Return a verdict on every invariant that the mode looks at, in their order; on those of ours unless given."""
    wanted = read_catalogue() if invariants is None else invariants
    work = _Check(spec, SAMPLES_BYTES // max(len(wanted), USUAL_INVARIANTS))
    looked_at = [one for one in wanted if (spec.how.mode == "full" or one.modes != "full") and _asked(spec, one)]
    verdicts = tuple([await work.verdict(one) for one in looked_at])
    return CheckReport(spec.how.mode, verdicts, work.progress, frozenset(work.failed))


def _asked(spec: CheckSpec, invariant: Invariant) -> bool:
    return invariant.evidence is None or (spec.evidence is not None and spec.evidence.wanted(invariant))


class _Check:
    """A check at work."""

    def __init__(self, spec: CheckSpec, sample_bytes: int) -> None:
        self.spec = spec
        self.budget = spec.how.budget
        self.database = self.budget.metered(spec.database)
        self.facts = Facts(self.database, spec)
        self.sample_bytes = sample_bytes
        self.progress = dict(spec.under_way)
        self.failed: set[str] = set()
        self.begun = timestamp(self.budget.clock.now())
        self.schema_counted = False

    async def verdict(self, invariant: Invariant) -> Verdict:
        """Look at one invariant."""
        start, read = self.budget.clock.now(), self.budget.cost.rows_read
        found, reason = await self._found(invariant)
        rows_read = self.budget.cost.rows_read - read
        if invariant.proof and not self.schema_counted:
            # The schema is read once; the first invariant that is judged by it carries what that cost.
            rows_read += self.spec.schema.rows_read
            self.schema_counted = True
        verdict = judged(invariant, found, reason, rows_read)
        took = max(0, int((self.budget.clock.now() - start).total_seconds() * 1000))
        began = self.spec.evidence.since(invariant) if self.spec.evidence and invariant.evidence else verdict.began
        since = began if began and began < self.begun else None
        return replace(verdict, duration_ms=took, since=since)

    async def _found(self, invariant: Invariant) -> tuple[list[QueryProgress], str | None]:
        """Return how far each query of the invariant came, and why it is not checked, if it is not."""
        lacking = self.spec.evidence.lacking(invariant) if self.spec.evidence else None
        reason = unmet(invariant, self.spec.schema) or lacking
        if reason is not None:
            return [], reason
        try:
            found = [await self._subject(invariant, one) for one in subjects(invariant, self.spec.schema)]
        except PlatformError as error:
            if not isinstance(error, TransientError | OverloadedError):
                self._give_up(invariant)
            return [], error.sentence()
        return found, how_far(found)

    def _give_up(self, invariant: Invariant) -> None:
        """Forget what the invariant's ranges found: kept as unfinished, it would keep the check from ever ending."""
        self.failed.add(invariant.name)
        self.progress = {name: one for name, one in self.progress.items() if not _is_of(invariant, name)}

    async def _subject(self, invariant: Invariant, subject: Subject) -> QueryProgress:
        name = f"{invariant.name}:{subject.label}"
        before = self.progress.setdefault(name, QueryProgress())
        if self._proved(invariant, subject):
            self.progress[name] = replace(before, done=True, proved=True, since=timestamp(self.budget.clock.now()))
        else:
            self.progress[name] = await self._looked(invariant, subject, name, before)
        return self.progress[name]

    async def _looked(self, invariant: Invariant, subject: Subject, name: str, before: QueryProgress) -> QueryProgress:
        def keep(found: QueryProgress) -> None:
            self.progress[name] = found

        look = Look(
            database=self.database,
            budget=self.budget,
            query=query(invariant, subject, self.spec.schema.cited, self.facts.about),
            table=subject.table.name if subject.table else "artifacts",
            ranges=key_ranges(invariant, subject, self.spec.schema),
            range_rows=self.spec.how.range_rows,
            sample_bytes=self.sample_bytes,
            renew=self.spec.how.renew,
        )
        others = [one for key, one in self.progress.items() if _is_of(invariant, key) and key != name]
        found = await look.on(before, [row for one in others for row in one.sample], keep)
        if invariant.proof == "unknown_index" and self.spec.schema.unknown_index and not found.violations:
            return replace(found, proved=self.spec.how.mode == "fast")
        return found

    def _proved(self, invariant: Invariant, subject: Subject) -> bool:
        prove = PROOFS.get(invariant.proof or "")
        if self.spec.how.mode != "fast" or prove is None or invariant.name in self.spec.distrusted:
            return False
        return prove(self.spec.schema, subject.reference)


def _is_of(invariant: Invariant, name: str) -> bool:
    return name.startswith(f"{invariant.name}:")
