"""The record of every piece of work: a row that is written before it starts and again when it ends."""

from __future__ import annotations

import json
import uuid
from collections.abc import Callable
from dataclasses import asdict, dataclass, field
from datetime import datetime, timedelta

import log
import sql
from database.batch import Batch
from database.rows import number, optional_text
from errors import LeaseLostError, RefusedError, StewardError, UnexpectedError
from log import timestamp
from ports import NOBODY, Asker, Clock, Database, Row, Statement, Value
from runs.costs import SUBREQUESTS, Cost, Daily, MeteredDatabase, Rest, day_of, for_closing, no_rest
from runs.lease import LEASE, RENEW_AFTER, asking, ending
from runs.retry import retried
from words import RunKind, RunMode, Status, Trigger

MAX_COUNTS_BYTES = 1_500_000
"""D1 takes 2 MB a value and a row."""

MAX_ERROR_CHARACTERS = 20_000

LOOK_AGAIN_SECONDS = 2
PATIENCE = timedelta(seconds=60)
"""Who waits while a slice of a flow has the lease gives up then; a slice ends within TICK_SECONDS (20) and a page."""

TRANSITIONS = {
    ("running", "succeeded"): "it did all it was asked to do",
    ("running", "stopped"): "a budget or the platform's load ended it; the position to continue from is in its row",
    ("running", "failed"): "an error ended it; the error is in its row",
    ("running", "abandoned"): "its lease ran out without a word: the Worker was killed",
}


@dataclass
class Run:
    """A run under way. `fence` is None for a run without the lease (dry runs and checks)."""

    id: int
    database: Database
    clock: Clock
    started_at: datetime
    token: str | None
    fence: int | None
    paused_by: str | None
    overhead: Cost
    renewed_at: datetime = field(init=False)
    paused_now: str | None = None
    """Who has paused since, as the last renewal of the lease found it."""
    rest: Rest = field(default_factory=Rest)
    """What the day had left when the run began."""
    queries: int = SUBREQUESTS
    """How many queries and calls its invocation may make."""
    supersedes: str | None = None
    """The target of the approved plans whose place it takes; see `Opening`."""

    def __post_init__(self) -> None:
        self.renewed_at = self.started_at

    def elapsed_ms(self) -> int:
        """Return the milliseconds since the run began, as far as the platform's clock shows them."""
        return max(0, int((self.clock.now() - self.started_at) / timedelta(milliseconds=1)))

    async def renew(self) -> None:
        """Renew the lease when its last renewal is old; raises LeaseLostError where another run has it."""
        now = self.clock.now()
        if now - self.renewed_at < RENEW_AFTER:
            return
        until = timestamp(now + LEASE)
        batch = Batch()
        kept = [batch.add(sql.statement("runs/renew_run", run=self.id, until=until))]
        if self.token:
            kept.append(batch.add(sql.statement("control/renew_lease", token=self.token, until=until)))
        await retried(self.clock, lambda: batch.run(MeteredDatabase(self.database, self.overhead)))
        if not all(one.rows for one in kept):
            raise LeaseLostError(f"run {self.id} lost its lease", hint="Another run took over; see GET /runs.")
        self.renewed_at = now
        if self.token:
            self.paused_now = optional_text(kept[-1].row, "paused_by")

    async def close(
        self, status: Status, *, counts: object = None, cost: Cost | None = None, error: str | None = None
    ) -> None:
        """Write how the run ended, free its lease and end the plans it supersedes, in one transaction.

        Closing twice changes nothing.
        """
        if ("running", status) not in TRANSITIONS:
            raise ValueError(f"a run cannot end as {status!r}")
        spent = cost or Cost()
        longest = {"longest_batch_ms": round(spent.longest_batch_ms, 1)}
        report = {**spent.report(), **longest, "overhead": self.overhead.report()}
        now = timestamp(self.clock.now())
        ended = {"counts": _stored(counts), "cost": _json(report), "error": _shortened(error)}
        statements = [sql.statement("runs/close_run", run=self.id, status=status, now=now, **ended)]
        if self.rest.limited:
            statements.insert(0, self._adding(spent))
        if self.token:
            statements.append(sql.statement("control/free_lease", token=self.token))
        if self.token and self.supersedes is not None and error is None:
            given: dict[str, Value] = {"run": self.id, "target": self.supersedes, "now": now}
            statements.append(sql.statement("plans/supersede_by_run", **given))
        await retried(self.clock, lambda: for_closing(self.database).batch(statements))

    def _adding(self, spent: Cost) -> Statement:
        """Return the statement that adds what the run took to its day, unless it has ended."""
        rows = {name: getattr(spent, name) + getattr(self.overhead, name) for name in ("rows_read", "rows_written")}
        return sql.statement("runs/add_to_day", run=self.id, day=day_of(self.clock.now()), **rows)


def _stored(counts: object) -> str:
    """Return the counts as JSON; what D1 could not hold is left out and says so: a run that cannot end is worse."""
    text = _json(counts)
    size = len(text.encode())
    return text if size <= MAX_COUNTS_BYTES else _json({"shortened": f"The counts were {size} bytes of JSON."})


def _shortened(error: str | None) -> str | None:
    if error is None or len(error) <= MAX_ERROR_CHARACTERS:
        return error
    return f"{error[:MAX_ERROR_CHARACTERS]}… (shortened: {len(error)} characters)"


def _json(value: object) -> str:
    return json.dumps(value, ensure_ascii=False, separators=(",", ":"))


@dataclass(frozen=True)
class Opening:
    """What is known of a run before it starts; an `exclusive` one needs the lease."""

    kind: RunKind
    mode: RunMode
    trigger: Trigger
    request: object
    exclusive: bool
    writes: bool = False
    """Whether it writes the index of the bucket: a pause and a missing unique index forbid that."""
    asker: Asker = NOBODY
    daily: Daily | None = None
    """What the runs of a day may take together; None: there is no limit."""
    supersedes: str | None = None
    """The target of the plans of its kind: a live run that has no plan takes the place of the approved ones."""
    waits: bool = False
    """Whether a run that the day has no rows for is done all the same, as a tick is, and works on tomorrow."""

    def recording(self, start: str, until: str, token: str | None) -> Statement:
        """Return the statement that records the run; its row has the run's id."""
        what = {"kind": self.kind, "mode": self.mode, "trigger": self.trigger, "request": _json(self.request)}
        return sql.statement("runs/open_run", **what, **asdict(self.asker), now=start, until=until, token=token)

    def rest(self, control: Row, now: datetime) -> Rest:
        """Return what the day has left for the run."""
        return Rest.of_day(self.daily, control, now) if self.daily else Rest()


async def open_run(database: Database, clock: Clock, opening: Opening) -> Run:
    """Open a run as `open_at_once` does; while a slice of a flow has the lease, wait for the turn after it."""
    give_up = clock.now() + PATIENCE
    try:
        return await open_at_once(database, clock, opening)
    except RefusedError as refused:
        if refused.holder != "slice":
            raise
    while True:
        await database.batch([asking(clock, opening.kind)])
        await clock.sleep(LOOK_AGAIN_SECONDS)
        try:
            run = await open_at_once(database, clock, opening)
        except RefusedError as refused:
            if refused.holder != "slice" or clock.now() >= give_up:
                raise
        else:
            await database.batch([ending(opening.kind)])
            return run


async def open_at_once(database: Database, clock: Clock, opening: Opening) -> Run:
    """Record a new run and return it; take the lease too where it is exclusive.

    Raises RefusedError where another run holds the lease ("busy"), and for one that writes where backfill is paused or
    the unique index is missing; then nothing is recorded. An exclusive run, as every tick is, marks the runs whose
    lease ran out abandoned on the way; any other changes nothing but its own row.
    """
    overhead, now = Cost(), clock.now()
    token = uuid.uuid4().hex if opening.exclusive else None
    start, until = timestamp(now), timestamp(now + LEASE)
    batch = Batch()
    if token:
        batch.add(sql.statement("runs/abandon_dead", now=start))
        batch.add(sql.statement("control/take_lease", token=token, until=until, now=start, allowed=_allowed(opening)))
    opened = batch.add(opening.recording(start, until, token))
    if token:
        batch.add(sql.statement("control/name_lease", token=token))
    control = batch.add(sql.statement("control/read_control"))
    await batch.run(MeteredDatabase(database, overhead))
    if not opened.rows:
        raise _refused(opening, control.row)
    run = Run(
        id=number(opened.row, "id"),
        database=database,
        clock=clock,
        started_at=now,
        token=token,
        fence=number(control.row, "fence") if token else None,
        paused_by=optional_text(control.row, "paused_by"),
        overhead=overhead,
        rest=opening.rest(control.row, now),
        queries=opening.daily.limits.queries if opening.daily else SUBREQUESTS,
        supersedes=opening.supersedes,
    )
    return await _with_rest(run, opening)


async def _with_rest(run: Run, opening: Opening) -> Run:
    if run.rest.used_up(run.overhead) and not opening.waits:
        refusal = no_rest(run.started_at)
        refusal.run_id = run.id
        await run.close("stopped", error=refusal.sentence())
        raise refusal
    return run


def _allowed(opening: Opening) -> sql.Fragment:
    """Return the condition under which the run may take the lease, tested in the transaction that takes it."""
    if not opening.writes:
        return sql.Fragment("1")
    return sql.fragment("control/may_write", unique_index=sql.load("schema/unique_index"))


def _refused(opening: Opening, control: Row) -> RefusedError:
    if opening.writes and control["paused_by"] is not None:
        return paused_error(control)
    if control["lease_run"] is not None:
        return _busy(control)
    return no_unique_index(opening.daily.tables.said if opening.daily else str)


def paused_error(control: Row) -> RefusedError:
    """Return the refusal of a live backfill while there is a pause."""
    message = f"Backfill was paused by {control['paused_by']} ({control['pause_reason']})."
    return RefusedError("paused", message, hint="POST /resume ends the pause. A dry run is possible now.")


def no_unique_index(said: Callable[[str], str]) -> RefusedError:
    """Return the refusal of a live backfill while the unique index is missing, as the database's names have it said."""
    return RefusedError(
        "unique_index",
        said("The unique index on artifacts (r2_bucket, r2_key) is missing: a live run could insert duplicates."),
        hint="Recovery restores it: POST /recover (see docs/runbook.md). A dry run is possible now.",
    )


def _busy(control: Row) -> RefusedError:
    holder = control["lease_run"]
    hint = f"See GET /runs/{holder}; try again when it has ended. A killed run frees it by {control['lease_until']}."
    message = f"Run {holder} is in progress: only one live run can work at a time."
    return RefusedError("busy", message, hint=hint, holder=control["lease_kind"])


def our_error(run: Run, error: Exception) -> StewardError:
    """Return the error, and one from outside our tree as an UnexpectedError that is logged with its traceback."""
    if isinstance(error, StewardError):
        return error
    log.unexpected(run.clock.now(), error, run_id=run.id)
    return UnexpectedError(error)


async def fail_run(run: Run, error: Exception, *, counts: object = None, cost: Cost | None = None) -> None:
    """End the run as failed because of an error, which gets its `run_id` and is the caller's to raise on.

    Raises UnexpectedError in place of one that nobody foresaw.
    """
    known = our_error(run, error)
    known.run_id = run.id
    await run.close("failed", counts=counts, cost=cost, error=known.sentence())
    if known is not error:
        raise known from error
