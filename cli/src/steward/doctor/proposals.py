"""What TABLES could say of a database, as a person pastes it into wrangler.toml once it was looked at."""

from __future__ import annotations

import json

from steward.databases import Proposal, Proposals
from steward.exits import Exit
from steward.harmless import harmless
from steward.session import Session


def proposals(session: Session) -> Exit:
    """Print the tables that may hold keys, the likeliest first; drift where there is none."""
    found: Proposals = session.client.get("/profiles/proposals")
    if session.screen.as_json:
        session.screen.json(dict(found))
    for one in [] if session.screen.as_json else found["proposals"]:
        _show(session, one)
    if not found["proposals"]:
        session.screen.say("no table has a column that is called like a key")
    return Exit.CLEAN if found["proposals"] else Exit.DRIFT


def _show(session: Session, one: Proposal) -> None:
    line = session.screen.line
    line(f"# {harmless(one['table'])}: {one['found']} of {one['sampled']} keys are objects of the bucket")
    for note in one["notes"]:
        line(f"# {harmless(note)}")
    for reference in one["references"]:
        line(f"# followed, since it is declared: {harmless(reference)}")
    line(f"TABLES = {_table(one['tables'])}")
    line(f"CHILDREN = {_text(one['children'])}\n")


def _table(names: dict[str, str]) -> str:
    return "{ " + ", ".join(f"{word} = {_text(name)}" for word, name in names.items()) + " }"


def _text(value: object) -> str:
    # A JSON text is a TOML text as well.
    return harmless(json.dumps(value, ensure_ascii=False))
