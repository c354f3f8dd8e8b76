"""What is gone, deleted: forget."""

from __future__ import annotations

import shlex
from typing import Annotated

import typer

from steward import reports
from steward.command import command
from steward.exits import Exit
from steward.forgetting import Forgetting
from steward.options import PATIENCE, Live, MaxDeletes, Patience, PlanId, Spread
from steward.progress import Meter
from steward.session import Session
from steward.slices import take_all


def register(app: typer.Typer) -> None:
    """Add this command."""
    command(app)(forget)


def forget(
    session: Session,
    *,
    live: Live = False,
    plan: PlanId = None,
    max_deletes: MaxDeletes = None,
    bucket: Annotated[str | None, typer.Option(help="Only rows of this bucket.")] = None,
    spread: Spread = False,
    patience: Patience = PATIENCE,
) -> Exit:
    """Delete the artifacts whose object is gone and that nobody cites."""
    if live:
        session.announce_live("forget")
    asked: dict[str, object] = {"plan": plan, "max_deletes": max_deletes, "r2_bucket": bucket, "spread": spread or None}
    work = Forgetting(session.client, live=live, **asked)
    with Meter(session.screen, f"forget, {'live' if live else 'dry'}", "rows") as meter:
        ended = take_all(work, meter, patience)
    options = {"--plan": plan, "--max-deletes": max_deletes, "--bucket": bucket}
    words = [f"{name} {shlex.quote(str(value))}" for name, value in options.items() if value is not None]
    again = ["steward forget", *words, *(["--live"] if live else []), *(["--spread"] if spread else [])]
    session.tell(ended, work, " ".join(again))
    if work.report is not None:
        reports.forget(session.screen, work.report)
    return ended.exit(work.verdict)
