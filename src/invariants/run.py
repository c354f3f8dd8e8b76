"""A check as a recorded run, and a full check that continues across ticks.

The progress of a full check under way is one JSON value in `steward_control`: what a check found no time for is left
to the next tick. `POST /check` itself always starts from the beginning, so that its answer is about now.
"""

from __future__ import annotations

import json
from collections.abc import Awaitable, Callable, Mapping, Sequence
from dataclasses import asdict, dataclass
from datetime import datetime, timedelta

import sql
from database.batch import ask_one
from database.key_ranges import RANGE_ROWS
from database.rows import optional_text
from database.schema import read_schema
from invariants import findings
from invariants.catalogue import read_catalogue
from invariants.check import CheckReport, CheckSpec, check_database
from invariants.inventory import whole_inventory
from invariants.look import Progress
from invariants.verdict import Verdict, all_hold
from log import timestamp
from ports import Database, Ports, Statement
from runs.budget import Budget
from runs.record import Opening, fail_run, open_run
from settings import Settings
from words import CheckMode

MANUAL_SECONDS = 60
"""`POST /check` starts no new query after this."""

UNDER_WAY = "ranges"
"""What the progress of a check is kept under. An older version's, under another name, is made again."""

EVIDENCE = timedelta(hours=6)
"""A scan that began longer ago is made again. Four ticks an hour with ten seconds each for checks, a second for 250,000
rows: six hours look at 60 million rows, more than D1's 10 GB hold, so that any full check gets to its end."""


@dataclass(frozen=True)
class Outcome:
    """A finished check, or the slice of a full one that the deadline allowed (`complete` False)."""

    mode: CheckMode
    checked_at: datetime
    verdicts: tuple[Verdict, ...]
    changes: list[findings.Change]
    complete: bool

    @property
    def ok(self) -> bool:
        """Whether every error-severity invariant was seen to hold."""
        return all_hold(self.verdicts)

    def report(self) -> dict[str, object]:
        """Return the body of `POST /check`."""
        return {
            "ok": self.ok,
            "mode": self.mode,
            "checked_at": timestamp(self.checked_at),
            "invariants": [verdict.report() for verdict in self.verdicts],
        }

    def summary(self) -> dict[str, object]:
        """Return what a run's row keeps."""
        found = _found(self.verdicts, self.mode, complete=self.complete)
        return {**found, "changes": [asdict(change) for change in self.changes]}


def _found(verdicts: Sequence[Verdict], mode: CheckMode, *, complete: bool) -> dict[str, object]:
    shown = [verdict.short() for verdict in verdicts]
    return {"ok": all_hold(verdicts), "mode": mode, "complete": complete, "invariants": shown}


@dataclass(frozen=True)
class Checking:
    """How a check works: which mode, with what budget, and for whom."""

    mode: CheckMode
    budget: Budget
    resume: bool = False
    """Whether a full check continues the one under way."""
    renew: Callable[[], Awaitable[None]] | None = None
    """Awaited after each query, by who has the lease."""
    range_rows: int = RANGE_ROWS


async def check(ports: Ports, settings: Settings, how: Checking) -> Outcome:
    """Check every invariant and bring the findings up to date; no query takes more than about `range_rows` rows.

    Raises PlatformError only where the schema itself could not be read: then nothing was checked.
    """
    database = how.budget.metered(ports.database)
    schema = await read_schema(database, settings.children, settings.not_children)
    under_way = {} if how.mode == "fast" else await _read_progress(ports.database, ports.clock.now())
    spec = CheckSpec(
        database=ports.database,
        schema=schema,
        mode=how.mode,
        budget=how.budget,
        distrusted=await findings.open_invariants(ports.database),
        under_way=under_way if how.resume else {},
        range_rows=how.range_rows,
        renew=how.renew,
    )
    report, now = await check_database(spec, read_catalogue()), ports.clock.now()
    # An unfinished check that started over leaves its work to the ticks, unless they are at one of their own.
    if how.mode == "full" and (report.complete or how.resume or not under_way):
        await ports.database.batch([_full_check(report, now, {} if report.complete else report.progress)])
    kept = await findings.record(ports.database, report.verdicts, now, alerting=settings.alerting)
    outcome = Outcome(how.mode, now, kept.verdicts, kept.changes, report.complete)
    await _keep(database, outcome)
    return outcome


async def run_check(ports: Ports, settings: Settings, mode: CheckMode) -> dict[str, object]:
    """Do one manual check, recorded as a run, and return its report."""
    run = await open_run(ports.database, ports.clock, Opening("check", mode, "http", {"mode": mode}, exclusive=False))
    budget = Budget.of_run(run, MANUAL_SECONDS).part("check")
    try:
        outcome = await check(ports, settings, Checking(mode, budget, renew=run.renew))
    except Exception as error:
        await fail_run(run, error)
        raise
    await run.close("succeeded" if outcome.complete else "stopped", counts=outcome.summary(), cost=budget.cost)
    return {"run_id": run.id, **outcome.report()}


async def _keep(database: Database, outcome: Outcome) -> None:
    """Keep what the check found for the summary; a full one counts the rows by bucket and type as well."""
    found = _found(outcome.verdicts, outcome.mode, complete=outcome.complete)
    inventory = None
    if outcome.mode == "full" and outcome.complete:
        [counted] = await database.batch([whole_inventory()])
        as_of = timestamp(outcome.checked_at)
        inventory = json.dumps({"as_of": as_of, "by_type": counted.rows}, ensure_ascii=False)
    await database.batch([_last_check(outcome.checked_at, found, inventory)])


def _last_check(checked_at: datetime, found: dict[str, object], inventory: str | None) -> Statement:
    kept = json.dumps({"checked_at": timestamp(checked_at), **found}, ensure_ascii=False)
    return sql.statement("control/write_last_check", found=kept, inventory=inventory)


def verified(report: CheckReport, now: datetime) -> list[Statement]:
    """Return the statements that keep a recovery's own full check as the last one.

    A check under way is forgotten with them: what it saw is from before the recovery.
    """
    found = _found(report.verdicts, report.mode, complete=report.complete)
    return [_full_check(report, now, {}), _last_check(now, found, None)]


async def full_check_due(database: Database, now: datetime, hours: int) -> bool:
    """Tell whether the last full check is older than `hours`, never was, or is under way."""
    row = await ask_one(database, sql.statement("control/read_full_check"))
    last = optional_text(row, "full_checked_at")
    if last is None or row["full_check"] is not None:
        return True
    return now - datetime.fromisoformat(last) >= timedelta(hours=hours)


async def _read_progress(database: Database, now: datetime) -> dict[str, Progress]:
    """Return what the full check under way found, but for what is too old, or from before a recovery's end."""
    row = await ask_one(database, sql.statement("control/read_full_check"))
    stored = optional_text(row, "full_check")
    if stored is None:
        return {}
    oldest = max(timestamp(now - EVIDENCE), optional_text(row, "recovered_at") or "")
    progress = {name: Progress(**one) for name, one in json.loads(stored).get(UNDER_WAY, {}).items()}
    return {name: one for name, one in progress.items() if (one.since or "") >= oldest}


def _full_check(report: CheckReport, now: datetime, progress: Mapping[str, Progress]) -> Statement:
    """Return the statement that keeps when a full check ended in which nothing failed, and what is under way."""
    ended = timestamp(now) if report.complete and not report.failed else None
    found = {name: asdict(one) for name, one in progress.items()}
    under_way = json.dumps({UNDER_WAY: found}, ensure_ascii=False) if found else None
    return sql.statement("control/write_full_check", ended_at=ended, under_way=under_way)
