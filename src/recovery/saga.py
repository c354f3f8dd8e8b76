"""The order of a recovery: pause, measure, bookmark, dedupe, index, guards, classify, orphans, verify, resume.

Every step finds out from the database what is left to do, so a recovery that was cut short anywhere is gone on with
by calling it again. What it did is in the run's row and the journal; what it found it never deletes.
"""

from __future__ import annotations

import json
from collections.abc import Awaitable, Callable
from dataclasses import asdict, dataclass, field
from datetime import timedelta

import log
import runs
import sql
from costs import Cost, MeteredDatabase
from errors import RefusedError, StewardError
from invariants import findings
from invariants.catalogue import read_catalogue
from invariants.check import Check, Verdict, all_hold
from ports import Database, Ports, Statement
from recovery.dedupe import Dedupe, Plan, listed, write_held
from recovery.repairs import Repairs
from recovery.steps import Step
from rules import read_rules
from runs import Opening, Run, open_run
from schema import Schema, new_id, read_schema
from settings import Settings

BY = "recovery"
"""Who paused, in `steward_control`: what a recovery paused, a recovery may resume."""

MAX_ROUNDS = 3
DEFAULT_MAX_GROUPS = 5000
EVERY_GROUP = 1_000_000_000
GO_ON = 'POST /recover goes on from here (docs/runbook.md, "A run that failed").'
SECONDS = 100
"""No new chunk starts after this; `done` is then false."""


@dataclass(frozen=True)
class RecoverRequest:
    """The body of `POST /recover`; `max_groups` None is 5,000 for a live call, and everything for a dry one."""

    dry_run: bool = True
    max_groups: int | None = None
    max_deletes: int | None = None
    resume: bool = False


@dataclass
class Saga:
    """One call of the recovery."""

    ports: Ports
    settings: Settings
    request: RecoverRequest
    run: Run
    schema: Schema
    cost: Cost
    steps: dict[str, Step] = field(default_factory=dict)
    step: str = "measure"
    measured: list[Verdict] = field(default_factory=list)
    chunks: int = 0
    """Chunks merged so far, in all rounds."""
    done: bool = False
    ok: bool = False

    @property
    def live(self) -> bool:
        """Whether the call changes anything."""
        return not self.request.dry_run

    @property
    def database(self) -> Database:
        """The database, with its cost counted."""
        return MeteredDatabase(self.ports.database, self.cost)

    def report(self) -> dict[str, object]:
        """Return the body of `POST /recover`."""
        return {
            "run_id": self.run.id,
            "dry_run": self.request.dry_run,
            "done": self.done,
            "steps": [step.report() for step in self.steps.values()],
            "ok": self.ok,
        }

    def _add(self, step: Step) -> Step:
        if step.name in self.steps:
            self.steps[step.name].merge(step)
        else:
            self.steps[step.name] = step
        log.write(
            self.run.clock.now(), "info", "recovery_step", run_id=self.run.id, step=step.name, changed=step.changed
        )
        return step

    async def take(self) -> None:
        """Take the steps in their order. Raises RefusedError before anything is changed where the cap is too low."""
        plan = await self._refuse_over_cap()
        await self._as_step("pause", self._pause)
        await self._as_step("measure", self._measure)
        await self._as_step("bookmark", self._bookmark)
        for round_number in range(1, MAX_ROUNDS + 1):
            before = self._open_violations()
            if not await self._round(plan):
                return
            if self.ok or not self.live or round_number == MAX_ROUNDS or self._open_violations() >= before:
                break
            self.schema = await read_schema(self.database, self.settings.children)
            plan = await self._dedupe().plan()
        self.done = True
        await self._as_step("resume", self._resume)

    async def _as_step(self, name: str, work: Callable[[], Awaitable[Step]]) -> Step:
        self.step = name
        await self.run.keep()
        noted = json.dumps({**self.report(), "step": name, "next": GO_ON}, ensure_ascii=False)
        await self.database.batch([sql.statement("recovery/note_step", self.run.id, noted)])
        return self._add(await work())

    def _dedupe(self) -> Dedupe:
        limit = self.request.max_groups or (DEFAULT_MAX_GROUPS if self.live else EVERY_GROUP)
        deadline = self.run.started_at + timedelta(seconds=SECONDS)
        return Dedupe(self.database, self.schema, self.run, limit, deadline, chunk=self.chunks)

    @property
    def _cap(self) -> int:
        return self.settings.max_deletes if self.request.max_deletes is None else self.request.max_deletes

    async def _refuse_over_cap(self) -> Plan:
        """Return the plan of the merge; a live call that would delete more than the cap ends here."""
        self.step = "dedupe"
        plan = await self._dedupe().plan()
        if self.live and plan.losers > self._cap:
            raise RefusedError(
                "max_deletes",
                f"The recovery would delete {plan.losers} duplicate rows, and may delete {self._cap}.",
                hint=f"Look at a dry run first, then send max_deletes: {plan.losers} with this request.",
            )
        return plan

    async def _round(self, plan: Plan) -> bool:
        """Do steps dedupe to verify once; return False where the merge needs a further call."""
        dedupe = await self._as_step("dedupe", lambda: self._merge(plan))
        if dedupe.details["more"]:
            return False
        self.schema = await read_schema(self.database, self.settings.children)
        rules = await read_rules(self.database)
        repairs = Repairs(self.database, self.schema, self.run, rules, self.live, dedupe.after == 0)
        merged = (0, "[]") if self.live else (EVERY_GROUP, listed(plan.left))
        await self._as_step("index", repairs.index)
        await self._as_step("guards", repairs.guards)
        await self._as_step("classify", lambda: repairs.classify(merged))
        await self._as_step("orphans", lambda: repairs.orphans(merged))
        await self._as_step("verify", self._verify)
        return True

    async def _pause(self) -> Step:
        paused = int(self.run.paused_by is not None)
        if self.live:
            await self._write(runs.paused(self.ports.clock, by=BY, reason=f"recovery, run {self.run.id}"))
        return Step("pause", paused, 1, 1 - paused, details={"paused_before_by": self.run.paused_by})

    async def _write(self, *statements: Statement) -> None:
        await write_held(self.database, self.run, *statements)

    async def _check(self) -> list[Verdict]:
        deadline = self.run.clock.now() + timedelta(seconds=SECONDS)
        check = Check(self.database, self.ports.clock, self.schema, "full", deadline, keep=self.run.keep)
        return await check.run(read_catalogue())

    async def _measure(self) -> Step:
        self.measured = await self._check()
        broken = _violations(self.measured)
        return Step("measure", broken, broken, sample=[verdict.report() for verdict in self.measured])

    async def _bookmark(self) -> Step:
        bookmark = await self.database.bookmark() if self.live else None
        return Step("bookmark", 0, 0, sample=[bookmark] if bookmark else [])

    async def _merge(self, plan: Plan) -> Step:
        count = await self._duplicates()
        dedupe = self._dedupe()
        step = Step("dedupe", count["losers"], count["losers"] - plan.losers, plan.losers, plan.sample)
        groups, carried, children, left = plan.groups, plan.carried, plan.children, plan.left
        more = not self.live and count["groups"] > plan.groups + len(plan.left)
        if self.live and count["groups"]:
            await dedupe.prepare()
            deleted = self.steps["dedupe"].changed if "dedupe" in self.steps else 0
            await self._write(sql.statement("recovery/allow_deletes", self._cap - deleted))
            await dedupe.merge()
            self.chunks = dedupe.chunk
            groups, carried, children, left = dedupe.groups, dedupe.carried, dedupe.children, dedupe.left
            more = dedupe.more
            step.after, step.changed = (await self._duplicates())["losers"], dedupe.deleted
        step.details = {"groups": groups, "types_carried": carried, "children_remapped": children, "more": more}
        if left:
            whole = [{"r2_bucket": bucket, "r2_key": key, "why": why} for (bucket, key), why in left.items()]
            step.details["left_whole"] = whole[:100]
            step.error = f"{len(left)} objects are left whole: merging them would break a constraint of a child."
        return step

    async def _duplicates(self) -> dict[str, int]:
        [result] = await self.database.batch([sql.statement("recovery/count_duplicates")])
        return {name: int(value or 0) for name, value in result.rows[0].items()}

    async def _verify(self) -> Step:
        """Check everything again; a dry run foretells it from the steps before."""
        before = self.steps["measure"].before
        if not self.live:
            left = self._foretold()
            self.ok = left == 0 and all(
                one.outcome != "not_checked" for one in self.measured if one.severity == "error"
            )
            return Step("verify", before, left)
        self.schema = await read_schema(self.database, self.settings.children)
        verdicts = await self._check()
        now = self.run.clock.now()
        await self._write(*findings.statements(verdicts, now, alerting=self.settings.alerting))
        self.ok = all_hold(verdicts)
        return Step("verify", before, _violations(verdicts), sample=[verdict.report() for verdict in verdicts])

    def _foretold(self) -> int:
        """Return the violations that a live run would leave: what was measured, less what the steps would repair."""
        merged = self.steps["dedupe"].details["groups"]
        left = {
            "no_unknown_source_type": self.steps["classify"].after,
            "no_orphan_datapoints": self.steps["orphans"].after,
            "unique_index_present": 1 - self.steps["index"].after + len(self.schema.nullable_key),
            "guards_present": 0,
        }
        for verdict in self.measured:
            if verdict.name == "one_artifact_per_object" and isinstance(merged, int):
                left[verdict.name] = (verdict.violations or 0) - merged
        errors = [verdict for verdict in self.measured if verdict.severity == "error"]
        return sum(left.get(verdict.name, verdict.violations or 0) for verdict in errors)

    def _open_violations(self) -> int:
        return self.steps["verify"].after if "verify" in self.steps else self.steps["measure"].after

    async def _resume(self) -> Step:
        """Resume what a recovery paused, if all is well; an operator's pause stays."""
        control = await runs.read_control(self.database)
        paused_by = control["paused_by"] if self.live else (self.run.paused_by or BY)
        ours = paused_by == BY and (self.ok or self.request.resume)
        if self.live and ours:
            await self._write(runs.resumed())
        return Step("resume", int(paused_by is not None), int(paused_by is not None and not ours), int(ours))


def _violations(verdicts: list[Verdict]) -> int:
    return sum(verdict.violations or 0 for verdict in verdicts if verdict.severity == "error")


async def recover(ports: Ports, settings: Settings, request: RecoverRequest) -> dict[str, object]:
    """Do one call of the recovery and return its report.

    Raises RefusedError where another run has the lease or the cap on deletes is too low; then nothing was changed.
    Any other failure ends the call at its step, with `error` there, and leaves scheduled backfill paused.
    """
    mode = "live" if not request.dry_run else "dry"
    opening = Opening("recovery", mode, "http", asdict(request), exclusive=mode == "live")
    run = await open_run(ports.database, ports.clock, opening)
    cost = Cost()
    try:
        schema = await read_schema(ports.database, settings.children)
        new_id(schema.artifacts)
        schema.refuse_missing_children()
        saga = Saga(ports, settings, request, run, schema, cost)
        return await _recorded(saga)
    except StewardError as error:
        await run.close("failed", cost=cost, error=error.sentence())
        error.run_id = run.id
        raise


async def _recorded(saga: Saga) -> dict[str, object]:
    error: str | None = None
    try:
        await saga.take()
    except StewardError as failure:
        if isinstance(failure, RefusedError) and not saga.steps:
            raise
        error = failure.sentence()
    if error:
        # A pause or resume that failed may have been done all the same, and before the pause there was none.
        surely_paused = "pause" in saga.steps and saga.step != "resume"
        doubtful = "Whether scheduled backfill stays paused, GET /summary tells."
        told = "Scheduled backfill stays paused." if surely_paused else doubtful
        then = f"{told} {GO_ON}" if saga.live else "Nothing was changed."
        error = f"Step {saga.step}: {error} {then}"
        saga.steps.setdefault(saga.step, Step(saga.step, 0, 0)).error = error
        saga.done = saga.ok = False
    report = saga.report()
    status = "failed" if error else "succeeded" if saga.done else "stopped"
    await saga.run.close(status, counts=report, cost=saga.cost, error=error)
    return report
