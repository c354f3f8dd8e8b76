"""A check as a recorded run, and a full check that goes on across ticks.

The progress of a full check under way is one JSON value in `steward_control`: what a check found no time for is left
to the next tick. `POST /check` itself always begins anew, so that its answer tells of now.
"""

from __future__ import annotations

import json
from collections.abc import Awaitable, Callable, Sequence
from dataclasses import asdict, dataclass
from datetime import datetime, timedelta

import sql
from database.key_ranges import RANGE_ROWS
from database.schema import read_schema
from invariants import findings
from invariants.catalogue import read_catalogue
from invariants.check import Check, Partial, Verdict, all_hold
from log import timestamp
from ports import Database, Ports, Statement
from reporting.inventory import whole_inventory
from runs.costs import Cost, MeteredDatabase
from runs.record import Opening, fail_run, open_run
from settings import Settings

MANUAL_SECONDS = 60
"""`POST /check` starts no new query after this."""

UNDER_WAY = "ranges"
"""What the progress of a check is kept under. Kept under another name, by a version before, it is made again."""

EVIDENCE = timedelta(hours=6)
"""A scan that began longer ago is made again. Four ticks an hour with ten seconds each for checks, a second for 250,000
rows: six hours look at 60 million rows, more than D1's 10 GB hold, so that any full check comes to its end."""


@dataclass(frozen=True)
class Outcome:
    """A finished check, or the slice of a full one that the deadline allowed (`complete` False)."""

    mode: str
    checked_at: datetime
    verdicts: list[Verdict]
    changes: list[findings.Change]
    cost: Cost
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


def _found(verdicts: Sequence[Verdict], mode: str, *, complete: bool) -> dict[str, object]:
    shown = [verdict.short() for verdict in verdicts]
    return {"ok": all_hold(verdicts), "mode": mode, "complete": complete, "invariants": shown}


async def check(  # noqa: PLR0913  # the last three: a test's, a tick's, and the holder of a lease's
    ports: Ports,
    settings: Settings,
    mode: str,
    deadline: datetime,
    range_rows: int = RANGE_ROWS,
    *,
    go_on: bool = False,
    keep: Callable[[], Awaitable[None]] | None = None,
) -> Outcome:
    """Check every invariant and bring the findings up to date; no query takes more than about `range_rows` rows.

    With `go_on`, a full check takes up the one under way. `keep` is awaited after each query.

    Raises PlatformError only where the schema itself could not be read: then nothing was checked.
    """
    schema = await read_schema(ports.database, settings.children, settings.not_children)
    under_way = {} if mode == "fast" else await _read_progress(ports.database, ports.clock.now())
    distrusted = await findings.open_invariants(ports.database)
    work = Check(ports.database, ports.clock, schema, mode, deadline, distrusted, under_way if go_on else {})
    work.range_rows, work.keep = range_rows, keep
    verdicts = await work.run(read_catalogue())
    now = ports.clock.now()
    # An unfinished check that began anew leaves its work to the ticks, unless they are at one of their own.
    if mode == "full" and (work.complete or go_on or not under_way):
        await ports.database.batch([_full_check(work, now, {} if work.complete else work.partials)])
    changes = await findings.record(ports.database, verdicts, now, alerting=settings.alerting)
    outcome = Outcome(mode, now, verdicts, changes, work.cost, work.complete)
    await _keep(ports.database, outcome)
    return outcome


async def run_check(ports: Ports, settings: Settings, mode: str) -> dict[str, object]:
    """Do one manual check, recorded as a run, and return its report."""
    run = await open_run(ports.database, ports.clock, Opening("check", mode, "http", {"mode": mode}, exclusive=False))
    try:
        outcome = await check(ports, settings, mode, run.started_at + timedelta(seconds=MANUAL_SECONDS), keep=run.renew)
    except Exception as error:
        await fail_run(run, error)
        raise
    await run.close("succeeded" if outcome.complete else "stopped", counts=outcome.summary(), cost=outcome.cost)
    return {"run_id": run.id, **outcome.report()}


async def _keep(database: Database, outcome: Outcome) -> None:
    """Keep what the check found for the summary; a full one counts the rows by bucket and type as well."""
    found = _found(outcome.verdicts, outcome.mode, complete=outcome.complete)
    inventory = None
    if outcome.mode == "full" and outcome.complete:
        [counted] = await MeteredDatabase(database, outcome.cost).batch([whole_inventory()])
        as_of = timestamp(outcome.checked_at)
        inventory = json.dumps({"as_of": as_of, "by_type": counted.rows}, ensure_ascii=False)
    await database.batch([_last_check(outcome.checked_at, found, inventory)])


def _last_check(checked_at: datetime, found: dict[str, object], inventory: str | None) -> Statement:
    kept = json.dumps({"checked_at": timestamp(checked_at), **found}, ensure_ascii=False)
    return sql.statement("control/write_last_check", found=kept, inventory=inventory)


def verified(work: Check, verdicts: Sequence[Verdict], now: datetime) -> list[Statement]:
    """Return the statements that keep a recovery's own full check as the last one.

    A check under way is forgotten with them: what it saw is from before the recovery.
    """
    found = _found(verdicts, work.mode, complete=work.complete)
    return [_full_check(work, now, {}), _last_check(now, found, None)]


async def full_check_due(database: Database, now: datetime, hours: int) -> bool:
    """Tell whether the last full check is older than `hours`, never was, or is under way."""
    [result] = await database.batch([sql.statement("control/read_full_check")])
    last, under_way = result.rows[0]["full_checked_at"], result.rows[0]["full_check"]
    return last is None or under_way is not None or now - datetime.fromisoformat(str(last)) >= timedelta(hours=hours)


async def _read_progress(database: Database, now: datetime) -> dict[str, Partial]:
    """Return what the full check under way found, but for what is too old, or from before a recovery's end."""
    [result] = await database.batch([sql.statement("control/read_full_check")])
    text, recovered_at = result.rows[0]["full_check"], str(result.rows[0]["recovered_at"] or "")
    if text is None:
        return {}
    oldest = max(timestamp(now - EVIDENCE), recovered_at)
    partials = {name: Partial(**partial) for name, partial in json.loads(str(text)).get(UNDER_WAY, {}).items()}
    return {name: partial for name, partial in partials.items() if (partial.since or "") >= oldest}


def _full_check(work: Check, now: datetime, partials: dict[str, Partial]) -> Statement:
    """Return the statement that keeps when a full check ended in which nothing failed, and what is under way."""
    ended = timestamp(now) if work.complete and not work.failed else None
    found = {name: asdict(partials[name]) for name in partials}
    under_way = json.dumps({UNDER_WAY: found}, ensure_ascii=False) if found else None
    return sql.statement("control/write_full_check", ended_at=ended, under_way=under_way)
