"""Which rows break an invariant: rows."""

from __future__ import annotations

from typing import Annotated
from urllib.parse import quote

import typer

from steward.answers import ViolatingRows
from steward.command import command
from steward.exits import Exit
from steward.harmless import harmless
from steward.session import Session

Named = Annotated[str, typer.Argument(help="An invariant, as `steward check` names it.")]


def register(app: typer.Typer) -> None:
    """Add this command."""
    command(app)(rows)


def rows(
    session: Session,
    *,
    invariant: Named,
    limit: Annotated[int, typer.Option(min=1, max=1000, help="How many.")] = 100,
    after: Annotated[str | None, typer.Option(help="`next` of the page before.")] = None,
) -> Exit:
    """List the rows that break an invariant now."""
    found: ViolatingRows = session.client.get(f"/invariants/{quote(invariant, safe='')}/rows", limit=limit, after=after)
    if session.screen.as_json:
        session.screen.json(found)
        return Exit.CLEAN
    if found["rows"]:
        session.screen.table(
            [harmless(str(name)) for name in found["rows"][0]], [list(row.values()) for row in found["rows"]]
        )
    else:
        session.screen.line("none" if found["next"] is None else "none so far")
    if found["next"] is not None:
        session.screen.say(f"more: --after {found['next']}")
    return Exit.CLEAN
