"""A check as a recorded run, and a full check that goes on across ticks.

The progress of a full check under way is one JSON value in `steward_control`: a check that found no time to finish
is taken up by the next tick or the next `POST /check`.
"""

from __future__ import annotations

import json
from collections.abc import Awaitable, Callable
from dataclasses import asdict, dataclass
from datetime import datetime, timedelta

import sql
from costs import Cost, MeteredDatabase
from errors import StewardError
from invariants import findings
from invariants.catalogue import read_catalogue
from invariants.check import Check, Partial, Verdict, all_hold
from invariants.walking import RANGE_ROWS
from log import timestamp
from ports import Database, Ports
from runs import Opening, open_run
from schema import read_schema
from settings import Settings

MANUAL_SECONDS = 60
"""`POST /check` starts no new query after this."""


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
        shown = [
            {"name": v.name, "outcome": v.outcome, "violations": v.violations, "method": v.method}
            for v in self.verdicts
        ]
        return {
            "ok": self.ok,
            "mode": self.mode,
            "complete": self.complete,
            "invariants": shown,
            "changes": [asdict(change) for change in self.changes],
        }


async def check(  # noqa: PLR0913  # the last two: a test's, and the holder of a lease's
    ports: Ports,
    settings: Settings,
    mode: str,
    deadline: datetime,
    range_rows: int = RANGE_ROWS,
    *,
    keep: Callable[[], Awaitable[None]] | None = None,
) -> Outcome:
    """Check every invariant and bring the findings up to date; no query takes more than about `range_rows` rows.

    `keep` is awaited after each query.

    Raises PlatformError only where the schema itself could not be read: then nothing was checked.
    """
    schema = await read_schema(ports.database, settings.children)
    begun = ports.clock.now()
    since, resumed = (begun, {}) if mode == "fast" else await _read_progress(ports.database, begun, settings)
    distrusted = await findings.open_invariants(ports.database)
    work = Check(ports.database, ports.clock, schema, mode, deadline, distrusted, resumed)
    work.range_rows, work.keep = range_rows, keep
    verdicts = await work.run(read_catalogue())
    now = ports.clock.now()
    complete = all(partial.done for partial in work.partials.values())
    if mode == "full":
        ended = now if complete and not work.failed else None
        await _write_progress(ports.database, ended, since, {} if complete else work.partials)
    changes = await findings.record(ports.database, verdicts, now, alerting=settings.alerting)
    outcome = Outcome(mode, now, verdicts, changes, work.cost, complete)
    await _keep(ports.database, outcome)
    return outcome


async def run_check(ports: Ports, settings: Settings, mode: str) -> dict[str, object]:
    """Do one manual check, recorded as a run, and return its report."""
    run = await open_run(ports.database, ports.clock, Opening("check", mode, "http", {"mode": mode}, exclusive=False))
    try:
        outcome = await check(ports, settings, mode, run.started_at + timedelta(seconds=MANUAL_SECONDS), keep=run.keep)
    except StewardError as error:
        await run.close("failed", error=error.sentence())
        error.run_id = run.id
        raise
    await run.close("succeeded" if outcome.complete else "stopped", counts=outcome.summary(), cost=outcome.cost)
    return {"run_id": run.id, **outcome.report()}


async def _keep(database: Database, outcome: Outcome) -> None:
    """Keep what the check found for the summary; a full one counts the rows by bucket and type as well."""
    checked_at = timestamp(outcome.checked_at)
    kept = json.dumps({"checked_at": checked_at, **outcome.summary()}, ensure_ascii=False)
    inventory = None
    if outcome.mode == "full" and outcome.complete:
        [counted] = await MeteredDatabase(database, outcome.cost).batch([sql.statement("summary/inventory")])
        inventory = json.dumps({"as_of": checked_at, "by_type": counted.rows}, ensure_ascii=False)
    await database.batch([sql.statement("control/write_last_check", kept, inventory)])


async def full_check_due(database: Database, now: datetime, hours: int) -> bool:
    """Tell whether the last full check is older than `hours`, never was, or is under way."""
    [result] = await database.batch([sql.statement("control/read_full_check")])
    last, under_way = result.rows[0]["full_checked_at"], result.rows[0]["full_check"]
    return last is None or under_way is not None or now - datetime.fromisoformat(str(last)) >= timedelta(hours=hours)


async def _read_progress(database: Database, now: datetime, settings: Settings) -> tuple[datetime, dict[str, Partial]]:
    """Return when the full check under way began, and what it found; one too old to be told as news begins anew."""
    [result] = await database.batch([sql.statement("control/read_full_check")])
    text = result.rows[0]["full_check"]
    if text is None:
        return now, {}
    stored = json.loads(str(text))
    since = datetime.fromisoformat(stored["since"])
    if now - since >= timedelta(hours=max(settings.full_check_hours, 1)):
        return now, {}
    return since, {name: Partial(**partial) for name, partial in stored["partials"].items()}


async def _write_progress(
    database: Database, ended: datetime | None, since: datetime, partials: dict[str, Partial]
) -> None:
    """Keep when a full check ended in which nothing failed, and what is done of one under way."""
    found = {name: asdict(partials[name]) for name in partials}
    under_way = json.dumps({"since": timestamp(since), "partials": found}, ensure_ascii=False) if found else None
    moment = None if ended is None else timestamp(ended)
    await database.batch([sql.statement("control/write_full_check", moment, under_way)])
