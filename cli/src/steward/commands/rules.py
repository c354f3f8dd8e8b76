"""Which type a key gets: rules get, put, preview."""

from __future__ import annotations

import json
import sys
from pathlib import Path
from typing import Annotated, Any

import typer

from steward.answers import Preview, Rule, Rules
from steward.command import command
from steward.errors import CliError
from steward.exits import Exit
from steward.harmless import harmless
from steward.options import Bucket, Prefix
from steward.session import Session

File = Annotated[str, typer.Argument(help="A JSON file as `steward rules get --json` prints it, or - for stdin.")]

_SHOWN = 3


def register(app: typer.Typer) -> None:
    """Add these commands."""
    rules = typer.Typer(help="Which type a key gets.", no_args_is_help=True)
    app.add_typer(rules, name="rules")
    for work in (get, put, preview):
        command(rules)(work)


def get(session: Session) -> Exit:
    """List the rules in the order they are tried."""
    _show(session, session.client.get("/rules"))
    return Exit.CLEAN


def put(session: Session, *, file: File) -> Exit:
    """Replace all rules by those of a file."""
    rules = read_rules(file)
    session.announce_live("rules put")
    _show(session, session.client.ask("PUT", "/rules", {"rules": rules}))
    return Exit.CLEAN


def preview(session: Session, *, file: File, bucket: Bucket = None, prefix: Prefix = "") -> Exit:
    """Say what the rules of a file would classify, from up to 1,000 objects; nothing is stored."""
    found: Preview = session.client.post("/rules/preview", rules=read_rules(file), r2_bucket=bucket, r2_prefix=prefix)
    if session.screen.as_json:
        session.screen.json(found)
        return Exit.CLEAN
    rows = [
        (one["source_type"] or "(no rule)", one["objects"], ", ".join(one["sample"][:_SHOWN]))
        for one in found["by_type"]
    ]
    session.screen.table(("type", "objects", "such as"), rows)
    session.screen.say(f"of {found['scanned']:,} objects{', the first ones' if found['truncated'] else ''}")
    return Exit.CLEAN


def read_rules(file: str) -> list[Any]:
    """Return the rules in a file: `{"rules": […]}`, or the list alone. The Worker judges each rule."""
    try:
        text = sys.stdin.read() if file == "-" else Path(file).read_text(encoding="utf-8")
        found = json.loads(text)
    except (OSError, ValueError) as error:
        raise CliError(f"{harmless(file)}: {harmless(str(error))}", code=Exit.USAGE) from None
    listed = found.get("rules") if isinstance(found, dict) else found
    if not isinstance(listed, list):
        hint = 'It looks like this: {"rules": [{"priority": 10, "pattern": "mail/*", "source_type": "mail"}]}'
        raise CliError(f"{harmless(file)} holds no list of rules.", hint=hint, code=Exit.USAGE)
    return listed


def _show(session: Session, found: Rules) -> None:
    if session.screen.as_json:
        session.screen.json(found)
    else:
        session.screen.table(("priority", "pattern", "type"), map(_rule, found["rules"]))


def _rule(rule: Rule) -> tuple[object, ...]:
    return rule["priority"], rule["pattern"], rule["source_type"]
