"""`POST /guards` as a recorded run, and what a tick does for the guards."""

from __future__ import annotations

import json
from dataclasses import asdict, dataclass
from datetime import timedelta
from typing import Literal

import log
import sql
from database.guards import expected_guards
from database.reading import read_schema
from log import timestamp
from ports import Ports, Statement
from recovery.guarding import install, lift, our_triggers, prepared, refuse_unfit
from recovery.set_up import SetUp, read_set_up
from runs.lease import write_held
from runs.record import Opening, Run, fail_run, open_run
from settings import Settings

DEFAULT_MINUTES = 30


@dataclass(frozen=True)
class GuardsRequest:
    """The body of `POST /guards`: install what is missing, or lift all guards for some minutes."""

    lift: bool = False
    minutes: int | None = None
    reason: str | None = None


@dataclass(frozen=True)
class GuardsReport:
    """The body of the answer."""

    run_id: int
    installed: tuple[str, ...] = ()
    lifted: tuple[str, ...] = ()
    lifted_until: str | None = None
    not_ours: tuple[str, ...] = ()
    """Triggers that have a guard's name and not its text: they stay."""


async def change_guards(ports: Ports, settings: Settings, request: GuardsRequest) -> dict[str, object]:
    """Install or lift the guards under the lease, recorded as a run; return what was done.

    Raises RefusedError where another run has the lease, or the guards do not fit the schema; nothing is changed.
    """
    asked = asdict(request)
    mode: Literal["lift", "install"] = "lift" if request.lift else "install"
    # What protects the table is never refused for what a day may cost.
    opening = Opening("guards", mode, "http", asked, exclusive=True, asker=ports.asker, daily=settings, waits=True)
    run = await open_run(ports.database, ports.clock, opening)
    try:
        report = await (_lift(ports, settings, request, run) if request.lift else _install(ports, settings, run))
    except Exception as error:
        await fail_run(run, error)
        raise
    body = {name: value for name, value in asdict(report).items() if name != "not_ours" or value}
    await run.close("succeeded", counts=body)
    return body


async def _install(ports: Ports, settings: Settings, run: Run) -> GuardsReport:
    refuse_unfit(await read_schema(ports.database, settings.children))
    found = await prepared(ports.database, run)
    schema = await read_schema(ports.database, settings.children)
    installed = await install(ports.database, run, schema, found, *_restored(run, settings, found))
    return GuardsReport(run.id, installed=installed.names)


async def _lift(ports: Ports, settings: Settings, request: GuardsRequest, run: Run) -> GuardsReport:
    schema = await read_schema(ports.database, settings.children)
    until = timestamp(ports.clock.now() + timedelta(minutes=request.minutes or DEFAULT_MINUTES))
    further = [sql.statement("set_up/note_lifted", until=until, reason=request.reason)]
    if settings.alerting:
        further.append(_alert(run, "guards_lifted", lifted_until=until, reason=request.reason))
    lifted = await lift(ports.database, run, schema, *further)
    others = tuple(name for name in schema.triggers if name not in our_triggers(schema))
    return GuardsReport(run.id, lifted=lifted, lifted_until=until, not_ours=others)


async def keep_set_up(ports: Ports, settings: Settings, run: Run) -> dict[str, object]:
    """Do a tick's part: set a fresh database up, restore guards that were lifted, replace an older version's."""
    found = await read_set_up(ports.database)
    if found.lifted_until is not None:
        if found.lifted_until > timestamp(ports.clock.now()):
            return {"lifted_until": found.lifted_until}
        return await _restore(ports, settings, run, found)
    if found.fresh and found.set_up_at is None:
        await prepared(ports.database, run)
        schema = await read_schema(ports.database, settings.children)
        installed = await install(ports.database, run, schema, found)
        log.write(ports.clock.now(), "info", "set_up", run_id=run.id, guards=len(installed.names))
        return {"installed": installed.names}
    if statements := _of_older_version(found):
        await write_held(ports.database, run, *statements)
    return {}


async def _restore(ports: Ports, settings: Settings, run: Run, found: SetUp) -> dict[str, object]:
    """Restore the guards of what is there; what a migration took away is named, and is no reason to leave the rest."""
    schema = await read_schema(ports.database, settings.children)
    alert = _restored(run, settings, found, missing=tuple(schema.missing_children))
    installed = await install(ports.database, run, schema, found, *alert, forgiving=True)
    report: dict[str, object] = {"restored": installed.names}
    if installed.missing:
        log.write(ports.clock.now(), "warn", "guards_missing", run_id=run.id, references=installed.missing)
        report["missing"] = installed.missing
    return report


def _of_older_version(found: SetUp) -> list[Statement]:
    """Return what replaces guards and the index that are exactly an older version's; what somebody changed stays."""
    alone = expected_guards(())
    old = [guard for guard in alone if guard.older and found.guards.get(guard.name) == guard.older]
    if old:
        # The versions that compared types so did not all have the guard of reused ids.
        old += [guard for guard in alone if guard.name not in found.guards]
    index = found.unknown_index() if found.old_index else []
    return [*(statement for guard in old for statement in guard.install()), *index]


def _restored(run: Run, settings: Settings, found: SetUp, missing: tuple[str, ...] = ()) -> list[Statement]:
    if found.lifted_until is None or not settings.alerting:
        return []
    return [_alert(run, "guards_restored", lifted_until=None, reason=None, missing=missing)]


def _alert(run: Run, kind: str, **said: object) -> Statement:
    known = {name: value for name, value in said.items() if name != "missing" or value}
    body = json.dumps({"run_id": run.id, **known}, ensure_ascii=False)
    return sql.statement("alerts/add_alert", now=timestamp(run.clock.now()), kind=kind, body=body)
