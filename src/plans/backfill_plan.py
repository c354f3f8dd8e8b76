"""A dry backfill that keeps what it would insert and upgrade as a plan."""

from __future__ import annotations

from dataclasses import asdict, dataclass, field, replace

from backfill.request import BackfillRequest
from backfill.spec import SliceReport, WalkSpec
from forecast.work import backfill as needed
from plans.backfill_pages import PageNoter
from plans.items import compact
from plans.making import Draft, Making, begin_draft
from ports import Ports
from runs.costs import Rest
from runs.record import Run
from settings import Settings


@dataclass
class BackfillPlanning:
    """Makes the plan of one dry backfill."""

    ports: Ports
    settings: Settings
    request: BackfillRequest
    draft: Draft | None = None
    rest: Rest = field(default_factory=Rest)
    """What the day had left when the run began."""

    async def begin(self, run: Run, spec: WalkSpec) -> WalkSpec:
        """Begin the plan, and return the walk that is noted in it."""
        target, database = spec.target, spec.budget.metered(self.ports.database)
        asked = {**asdict(self.request), "r2_bucket": target.bucket}
        making = Making("backfill", target_of(target.bucket, target.prefix), asked, run.id, self.ports.asker)
        self.rest = run.rest
        self.draft = await begin_draft(database, run.clock, self.settings, making)
        return replace(spec, noter=PageNoter(database, target, self.draft))

    async def finish(self, report: SliceReport) -> object:
        """End the plan where the walk ended."""
        if self.draft is None:
            return None
        if report.stopped not in ("end", "max_objects"):
            self.draft.stopped_after = {"step": "insert", "after": [report.position.last_key]}
        counts = report.counts
        needs = needed(counts.scanned, counts.inserted, counts.upgraded)
        return await self.draft.finish(needs.report(self.rest))


def target_of(bucket: str, prefix: str) -> str:
    """Return what tells plans of this bucket and prefix from others."""
    return compact([bucket, prefix])
