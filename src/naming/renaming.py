"""Say a statement in a database's own names: the only place where a word of the SQL files becomes another name.

A statement reads `artifacts` as a query that gives the table's rows by the words, which SQLite folds into the statement
around it: plans, and the names of what it returns, stay as they are. Where a statement writes `artifacts`, its
target and the target's columns are renamed. Names are quoted. A name as a value is written `lower('r2_key')`,
`pragma_table_info('artifacts')`, or `trim('r2_key')` for a person: a word that is the only argument of such a function
is a name too.
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from functools import lru_cache

from naming.names import TABLE, Column, Names, literal
from naming.tokens import Tokens
from naming.writing import Write
from sql import quote

_MEMBER = re.compile(r"\(([^(),]+), ([^(),]+)\) IN \(SELECT r2_bucket, r2_key FROM artifacts\)")
"""SQLite looks straight into the index for this one, but only where it names the table itself."""
_NAMING = re.compile(r"lower|trim|pragma_\w+", re.IGNORECASE)
_OF_OURS = "steward: "
"""How what a guard says begins, to whoever wrote the row that it refuses."""


@lru_cache(maxsize=256)
def renamed(text: str, names: Names) -> str:
    """Return the statement in a database's own names. Triggers are made in them (`direct`), and stay as they are."""
    if names.canonical or text.startswith(("CREATE TRIGGER", "DROP TRIGGER")):
        return text
    tokens = Tokens(_MEMBER.sub(lambda match: _member(match, names), text))
    for place, replacement in _values(tokens, names):
        tokens.put(place, replacement)
    write = Write.of(tokens, names)
    if write:
        write.rename()
    for place in _reads(tokens, write.target if write else None):
        tokens.put(place, rows(names) + ("" if tokens.has_alias(place) else f" AS {TABLE}"))
    return tokens.text()


def rows(names: Names) -> str:
    """Return the query of the table's rows by the words, with every further column by its own name."""
    listed = ", ".join(f"{column.sql} AS {column.word}" for column in names.columns)
    return f"(SELECT {listed}, * FROM {quote(names.table)})"  # noqa: S608  # quoted names and literals alone


def direct(text: str, names: Names) -> str:
    """Return a trigger's text with each word renamed, in what it says too: it speaks of one table's columns."""
    if names.canonical:
        return text
    tokens = Tokens(text)
    own = {TABLE: quote(names.table), **{one.word: one.sql for one in names.columns if one.own is not None}}
    for place in range(len(tokens)):
        if tokens.plain(place) in own:
            tokens.put(place, own[tokens.plain(place)])
        elif tokens.string(place).startswith(_OF_OURS):
            tokens.put(place, literal(names.said(tokens.string(place))))
    return tokens.text()


def _member(match: re.Match[str], names: Names) -> str:
    bucket, key = names.of("r2_bucket"), names.of("r2_key")
    table = quote(names.table)
    if bucket.own is None:
        said = literal(bucket.value)
        return f"({match[1]} = {said} AND {match[2]} IN (SELECT {key.sql} FROM {table}))"  # noqa: S608  # as above
    return f"({match[1]}, {match[2]}) IN (SELECT {bucket.sql}, {key.sql} FROM {table})"  # noqa: S608  # as above


def _values(tokens: Tokens, names: Names) -> Iterator[tuple[int, str]]:
    """Give the places of names as values, and what they are there."""
    own = {TABLE: literal(names.table), **{one.word: _as_value(one) for one in names.columns}}
    for place in range(2, len(tokens) - 1):
        around = tokens.at(place - 1) + tokens.at(place + 1)
        if around == "()" and tokens.string(place) in own and _NAMING.fullmatch(tokens.at(place - 2)):
            yield place, own[tokens.string(place)]


def _as_value(column: Column) -> str:
    return literal(column.own)


def _reads(tokens: Tokens, target: int | None) -> Iterator[int]:
    """Give the places where the table is read."""
    for place in range(1, len(tokens)):
        if tokens.name(place) == TABLE and tokens.word(place - 1) in ("FROM", "JOIN") and place != target:
            yield place
