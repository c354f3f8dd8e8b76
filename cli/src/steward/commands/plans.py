"""What would be done, by whose approval: plan, approve."""

from __future__ import annotations

import json
from collections.abc import Iterator
from contextlib import nullcontext
from typing import Annotated, Any

import typer

from steward.command import command
from steward.errors import CliError, GoneError
from steward.exits import Exit
from steward.planned import Plan, PlanItem, PlanKind, Plans, PlanStep
from steward.plans import about, apply_command, forecast_text, next_commands, totals_text
from steward.progress import Meter
from steward.screen import Screen
from steward.session import Session

_OPEN = ("made", "approved", "applying")

PlanNumber = Annotated[int, typer.Argument(min=1, metavar="ID", help="A plan: a dry run makes one.")]


def register(app: typer.Typer) -> None:
    """Add these commands."""
    for work in (plan, approve):
        command(app)(work)


def plan(
    session: Session,
    *,
    number: Annotated[int | None, typer.Argument(min=1, metavar="[ID]", help="Show this plan alone.")] = None,
    items: Annotated[bool, typer.Option("--items", help="Print all that it would do, one a line.")] = False,
    step: Annotated[PlanStep | None, typer.Option(help="With --items: only those that would do this.")] = None,
    left_out: Annotated[bool, typer.Option("--left-out", help="With --items: only those that were left out.")] = False,
    kind: Annotated[PlanKind | None, typer.Option(help="Only plans of this kind.")] = None,
    limit: Annotated[int, typer.Option(min=1, max=100, help="How many.")] = 20,
    before: Annotated[int | None, typer.Option(min=1, help="Only plans older than this one.")] = None,
) -> Exit:
    """List plans, newest first, or show one, or all that it would do."""
    if items:
        if number is None:
            raise CliError("--items needs the number of a plan.", hint="steward plan lists them.", code=Exit.USAGE)
        return _items(session, number, step, True if left_out else None)
    if step or left_out:
        raise CliError("--step and --left-out are of --items.", code=Exit.USAGE)
    if number is None:
        _list(session.screen, session.client.get("/plans", kind=kind, limit=limit, before=before))
    else:
        _one(session.screen, session.client.get(f"/plans/{number}"))
    return Exit.CLEAN


def approve(
    session: Session,
    *,
    number: PlanNumber,
    digest: Annotated[str | None, typer.Option(help="What you looked at: a plan of another one is refused.")] = None,
) -> Exit:
    """Approve a plan; who, and when, is kept."""
    session.announce_live(f"approval of plan {number}")
    _one(session.screen, session.client.post(f"/plans/{number}/approve", digest=digest))
    return Exit.CLEAN


def _list(screen: Screen, found: Plans) -> None:
    if screen.as_json:
        screen.json(found)
        return
    heads = ("plan", "kind", "state", "items", "left out", "made", "by", "approved by")
    names = ("id", "kind", "state", "items", "left_out", "made_at", "made_by", "approved_by")
    screen.table(heads, [[one[name] for name in names] for one in found["plans"]])  # type: ignore[literal-required]  # members of a plan
    if found["next"]:
        screen.say(f"older ones: --before {found['next']}")


def _one(screen: Screen, found: Plan) -> None:
    if screen.as_json:
        screen.json(found)
        return
    screen.facts(_facts(found))
    if found["state"] in _OPEN:
        approval = [f"steward approve {found['id']}"] if found["state"] == "made" else []
        next_commands(screen, [f"steward plan {found['id']} --items", *approval, apply_command(found)])


def _facts(found: Plan) -> dict[str, object]:
    by = found["superseded_by"]
    return {
        "plan": str(found["id"]),
        "kind": found["kind"],
        "state": f"superseded by plan {by}" if by else found["state"],
        "digest": found["digest"],
        "items": f"{found['items']:,}: {totals_text(found['totals'])}" if found["items"] else 0,
        "whole": found["complete"],
        "forecast": forecast_text(found["forecast"]) if found["forecast"] else None,
        "made": f"{found['made_at']} by {found['made_by'] or '-'} (run {found['made_run']})",
        "expires": found["expires_at"],
        "approved": f"{found['approved_at']} by {found['approved_by'] or '-'}" if found["approved_at"] else False,
        "begun": found["begun_at"],
        "applied": f"{found['applied_at']} (run {found['applied_run']})" if found["applied_at"] else False,
        "left out": found["left_out"],
    }


def _items(session: Session, number: int, step: PlanStep | None, left_out: bool | None) -> Exit:  # noqa: FBT001  # as the query has it
    """Print items as they arrive: a plan of a million of them takes no more memory than one of ten."""
    screen = session.screen
    planned: Plan = session.client.get(f"/plans/{number}")
    if not screen.as_json:
        screen.line(f"{'item':>8}  {'step':<8}  about", "bold")
    shown = last = 0
    # On one terminal a bar would be drawn across the lines.
    bar = Meter(screen, f"plan {number}", "items", planned["items"]) if not screen.out.is_terminal else nullcontext()
    with bar as meter:
        for one in _downloaded(session, number, step, left_out):
            _print(screen, one)
            shown, last = shown + 1, one["item"]
            if meter and not shown % 100:
                meter.at(last)
    if screen.as_json:
        _line(screen, {"end": True, "items": shown, "next": None})
    return Exit.CLEAN


def _downloaded(session: Session, number: int, step: PlanStep | None, left_out: bool | None) -> Iterator[PlanItem]:  # noqa: FBT001  # likewise
    """Yield the items, file after file. Raises GoneError where one breaks off: its last line says that it is whole."""
    after: int | None = 0
    while after is not None:
        end: dict[str, Any] | None = None
        query = {"format": "ndjson", "step": step, "left_out": left_out, "after": after}
        for line in session.client.lines(f"/plans/{number}/items", **query):
            found: Any = json.loads(line)
            if "end" in found:
                end = found
            else:
                yield found
        if end is None:
            raise GoneError("The list of items breaks off: it is not whole.", hint="Give the command again.")
        after = end["next"]


def _print(screen: Screen, one: PlanItem) -> None:
    if screen.as_json:
        _line(screen, one)
        return
    why = f"  left out: {one['left_out']}" if one["left_out"] else ""
    screen.line(f"{one['item']:>8}  {one['step']:<8}  {about(one['about'])}{about([why])}")


def _line(screen: Screen, document: object) -> None:
    screen.out.file.write(json.dumps(document, separators=(",", ":")).replace("\x7f", "\\u007f") + "\n")
