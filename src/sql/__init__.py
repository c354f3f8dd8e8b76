"""Load the SQL files beside this module.

One statement per file; its first line is a comment that says what it returns. A file names its parameters, `:bucket`,
and may hold `{{name}}` where an identifier or a fragment goes (no database binds those); values are always parameters.
D1 has no named parameters, so `bind` numbers them.
"""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import dataclass, field
from functools import cache, lru_cache
from pathlib import Path

from ports import Statement, Value

ROOT = Path(__file__).parent
SHOWN_CHARACTERS = 300
"""A longer value is shortened where a person is shown it."""

_SLOT = re.compile(r"\{\{(\w+)\}\}")
_PARAMETER = re.compile(
    r"""'(?:[^']|'')*'|"(?:[^"]|"")*"|`[^`]*`|\[[^\]]*\]|--[^\n]*|/\*.*?\*/|(?<![\w:]):([a-z]\w*)""", re.DOTALL
)
"""What is quoted or a comment holds no parameter; the alternatives begin differently, so the time is linear."""
_TRAILING = re.compile(r"(;\s*|--[^\n]*\n?\s*)+\Z")


class SqlFileError(Exception):
    """A SQL file is missing, empty or lacks its header, or was not given just what it names; the message says which."""


@dataclass(frozen=True)
class Fragment:
    """SQL text, and the values of those of its parameters that are known so far."""

    text: str
    params: Mapping[str, Value] = field(default_factory=dict)

    def __post_init__(self) -> None:
        unknown = self.params.keys() - set(parameters(self.text)) if self.params else set()
        if unknown:
            raise SqlFileError(f"no parameter is named {', '.join(sorted(unknown))} in: {self.text[:200]}")


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
    return fragment("checks/shown", value=value, most=str(most)).text


def showing(statement: Statement, *columns: str) -> Statement:
    """Return the statement with these columns, each as a person is shown it."""
    listed = ", ".join(f"{shown(column)} AS {column}" for column in columns)
    return Statement(f"SELECT {listed} FROM ({statement.sql})", statement.params)  # noqa: S608  # names of our own


def parameters(text: str) -> tuple[str, ...]:
    """Return the names of a text's parameters, each once, in the order in which they are numbered."""
    return _numbered(text)[1]


def bare(text: str) -> str:
    """Return the text without what is quoted, its comments and its parameters."""
    return _PARAMETER.sub("", text)


def names(text: str) -> set[str]:
    """Return the names of a text's slots and parameters: what may be given for it."""
    return {*_slots(text), *parameters(text)}


@lru_cache(maxsize=512)
def _numbered(text: str) -> tuple[str, tuple[str, ...]]:
    """Return the text with `?1`, `?2`… in place of its named parameters, and their names in that order."""
    found: dict[str, int] = {}

    def number(match: re.Match[str]) -> str:
        return f"?{found.setdefault(match[1], len(found) + 1)}" if match[1] else match[0]

    return _PARAMETER.sub(number, text), tuple(found)


def fragment(name: str, /, **given: Value | Fragment) -> Fragment:
    """Return the named file's text with its slots filled, and the values of the parameters that were given.

    What is given for a slot is a text or a Fragment, whose own values come with it; anything else is a parameter.
    Raises SqlFileError where a slot is not filled, or a name is neither a slot nor a parameter of the file.
    """
    return fill(load(name), **given)


def fill(text: str, /, **given: Value | Fragment) -> Fragment:
    """Return the text as `fragment` returns a file's."""
    slots = _slots(text)
    if not slots <= given.keys():
        raise SqlFileError(f"nothing was given for {', '.join(sorted(slots - given.keys()))} in: {text[:200]}")
    pieces = {name: _piece(name, given[name]) for name in slots}
    params = {name: value for name, value in given.items() if name not in slots and not isinstance(value, Fragment)}
    if len(params) + len(slots) < len(given):
        raise SqlFileError(f"a fragment was given for what is no slot in: {text[:200]}")
    for piece in pieces.values():
        params = _together(params, piece.params)
    return Fragment(_SLOT.sub(lambda match: pieces[match[1]].text, text) if slots else text, params)


@lru_cache(maxsize=512)
def _slots(text: str) -> frozenset[str]:
    return frozenset(_SLOT.findall(text))


def _piece(name: str, value: Value | Fragment) -> Fragment:
    if isinstance(value, Fragment):
        return value
    if not isinstance(value, str):
        raise SqlFileError(f"the slot {name} takes a text or a fragment, not {value!r}")
    return Fragment(value)


def _together(known: Mapping[str, Value], further: Mapping[str, Value]) -> dict[str, Value]:
    clash = [name for name in known.keys() & further.keys() if known[name] != further[name]]
    if clash:
        raise SqlFileError(f"two values were given for {', '.join(sorted(clash))}")
    return {**known, **further}


def bind(source: Fragment, /, **given: Value) -> Statement:
    """Return the statement for D1, its parameters numbered.

    Raises SqlFileError where a parameter has no value, or a value no parameter.
    """
    text, names = _numbered(source.text)
    known = _together(source.params, given)
    if known.keys() != set(names):
        raise SqlFileError(f"the parameters {sorted(names)} were given {sorted(known)} in: {source.text[:200]}")
    return Statement(text, tuple(known[name] for name in names))


def readable(source: Fragment) -> str:
    """Return the text with its values in place of its parameters, to be pasted into a console."""

    def literal(match: re.Match[str]) -> str:
        value = source.params.get(match[1]) if match[1] else match[0]
        return match[0] if not match[1] else "'" + str(value).replace("'", "''") + "'"

    return _PARAMETER.sub(literal, source.text)


def statement(name: str, /, **given: Value | Fragment) -> Statement:
    """Return the named file as a statement; see `fragment` for what is given, and `bind` for what is refused."""
    return bind(fragment(name, **given))
