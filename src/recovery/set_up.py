"""Install through the binding what refers to tables that no migration can look at first.

The guards, the index of the unknown rows, and the foreign key of a fresh database's own datapoints. And take the guards
down for a while, for a migration of the owner's that rebuilds a table.
"""

from __future__ import annotations

import json
from dataclasses import dataclass
from datetime import timedelta

import log
import sql
from database.schema import new_id, read_schema
from errors import ConstraintError, RefusedError
from log import timestamp
from ports import Database, Ports, Row, Statement
from recovery.guarding import drop_stale_guards
from runs.lease import write_held
from runs.record import Opening, Run, fail_run, open_run
from settings import Settings

DEFAULT_MINUTES = 30


@dataclass(frozen=True)
class GuardsRequest:
    """The body of `POST /guards`: install what is missing, or take all guards down for some minutes."""

    lift: bool = False
    minutes: int = DEFAULT_MINUTES
    reason: str | None = None


@dataclass(frozen=True)
class Outcome:
    """The guards that were installed or taken down, and until when they are lifted."""

    installed: tuple[str, ...] = ()
    lifted: tuple[str, ...] = ()
    lifted_until: str | None = None


async def change_guards(ports: Ports, settings: Settings, request: GuardsRequest) -> dict[str, object]:
    """Install or lift the guards under the lease, recorded as a run; return what was done.

    Raises RefusedError where another run has the lease, or the schema is not one the guards fit; nothing is changed.
    """
    mode = "lift" if request.lift else "install"
    asked = {"lift": request.lift, "minutes": request.minutes, "reason": request.reason}
    run = await open_run(ports.database, ports.clock, Opening("guards", mode, "http", asked, exclusive=True))
    try:
        outcome = await (_lift(ports, settings, request, run) if request.lift else install(ports, settings, run))
    except Exception as error:
        await fail_run(run, error)
        raise
    report = {"installed": outcome.installed, "lifted": outcome.lifted, "lifted_until": outcome.lifted_until}
    await run.close("succeeded", counts=report)
    return {"run_id": run.id, **report}


async def install(ports: Ports, settings: Settings, run: Run) -> Outcome:
    """Install every guard that is missing or changed, and the index of the unknown rows; look at the schema first.

    Raises RefusedError where `artifacts` lacks a column, or CHILDREN names what is not there.
    """
    found = await read_set_up(ports.database)
    if is_fresh(found):
        await _declare_key(ports.database, run)
    schema = await read_schema(ports.database, settings.children)
    new_id(schema.artifacts)
    schema.refuse_missing_children()
    await drop_stale_guards(ports.database, run, schema)
    wrong = [guard for guard in schema.guards if schema.triggers.get(guard.name) != guard.stored]
    statements = [statement for guard in wrong for statement in guard.install()]
    if found["lifted_until"] is not None and settings.alerting:
        statements.append(_alert(run, "guards_restored", None, None))
    now = timestamp(ports.clock.now())
    await write_held(
        ports.database, run, *statements, *unknown_index(found), sql.statement("set_up/note_set_up", now=now)
    )
    return Outcome(installed=tuple(guard.name for guard in wrong))


async def _lift(ports: Ports, settings: Settings, request: GuardsRequest, run: Run) -> Outcome:
    schema = await read_schema(ports.database, settings.children)
    until = timestamp(ports.clock.now() + timedelta(minutes=request.minutes))
    statements = [Statement(f"DROP TRIGGER IF EXISTS {sql.quote(name)}") for name in schema.triggers]
    if settings.alerting:
        statements.append(_alert(run, "guards_lifted", until, request.reason))
    await write_held(
        ports.database, run, *statements, sql.statement("set_up/note_lifted", until=until, reason=request.reason)
    )
    return Outcome(lifted=tuple(schema.triggers), lifted_until=until)


def _alert(run: Run, kind: str, until: str | None, reason: str | None) -> Statement:
    body = json.dumps({"run_id": run.id, "lifted_until": until, "reason": reason}, ensure_ascii=False)
    return sql.statement("alerts/add_alert", now=timestamp(run.clock.now()), kind=kind, body=body)


async def keep_set_up(ports: Ports, settings: Settings, run: Run) -> dict[str, object]:
    """Do a tick's part: set a fresh database up at once, and restore guards whose time without is over."""
    found = await read_set_up(ports.database)
    until = found["lifted_until"]
    if until is not None:
        if str(until) > timestamp(ports.clock.now()):
            return {"lifted_until": until}
        return {"restored": (await install(ports, settings, run)).installed}
    if found["old_index"]:
        await write_held(ports.database, run, *unknown_index(found))
    if found["set_up_at"] is None and is_fresh(found):
        outcome = await install(ports, settings, run)
        log.write(ports.clock.now(), "info", "set_up", run_id=run.id, guards=len(outcome.installed))
        return {"installed": outcome.installed}
    return {}


def unknown_index(found: Row) -> list[Statement]:
    """Return the statements that create the index of the unknown rows, in place of the one of before."""
    old = [Statement("DROP INDEX artifacts_unknown")] if found["old_index"] else []
    return [*old, sql.statement("set_up/create_unknown_index")]


async def read_set_up(database: Database) -> Row:
    """Return whether the database is set up, its guards are lifted, and the texts of its two tables."""
    [result] = await database.batch([sql.statement("set_up/read_set_up", old_index=sql.load("set_up/old_index"))])
    return result.rows[0]


async def refuse_lifted(ports: Ports) -> None:
    """Raise RefusedError while the guards are lifted: somebody is rebuilding a table."""
    found = await read_set_up(ports.database)
    if found["lifted_until"] is not None and str(found["lifted_until"]) > timestamp(ports.clock.now()):
        message = f"The guards are lifted until {found['lifted_until']} ({found['lifted_reason']})."
        hint = "Wait for that, or POST /guards {} to restore them now. A dry run is possible."
        raise RefusedError("guards_lifted", message, hint=hint)


def is_fresh(found: Row) -> bool:
    """Tell whether both tables are exactly what the migrations made, and nobody has built on datapoints."""
    own = sql.load("set_up/datapoints").replace(" REFERENCES artifacts (id)", "")
    return (found["artifacts"], found["datapoints"], found["others"]) == (sql.load("set_up/artifacts"), own, 0)


async def _declare_key(database: Database, run: Run) -> None:
    """Give the fresh database's datapoints their foreign key, in a transaction that fails where they hold a row.

    Then they stay as they are: the guards hold their references, and a check scans them.
    """
    empty = sql.statement("set_up/check_empty")
    try:
        await write_held(database, run, empty, Statement("DROP TABLE datapoints"), sql.statement("set_up/datapoints"))
    except ConstraintError as error:
        log.write(run.clock.now(), "info", "datapoints_in_use", run_id=run.id, error=str(error))
