"""A dry backfill that keeps what it would insert and upgrade as a plan."""

from __future__ import annotations

from dataclasses import asdict, dataclass, replace

from backfill.report import foretold
from backfill.request import BackfillRequest, plan_target
from backfill.spec import SliceReport, WalkSpec
from backfill.target import Target
from plans.backfill_pages import PageNoter
from plans.making import Draft, Making, begin_draft
from ports import Ports
from runs.record import Run
from settings import Settings


@dataclass(frozen=True)
class _Begun:
    run: Run
    target: Target
    draft: Draft


@dataclass
class BackfillPlanning:
    """Makes the plan of one dry backfill."""

    ports: Ports
    settings: Settings
    request: BackfillRequest
    begun: _Begun | None = None

    async def begin(self, run: Run, spec: WalkSpec) -> WalkSpec:
        """Begin the plan, and return the walk that is noted in it."""
        target, database = spec.target, spec.budget.metered(self.ports.database)
        asked = {**asdict(self.request), "r2_bucket": target.bucket}
        making = Making("backfill", plan_target(target.bucket, target.prefix), asked, run.id, self.ports.asker)
        draft = await begin_draft(database, run.clock, self.settings, making)
        self.begun = _Begun(run, target, draft)
        return replace(spec, noter=PageNoter(database, target, draft))

    async def finish(self, report: SliceReport) -> object:
        """End the plan where the walk ended."""
        if self.begun is None:
            return None
        draft = self.begun.draft
        if report.stopped not in ("end", "max_objects"):
            draft.stopped_after = {"step": "insert", "after": [report.position.last_key]}
        draft.forecast = foretold(self.begun.run, self.begun.target, report).get("forecast")
        return await draft.finish()
