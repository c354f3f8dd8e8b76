"""A look at the whole deployment: doctor."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from dataclasses import asdict
from typing import Annotated

import typer

from steward.command import command
from steward.doctor import access, cron, rules, state
from steward.doctor.line import Line, verdict
from steward.doctor.proposals import proposals
from steward.errors import CliError, NotAuthenticatedError
from steward.exits import Exit
from steward.session import Session


def register(app: typer.Typer) -> None:
    """Add this command."""
    command(app)(doctor)


Propose = Annotated[bool, typer.Option("--propose", help="Read the schema, and propose what TABLES would say.")]


def doctor(session: Session, propose: Propose = False) -> Exit:  # noqa: FBT002  # typer makes it an option
    """Look at the deployment: access, bindings, cron, invariants, rules, alerts. Changes nothing."""
    if propose:
        return proposals(session)
    lines = list(_lines(session))
    code = verdict(lines)
    if session.screen.as_json:
        session.screen.json({"ok": code == Exit.CLEAN, "lines": [asdict(line) for line in lines]})
    else:
        session.screen.table(("", "", ""), [(line.state, line.what, line.text) for line in lines])
        for line in lines:
            if line.hint and line.state != "ok":
                session.screen.line(f"\n{line.what}: {line.hint}")
    return code


def _lines(session: Session) -> Iterator[Line]:
    """Return every line; where the summary does not come, there is nothing more to say."""
    client = session.client
    yield from _looked("worker", lambda: access.reachable(client))
    yield from _looked("authentication", lambda: access.guarded(client, session.environment))
    try:
        summary = state.read(client)
    except NotAuthenticatedError:
        raise
    except CliError as error:
        yield Line("D1", "failed", str(error), error.hint)
        return
    for look in (state.bindings, state.invariants, state.scheduled, state.alerts):
        yield from look(summary)
    yield from _looked("cron", lambda: cron.cron(client, summary))
    yield from _looked("rules", lambda: rules.rules(client, summary))


def _looked(what: str, look: Callable[[], Iterator[Line]]) -> Iterator[Line]:
    """Return the lines of a look; one that fails is a line as well, and never stands for what it would have seen."""
    try:
        yield from look()
    except NotAuthenticatedError:
        raise
    except CliError as error:
        yield Line(what, "failed", str(error), error.hint)
