"""Load the SQL files beside this module.

One statement per file; its first line is a comment that says what it returns. A file may hold `{{name}}` where an
identifier or a fragment goes (D1 cannot bind those); values are always parameters.
"""

from __future__ import annotations

import re
from functools import cache
from pathlib import Path

from ports import Statement, Value

ROOT = Path(__file__).parent
SHOWN_CHARACTERS = 300
"""A longer value is shortened where a person is shown it."""

_SLOT = re.compile(r"\{\{(\w+)\}\}")
_TRAILING = re.compile(r"(;\s*|--[^\n]*\n?\s*)+\Z")


class SqlFileError(Exception):
    """A SQL file is missing, empty, or lacks its header; the message names it."""


@cache
def load(name: str) -> str:
    """Return the statement in `<name>.sql`, without the header and what D1 cannot take after the last `;`.

    Raises SqlFileError naming the file where it is missing, has no header line, or has no statement.
    """
    path = ROOT / f"{name}.sql"
    try:
        text = path.read_text(encoding="utf-8")
    except FileNotFoundError as error:
        raise SqlFileError(f"{name}.sql: no such file under src/sql") from error
    return parse(name, text)


def parse(name: str, text: str) -> str:
    """Return the single statement of a SQL file's text; see `load` for what is refused."""
    header, _, body = text.partition("\n")
    if not header.startswith("-- "):
        raise SqlFileError(f"{name}.sql: the first line must be a comment saying what the statement returns")
    while body.lstrip().startswith("--"):
        body = body.lstrip().partition("\n")[2]
    statement = _TRAILING.sub("", body.strip() + "\n").strip()
    if not statement:
        raise SqlFileError(f"{name}.sql: no statement in it")
    return statement


def quote(identifier: str) -> str:
    """Return a table or column name as a quoted SQL identifier."""
    return '"' + identifier.replace('"', '""') + '"'


def shown(value: str, most: int = SHOWN_CHARACTERS) -> str:
    """Return the SQL expression of a value as a person is shown it, `most` characters; see `checks/shown.sql`."""
    return fill(load("checks/shown"), {"value": value, "most": str(most)})


def showing(statement: Statement, *columns: str) -> Statement:
    """Return the statement with these columns, each as a person is shown it."""
    listed = ", ".join(f"{shown(column)} AS {column}" for column in columns)
    return Statement(f"SELECT {listed} FROM ({statement.sql})", statement.params)  # noqa: S608  # names of our own


def fill(text: str, slots: dict[str, str]) -> str:
    """Put `slots` where `{{name}}` stands; a slot without a value, or a value without a slot, is an error."""
    found = set(_SLOT.findall(text))
    if found != slots.keys():
        raise SqlFileError(f"slots {sorted(found)} were given {sorted(slots)}")
    return _SLOT.sub(lambda match: slots[match[1]], text)


def statement(name: str, /, *params: Value, **slots: str) -> Statement:
    """Return the named statement with its parameters and its slots filled."""
    text = load(name)
    return Statement(fill(text, slots) if slots or "{{" in text else text, params)
