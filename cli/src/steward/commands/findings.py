"""Which invariants were broken, and what people say of it: findings list, show, ack, snooze, wake."""

from __future__ import annotations

from typing import Annotated, Any

import typer
from typer.core import TyperGroup

from steward.answers import Finding, Findings
from steward.command import command
from steward.exits import Exit
from steward.harmless import shown
from steward.reports import fields
from steward.session import Session

Number = Annotated[int, typer.Argument(min=1, metavar="ID", help="A finding: steward findings lists them.")]
Note = Annotated[str | None, typer.Option(help="What the next person should know.")]

_SHOWN = 5


class _ListUnlessTold(TyperGroup):
    """`steward findings --open` is `steward findings list --open`."""

    def parse_args(self, ctx: Any, args: list[str]) -> list[str]:  # noqa: ANN401  # typer keeps the type to itself
        """Read the arguments, with `list` put before those that name no command."""
        named = args and (args[0] in self.commands or args[0] == "--help")
        return super().parse_args(ctx, args if named else ["list", *args])


def register(app: typer.Typer) -> None:
    """Add these commands."""
    findings = typer.Typer(cls=_ListUnlessTold, help="Broken invariants over time; without a command, list.")
    app.add_typer(findings, name="findings")
    command(findings, "list")(listed)
    for work in (show, ack, snooze, wake):
        command(findings)(work)


def listed(
    session: Session,
    *,
    only_open: Annotated[
        bool | None, typer.Option("--open/--resolved", help="Only open, or only resolved ones.")
    ] = None,
    invariant: Annotated[str | None, typer.Option(help="Only of this invariant.")] = None,
    before: Annotated[int | None, typer.Option(min=1, help="Only findings older than this one.")] = None,
) -> Exit:
    """List broken invariants over time, newest first."""
    found: Findings = session.client.get("/findings", open=only_open, invariant=invariant, before=before)
    if session.screen.as_json:
        session.screen.json(found)
    else:
        heads = ("id", "invariant", "severity", "opened", "resolved", "violations", "peak", "quiet")
        session.screen.table(heads, map(_finding, found["findings"]))
        if found["next"]:
            session.screen.say(f"older ones: --before {found['next']}")
    return Exit.CLEAN


def show(session: Session, *, number: Number) -> Exit:
    """Show one finding, and what people said of it."""
    return _show(session, session.client.get(f"/findings/{number}"))


def ack(
    session: Session, *, number: Number, note: Annotated[str, typer.Argument(help="What the next person should know.")]
) -> Exit:
    """Say that you have it: no alert again until its violations more than double."""
    return _say(session, number, "acknowledge", note=note)


def snooze(
    session: Session,
    *,
    number: Number,
    until: Annotated[str, typer.Option(help="A moment with its zone, as 2026-12-01T08:00:00Z; 90 days at most.")],
    note: Note = None,
) -> Exit:
    """Let it wait until a moment, or until its violations more than double."""
    return _say(session, number, "snooze", until=until, note=note)


def wake(session: Session, *, number: Number, note: Note = None) -> Exit:
    """Take an acknowledgement or a snooze back."""
    return _say(session, number, "wake", note=note)


def _say(session: Session, number: int, word: str, **said: str | None) -> Exit:
    session.announce_live(f"{word} finding {number}")
    return _show(session, session.client.post(f"/findings/{number}/{word}", **said))


def _show(session: Session, found: Finding) -> Exit:
    screen = session.screen
    if screen.as_json:
        screen.json(found)
        return Exit.CLEAN
    apart = ("sample", "history")
    screen.facts({name.replace("_", " "): value for name, value in found.items() if name not in apart})
    for row in found["sample"][:_SHOWN]:
        screen.line("  " + fields(row))
    for said in found["history"]:
        until = f" until {shown(said['until'])}" if said["until"] else ""
        note = f": {shown(said['note'])}" if said["note"] else ""
        screen.line(f"{said['at']}  {said['did']}{until} by {shown(said['actor'])}{note}")
    return Exit.CLEAN


def _finding(one: Finding) -> tuple[object, ...]:
    opened = (one["id"], one["invariant"], one["severity"], one["opened_at"])
    return (*opened, one["resolved_at"], one["violations"], one["peak"], one["quiet"])
