"""What broke, repaired: recover, undo, guards."""

from __future__ import annotations

import shlex
from typing import Annotated, Literal

import typer

from steward import reports
from steward.answers import Guards, Recovery, Undo
from steward.command import command
from steward.exits import Exit
from steward.options import PATIENCE, Live, Patience
from steward.progress import Meter
from steward.repairing import Asked, Repair, Undoing
from steward.session import Session
from steward.slices import take_all

GROUPS = 1000
"""Objects merged per call: some seconds of work, so that the bar moves and Ctrl-C does not wait long."""


def register(app: typer.Typer) -> None:
    """Add these commands."""
    for work in (recover, undo, guards):
        command(app)(work)


def recover(
    session: Session,
    *,
    live: Live = False,
    max_deletes: Annotated[int | None, typer.Option(min=0, help="Rows it may delete, instead of MAX_DELETES.")] = None,
    max_groups: Annotated[int, typer.Option(min=1, max=1_000_000, help="Objects merged per call.")] = GROUPS,
    resume: Annotated[
        bool, typer.Option("--resume", help="End its pause even if something is still violated.")
    ] = False,
    unreadable: Annotated[
        Literal["oldest", "highest_id"] | None, typer.Option(help="What a fetched_at that cannot be read counts as.")
    ] = None,
    include_deleted: Annotated[bool, typer.Option("--include-deleted", help="Rank deleted rows like others.")] = False,
    patience: Patience = PATIENCE,
) -> Exit:
    """Repair what broke: merge duplicates, then index, guards, types and orphans."""
    if live:
        session.announce_live("recover")
    asked = Asked(live, max_groups if live else None, max_deletes, resume, unreadable, include_deleted)
    repair = Repair(session.client, asked)
    with Meter(session.screen, f"recover, {'live' if live else 'dry'}", "duplicate rows") as meter:
        ended = take_all(repair, meter, patience)
    session.tell(ended, repair, _again(asked))
    if repair.report is not None:
        _show_recovery(session, repair.report)
    return ended.exit(repair.verdict)


def undo(
    session: Session,
    *,
    run: Annotated[int, typer.Argument(min=1, help="A live recovery: steward runs --kind recovery.")],
    patience: Patience = PATIENCE,
) -> Exit:
    """Take back the merges of a live recovery."""
    session.announce_live(f"undo of run {run}")
    undoing = Undoing(session.client, run)
    with Meter(session.screen, f"undo of run {run}", "rows") as meter:
        ended = take_all(undoing, meter, patience)
    session.tell(ended, undoing, f"steward undo {run}")
    if undoing.report is not None:
        _show_undo(session, undoing.report)
    return ended.exit(undoing.verdict)


def guards(
    session: Session,
    *,
    lift: Annotated[int | None, typer.Option(min=1, max=1440, help="Take them down for so many minutes.")] = None,
    reason: Annotated[str | None, typer.Option(help="With --lift: why, for the next person.")] = None,
) -> Exit:
    """Install every guard that is missing, or lift all of them for a migration of yours."""
    if lift is not None or reason is not None:
        session.announce_live("guards")
    found: Guards = session.client.post("/guards", lift=True if lift else None, minutes=lift, reason=reason)
    if session.screen.as_json:
        session.screen.json(found)
    else:
        session.screen.facts(
            {name: ", ".join(found[name]) for name in ("installed", "lifted")} | {"until": found["lifted_until"]}
        )
    return Exit.CLEAN


def _show_recovery(session: Session, report: Recovery) -> None:
    screen = session.screen
    if screen.as_json:
        screen.json(report)
        return
    reports.steps(screen, report)
    if report["dry_run"]:
        screen.line("\nNothing was changed.")
    elif report["done"]:
        violated = ", ".join(reports.still_violated(report))
        screen.line("\nAll holds." if report["ok"] else f"\nDone, and a person is needed: {violated} still violated.")


def _show_undo(session: Session, report: Undo) -> None:
    if session.screen.as_json:
        session.screen.json(report)
        return
    refused = report["refused"]
    facts = {"rows restored": report["restored"], "children": report["children_restored"], "refused": len(refused)}
    session.screen.facts(facts)
    for row in refused:
        session.screen.line("  " + reports.fields(row))


def _again(asked: Asked) -> str:
    words = ["steward recover"]
    options = {"--max-deletes": asked.max_deletes, "--max-groups": asked.max_groups, "--unreadable": asked.unreadable}
    words += [f"{name} {shlex.quote(str(value))}" for name, value in options.items() if value is not None]
    flags = {"--live": asked.live, "--resume": asked.resume, "--include-deleted": asked.include_deleted}
    return " ".join([*words, *(name for name, given in flags.items() if given)])
