"""What broke, repaired: recover, undo, guards."""

from __future__ import annotations

import shlex
from dataclasses import replace
from typing import Annotated, Literal

import typer

from steward import plans, reports
from steward.answers import Guards, Recovery, Undo
from steward.command import command
from steward.exits import Exit
from steward.options import PATIENCE, Live, MaxDeletes, Patience, PlanId, Spread
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
    plan: PlanId = None,
    max_deletes: MaxDeletes = None,
    max_groups: Annotated[int, typer.Option(min=1, max=1_000_000, help="Objects merged per call.")] = GROUPS,
    resume: Annotated[
        bool, typer.Option("--resume", help="End its pause even if something is still violated.")
    ] = False,
    unreadable: Annotated[
        Literal["oldest", "highest_id"] | None, typer.Option(help="What a fetched_at that cannot be read counts as.")
    ] = None,
    include_deleted: Annotated[bool, typer.Option("--include-deleted", help="Rank deleted rows like others.")] = False,
    spread: Spread = False,
    patience: Patience = PATIENCE,
) -> Exit:
    """Repair what broke: merge duplicates, then index, guards, types and orphans."""
    if live:
        session.announce_live("recover")
    groups = max_groups if live else None
    asked = Asked(live, groups, max_deletes, resume, unreadable, include_deleted, plan, spread)
    repair = Repair(session.client, asked)
    with Meter(session.screen, f"recover, {'live' if live else 'dry'}", "duplicate rows") as meter:
        ended = take_all(repair, meter, patience)
    session.tell(ended, repair, _again(asked))
    if repair.report is not None:
        _show_recovery(session, repair.report, asked)
    return ended.exit(repair.verdict)


def undo(
    session: Session,
    *,
    run: Annotated[int, typer.Argument(min=1, help="A live recovery or forget: steward runs --kind recovery.")],
    dry: Annotated[bool, typer.Option("--dry", help="Only say what would come back, and plan it.")] = False,
    plan: PlanId = None,
    patience: Patience = PATIENCE,
) -> Exit:
    """Take back what a live recovery merged, or a live forget deleted."""
    what = f"undo of run {run}{', dry' if dry else ''}"
    if not dry:
        session.announce_live(what)
    undoing = Undoing(session.client, run, dry=dry, plan=plan)
    with Meter(session.screen, what, "rows") as meter:
        ended = take_all(undoing, meter, patience)
    again = f"steward undo {run}{' --dry' if dry else ''}{'' if plan is None else f' --plan {plan}'}"
    session.tell(ended, undoing, again)
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


def _show_recovery(session: Session, report: Recovery, asked: Asked) -> None:
    screen = session.screen
    if screen.as_json:
        screen.json(report)
        return
    reports.steps(screen, report)
    if report["dry_run"]:
        screen.line("\nNothing was changed.")
        # The plan says how rows are ranked, and not how many may go.
        apply = _again(replace(asked, live=True, unreadable=None, include_deleted=False))
        plans.made(screen, report.get("plan"), report.get("forecast"), apply)
    plans.worked(screen, report.get("plan"))
    if not report["dry_run"] and report["done"]:
        violated = ", ".join(reports.still_violated(report))
        screen.line("\nAll holds." if report["ok"] else f"\nDone, and a person is needed: {violated} still violated.")


def _show_undo(session: Session, report: Undo) -> None:
    if session.screen.as_json:
        session.screen.json(report)
        return
    refused = report["refused"]
    restored = "rows to restore" if report.get("dry_run") else "rows restored"
    facts = {restored: report["restored"], "children": report["children_restored"], "refused": len(refused)}
    session.screen.facts(facts)
    for row in refused:
        session.screen.line("  " + reports.fields(row))
    plans.made(session.screen, report.get("plan"), None, f"steward undo {report['undone_run']}")
    plans.worked(session.screen, report.get("plan"))


def _again(asked: Asked) -> str:
    words = ["steward recover"]
    options: dict[str, object] = {
        "--max-deletes": asked.max_deletes,
        "--max-groups": asked.max_groups,
        "--unreadable": asked.unreadable,
    }
    options["--plan"] = asked.plan
    words += [f"{name} {shlex.quote(str(value))}" for name, value in options.items() if value is not None]
    flags = {"--live": asked.live, "--resume": asked.resume, "--include-deleted": asked.include_deleted}
    flags["--spread"] = asked.spread
    return " ".join([*words, *(name for name, given in flags.items() if given)])
