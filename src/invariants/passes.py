"""What passes say of the objects in R2: invariants that look at them hold only where a pass has looked lately."""

from __future__ import annotations

import json
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime, timedelta

import sql
from database.batch import ask
from database.rows import optional_text, text
from invariants.catalogue import Invariant
from log import timestamp
from ports import Database, Row
from settings import Settings


@dataclass(frozen=True)
class Evidence:
    """The latest complete pass over each bucket."""

    latest: Mapping[str, Row]
    buckets: tuple[str, ...]
    now: datetime
    fresh: timedelta
    """A pass that ended longer ago says nothing of today."""
    coverage: timedelta
    """Within which every object must have been seen; zero is off."""

    def wanted(self, invariant: Invariant) -> bool:
        """Tell whether the invariant is looked at at all: one on coverage may be off."""
        return invariant.evidence != "coverage" or self.coverage > timedelta(0)

    def lacking(self, invariant: Invariant) -> str | None:
        """Return why the passes there are do not allow a verdict; None where they do."""
        if invariant.evidence not in ("certificate", "pass"):
            return None
        column = "certified_at" if invariant.evidence == "certificate" else "completed_at"
        reasons = (self._lacks(bucket, column) for bucket in self.buckets)
        return next((reason for reason in reasons if reason), None)

    def _lacks(self, bucket: str, column: str) -> str | None:
        row = self.latest.get(bucket)
        if row is None:
            return f"No pass over {bucket} is complete yet."
        at = optional_text(row, column)
        if at is not None and self.now - datetime.fromisoformat(at) <= self.fresh:
            return None
        certificate = json.loads(str(row["certificate"] or "{}"))
        why = " ".join(certificate.get("why_not", [])) or "It ended before this version, or covered a prefix."
        when = f"the last one ended at {at}" if at else "there is none"
        what = "a certificate" if column == "certified_at" else "an end"
        return f"No pass over {bucket} with {what} is fresh: {when}. The latest pass: {why}"

    def since(self, invariant: Invariant) -> str | None:
        """Return when the oldest pass began that a verdict on the invariant relies on."""
        if invariant.evidence not in ("certificate", "pass"):
            return None
        return min((text(row, "started_at") for row in self.latest.values()), default=None)

    def uncovered(self) -> str:
        """Return, as JSON, the buckets whose objects were not all seen within the coverage."""
        oldest = timestamp(self.now - self.coverage)
        seen = {bucket: self.latest[bucket]["started_at"] if bucket in self.latest else None for bucket in self.buckets}
        late = [{"bucket": bucket, "seen": at} for bucket, at in seen.items() if at is None or str(at) < oldest]
        return json.dumps(late, ensure_ascii=False)


async def read_evidence(database: Database, settings: Settings, now: datetime) -> Evidence:
    """Return what the latest passes say."""
    rows = await ask(database, sql.statement("missing/latest"))
    return Evidence(
        latest={text(row, "r2_bucket"): row for row in rows},
        buckets=tuple(settings.buckets),
        now=now,
        fresh=timedelta(hours=2 * settings.pass_interval_hours + 24),
        coverage=timedelta(hours=settings.coverage_hours),
    )
