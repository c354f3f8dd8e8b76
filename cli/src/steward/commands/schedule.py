"""Whether cron walks: pause, resume."""

from __future__ import annotations

from typing import Annotated

import typer

from steward.answers import Pause
from steward.command import command
from steward.exits import Exit
from steward.session import Session


def register(app: typer.Typer) -> None:
    """Add these commands."""
    for work in (pause, resume):
        command(app)(work)


def pause(session: Session, *, reason: Annotated[str, typer.Argument(help="Why, for the next person.")]) -> Exit:
    """Pause scheduled backfill; checks continue."""
    session.announce_live("pause")
    _show(session, session.client.post("/pause", reason=reason))
    return Exit.CLEAN


def resume(session: Session) -> Exit:
    """End the pause, whoever paused."""
    session.announce_live("resume")
    _show(session, session.client.post("/resume"))
    return Exit.CLEAN


def _show(session: Session, found: Pause) -> None:
    if session.screen.as_json:
        session.screen.json(found)
    else:
        session.screen.facts(
            {
                "paused": found["paused"],
                "by": found["paused_by"],
                "reason": found["pause_reason"],
                "since": found["paused_at"],
            }
        )
