"""The order of a recovery: pause, measure, bookmark, dedupe, index, guards, classify, orphans, verify, resume.

Every step finds out from the database what is left to do, so a recovery that was cut short anywhere is gone on with
by calling it again. What it did is in the run's row and the journal; what it found it never deletes.
"""

from __future__ import annotations

import json
from collections.abc import Awaitable, Callable
from dataclasses import asdict, dataclass, field, replace
from datetime import timedelta

import log
import sql
from backfill.rules import read_rules
from database.sampling import Sampled, refuse_unknown_references, sample
from database.schema import Schema, new_id, read_schema
from errors import RefusedError, StewardError
from invariants import findings
from invariants.catalogue import read_catalogue
from invariants.check import Check, Verdict, all_hold
from invariants.run import verified
from ports import Database, Ports, Statement
from recovery.checkpoint import Position, classify_position, merge_position, tell_left
from recovery.forecast import foretold, violations
from recovery.merge import CHUNK_GROUPS, Dedupe, Group, Plan, all_groups, changed, write_held
from recovery.ranking import Ranking
from recovery.repairs import CLASSIFY_ROWS, Repairs
from recovery.set_up import refuse_lifted
from recovery.steps import ALL_STATEMENTS, MEASURE_STATEMENTS, STATEMENTS, Step
from recovery.tombstones import check_live_where, deleted_columns, refuse_deleted_rows
from runs.costs import Cost, MeteredDatabase
from runs.pause import pausing, read_control, resuming
from runs.record import Opening, Run, fail_run, open_run, our_error
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
    unreadable: str | None = None
    """What becomes of objects with a date that cannot be read: "oldest", "highest_id", or None: left whole."""
    include_deleted: bool = False
    """Whether rows marked as deleted are ranked like any other."""


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
    chunk_groups: int = CHUNK_GROUPS
    position: Position | None = None
    """Where the call before stopped."""
    sampled: Sampled | None = None
    refusal: RefusedError | None = None
    """Why nothing may be merged, though there are duplicates."""
    classify_from: Group | None = None
    """Where the classification of the call before stopped."""
    chunk_rows: int = CLASSIFY_ROWS
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
        if plan.losers:
            self.refusal = await self._refuse_merge()
        if self.live:
            self.position = await merge_position(self.database)
            self.classify_from = await classify_position(self.database)
        await self._as_step("pause", self._pause)
        await self._as_step("measure", self._measure)
        await self._as_step("bookmark", self._bookmark)
        for round_number in range(1, MAX_ROUNDS + 1):
            before = self._open_violations()
            if not await self._round(plan):
                return
            if self.ok or not self.live or round_number == MAX_ROUNDS or self._open_violations() >= before:
                break
            if self.cost.statements >= STATEMENTS:
                return
            self.schema = await read_schema(self.database, self.settings.children, self.settings.not_children)
            plan = await self._dedupe().plan()
        self.done = True
        await self._as_step("resume", self._resume)

    async def _as_step(self, name: str, work: Callable[[], Awaitable[Step]]) -> Step:
        self.step = name
        await self.run.renew()
        noted = json.dumps({**self.report(), "step": name, "next": GO_ON}, ensure_ascii=False)
        await self.database.batch([sql.statement("recovery/note_step", run=self.run.id, counts=noted)])
        return self._add(await work())

    def _spent(self) -> bool:
        """Tell whether the call's time or its queries are used up."""
        late = self.run.clock.now() - self.run.started_at > timedelta(seconds=SECONDS)
        return late or self.cost.statements >= STATEMENTS

    def _dedupe(self) -> Dedupe:
        limit = self.request.max_groups or (DEFAULT_MAX_GROUPS if self.live else EVERY_GROUP)
        deadline = self.run.started_at + timedelta(seconds=SECONDS)
        after, facts = self.position.after if self.position else None, (self.database, self.schema, self.run)
        work = Dedupe(*facts, limit, deadline, self.cost, after, self.chunk_groups, chunk=self.chunks)
        return replace(work, ranking=self.ranking, unreadable=self.request.unreadable)

    @property
    def ranking(self) -> Ranking:
        """How the rows of an object are ranked."""
        live = None if self.request.include_deleted else self.settings.live_where
        return Ranking(live or "1", by_id=self.request.unreadable == "highest_id")

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

    async def _refuse_merge(self) -> RefusedError | None:
        """Return why no row may be deleted in this database; a live call raises it."""
        self.sampled = self.sampled or await sample(self.database, self.schema)
        refusal = self.schema.mismatch() or refuse_unknown_references(self.sampled)
        if refusal is None and not self.settings.live_where and not self.request.include_deleted:
            refusal = await refuse_deleted_rows(self.database, self.schema)
        if refusal and self.live:
            raise refusal
        return refusal

    async def _round(self, plan: Plan) -> bool:
        """Do steps dedupe to verify once; return False where the merge needs a further call."""
        dedupe = await self._as_step("dedupe", lambda: self._merge(plan))
        if dedupe.details["more"]:
            return False
        self.schema = await read_schema(self.database, self.settings.children, self.settings.not_children)
        rules = await read_rules(self.database)
        facts = (self.database, self.schema, self.run, rules, self.live, self.ranking)
        repairs = Repairs(*facts, dedupe.after == 0, self.chunk_rows, self.classify_from)
        merged = all_groups(0) if self.live else all_groups(EVERY_GROUP, plan.left)
        await self._as_step("index", repairs.index)
        await self._as_step("guards", repairs.guards)
        classified = await self._as_step("classify", lambda: repairs.classify(merged, self._spent))
        if "goes_on" in classified.details:
            return False
        await self._as_step("orphans", lambda: repairs.orphans(merged))
        await self._as_step("verify", self._verify)
        return True

    async def _pause(self) -> Step:
        paused = int(self.run.paused_by is not None)
        if self.live:
            await self._write(pausing(self.ports.clock, by=BY, reason=f"recovery, run {self.run.id}"))
        return Step("pause", paused, 1, 1 - paused, details={"paused_before_by": self.run.paused_by})

    async def _write(self, *statements: Statement) -> None:
        await write_held(self.database, self.run, *statements)

    def _full_check(self, statements: int) -> Check:
        deadline = self.run.clock.now() + timedelta(seconds=SECONDS)
        facts = (self.database, self.ports.clock, self.schema, "full", deadline)
        return Check(*facts, keep=self.run.renew, sampled=self.sampled, max_statements=statements)

    async def _measure(self) -> Step:
        self.measured = await self._full_check(MEASURE_STATEMENTS).run(read_catalogue())
        broken = violations(self.measured)
        return Step("measure", broken, broken, sample=[verdict.report() for verdict in self.measured])

    async def _bookmark(self) -> Step:
        bookmark = await self.database.bookmark() if self.live else None
        return Step("bookmark", 0, 0, sample=[bookmark] if bookmark else [])

    async def _merge(self, plan: Plan) -> Step:
        count = await self._duplicates()
        dedupe = self._dedupe()
        step = Step("dedupe", count["losers"], count["losers"] - plan.losers, plan.losers, plan.sample)
        groups, carried, children, left = plan.groups, plan.carried, plan.children, plan.left
        mergeable = count["groups"] - count["odd_groups"]
        more = not self.live and mergeable > plan.groups + len(plan.left)
        if self.live and mergeable:
            await self._refuse_merge()
            await dedupe.prepare()
            deleted = self.steps["dedupe"].changed if "dedupe" in self.steps else 0
            await self._write(sql.statement("recovery/allow_deletes", most=self._cap - deleted))
            await dedupe.merge()
            self.chunks = dedupe.chunk
            groups, carried, children, left = dedupe.groups, dedupe.carried, dedupe.children, dedupe.left
            more = dedupe.more
            step.after, step.changed = (await self._duplicates())["losers"], dedupe.deleted
        step.details = {"groups": groups, "types_carried": carried, "children_remapped": children, "more": more}
        if plan.dates:
            step.details["dates"] = plan.dates
        if columns := deleted_columns(self.schema):
            step.details["deleted_columns"] = sorted(columns)
        tell_left(step, left, self.position if count["groups"] else None, dedupe.after if self.live and more else None)
        if count["odd_groups"]:
            await self._tell_odd(step, count["odd_groups"])
        if plan.before and not self.live:
            step.details["counted_before"] = list(plan.before)
            step.error = f"{step.error or ''} More are than a dry run can list: it counted what is before them.".strip()
        if self.refusal:
            step.error = f"A live recovery refuses: {self.refusal.sentence()} {step.error or ''}".strip()
        self.position = None
        return step

    async def _tell_odd(self, step: Step, count: int) -> None:
        """Name the objects with several rows whose bucket or key is no plain text: they are merged with no other."""
        plain = sql.load("recovery/plain")
        [odd] = await self.database.batch([sql.statement("recovery/odd_groups", plain=plain)])
        step.details["unmergeable"] = list(odd.rows)
        text = f"{count} objects have a bucket or key that is no plain text (see keys_are_text): left whole."
        step.error = f"{step.error or ''} {text}".strip()

    async def _duplicates(self) -> dict[str, int]:
        [result] = await self.database.batch(
            [sql.statement("recovery/count_duplicates", plain=sql.load("recovery/plain"))]
        )
        return {name: int(value or 0) for name, value in result.rows[0].items()}

    async def _verify(self) -> Step:
        """Check everything again; a dry run foretells it from the steps before."""
        before = self.steps["measure"].before
        if not self.live:
            left = foretold(self.steps, self.measured, self.schema)
            checked = all(one.outcome != "not_checked" for one in self.measured if one.severity == "error")
            self.ok = left == 0 and checked and not self.refusal
            return Step("verify", before, left)
        self.schema = await read_schema(self.database, self.settings.children, self.settings.not_children)
        check = self._full_check(max(1, ALL_STATEMENTS - self.cost.statements))
        verdicts = await check.run(read_catalogue())
        now = self.run.clock.now()
        found = findings.statements(verdicts, now, alerting=self.settings.alerting)
        await self._write(*found, *verified(check, verdicts, now))
        self.ok = all_hold(verdicts)
        return Step("verify", before, violations(verdicts), sample=[verdict.report() for verdict in verdicts])

    def _open_violations(self) -> int:
        return self.steps["verify"].after if "verify" in self.steps else self.steps["measure"].after

    async def _resume(self) -> Step:
        """Resume what a recovery paused, if all is well; an operator's pause stays."""
        control = await read_control(self.database)
        paused_by = control["paused_by"] if self.live else (self.run.paused_by or BY)
        ours = paused_by == BY and (self.ok or self.request.resume)
        if self.live and ours:
            _, counted = await write_held(self.database, self.run, resuming(BY), sql.statement("runs/last_change"))
            ours = bool(changed(counted))
        return Step("resume", int(paused_by is not None), int(paused_by is not None and not ours), int(ours))


async def recover(
    ports: Ports,
    settings: Settings,
    request: RecoverRequest,
    chunk_groups: int = CHUNK_GROUPS,
    classify_rows: int = CLASSIFY_ROWS,
) -> dict[str, object]:
    """Do one call of the recovery and return its report.

    Raises RefusedError where another run has the lease or the cap on deletes is too low; then nothing was changed.
    Any other failure ends the call at its step, with `error` there, and leaves scheduled backfill paused.
    """
    mode = "live" if not request.dry_run else "dry"
    opening = Opening("recovery", mode, "http", asdict(request), exclusive=mode == "live")
    run = await open_run(ports.database, ports.clock, opening)
    cost = Cost()
    try:
        schema = await read_schema(ports.database, settings.children, settings.not_children)
        new_id(schema.artifacts)
        schema.refuse_missing_children()
        schema.refuse_cascades()
        schema.refuse_repeated_ids()
        if settings.live_where:
            await check_live_where(ports.database, settings.live_where)
        if mode == "live":
            await refuse_lifted(ports)
        saga = Saga(ports, settings, request, run, schema, cost, chunk_groups=chunk_groups, chunk_rows=classify_rows)
        return await _recorded(saga)
    except Exception as error:
        await fail_run(run, error, cost=cost)
        raise


async def _recorded(saga: Saga) -> dict[str, object]:
    error: str | None = None
    try:
        await saga.take()
    except Exception as failure:
        if isinstance(failure, RefusedError) and not saga.steps:
            raise
        error = our_error(saga.run, failure).sentence()
    if error:
        then = f"{await _pause_now(saga)} {GO_ON}" if saga.live else "Nothing was changed."
        error = f"Step {saga.step}: {error} {then}"
        saga.steps.setdefault(saga.step, Step(saga.step, 0, 0)).error = error
        saga.done = saga.ok = False
    report = saga.report()
    status = "failed" if error else "succeeded" if saga.done else "stopped"
    await saga.run.close(status, counts=report, cost=saga.cost, error=error)
    return report


async def _pause_now(saga: Saga) -> str:
    """Return what is so of the pause after a failure."""
    try:
        paused_by = (await read_control(saga.database))["paused_by"]
    except StewardError:
        return "GET /summary tells whether scheduled backfill is paused."
    return f"Scheduled backfill stays paused (by {paused_by})." if paused_by else "Scheduled backfill is not paused."
