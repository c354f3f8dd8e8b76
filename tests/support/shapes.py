"""The names that a database may have: the suites run over each, `pytest --shape other`.

The tests speak in the words, as the SQL files do. A `ShapedConnection` makes of their tables, and of what they write
and read, what a database with other names has. The statements of the Worker are renamed as they are before D1.
"""

from __future__ import annotations

import re
import sqlite3
from collections.abc import Iterable, Iterator, Sequence
from contextlib import contextmanager
from dataclasses import replace
from functools import lru_cache
from typing import Any

from naming.names import LITERAL, TABLE, WORDS, Names, read_names
from naming.renaming import direct, renamed
from naming.tokens import Tokens
from sql import quote

SHAPES = {
    "canonical": Names(),
    "other": read_names(
        {
            "artifacts": 'my "Files"',
            "id": "Größe [id]",
            "r2_bucket": "select",
            "r2_key": "Order`By",
            "source_type": "having",
            "fetched_at": "it's from",
        }
    ),
    "bare": read_names(
        {
            "artifacts": "uploads",
            "id": "object_uuid",
            "r2_bucket": "literal:artifacts",
            "r2_key": "storage_key",
            "source_type": "literal:upload",
            "fetched_at": "created_at",
        }
    ),
}

_PLAN = "EXPLAIN QUERY PLAN "

_chosen = ["canonical"]


def choose(shape: str) -> None:
    """Give every database made from now on the names of this shape."""
    _chosen[0] = shape


def chosen_shape() -> str:
    """Return the shape of the databases that are made now."""
    return _chosen[0]


def chosen(bucket: str | None = None) -> Names:
    """Return the names of the databases that are made now; where no column has it, all rows are of this bucket."""
    names = SHAPES[_chosen[0]]
    if bucket is None or "r2_bucket" not in names.absent:
        return names
    columns = [replace(one, value=bucket) if one.word == "r2_bucket" else one for one in names.columns]
    return replace(names, columns=tuple(columns))


def examples(most: int) -> int:
    """Return how many examples a property is held to: a fifth over another shape."""
    return most if chosen_shape() == "canonical" else max(5, most // 5)


def typed() -> bool:
    """Tell whether the rows of a database of the chosen names have types of their own."""
    return "source_type" not in chosen().absent


def kind(source_type: str) -> str:
    """Return the type that a row has where one with types of its own has this one."""
    return source_type if typed() else str(chosen().of("source_type").value)


def held(bucket: str | None, key: str | None, source_type: str, of: str = "b") -> tuple[str | None, str | None, str]:
    """Return what a database of the chosen names has of a row: one bucket, `of`, and one type, where others have more.

    The keys of another bucket stay apart.
    """
    if "r2_bucket" in chosen().absent:
        bucket, key = of, key if key is None or bucket in (of, None) else f"{bucket}:{key}"
    return bucket, key, kind(source_type)


@contextmanager
def shaped(name: str) -> Iterator[None]:
    """Give the databases that are made meanwhile the names of a shape."""
    before = chosen_shape()
    choose(name)
    try:
        yield
    finally:
        choose(before)


def own_words(names: Names) -> ShapedConnection:
    """Return what says statements in these names, for a database that is somewhere else."""
    connection = sqlite3.connect(":memory:", factory=ShapedConnection)
    connection.names = names
    return connection


def tables_setting(names: Names) -> dict[str, str]:
    """Return these names as the setting TABLES has them."""
    columns = {one.word: LITERAL + (one.value or "") if one.own is None else one.own for one in names.columns}
    return {TABLE: names.table, **columns}


class ShapedConnection(sqlite3.Connection):
    """A connection to a database of the chosen names, spoken to in the words."""

    names: Names = Names()
    columns: Sequence[str] = WORDS
    """The columns of artifacts in the order in which they were declared."""
    declared: bool = False

    @property
    def every_column(self) -> str:
        """The SQL of the columns of artifacts, each once: `*` has a renamed one by both of its names."""
        return "*" if self.names.canonical else ", ".join(map(quote, self.columns))

    def execute(self, statement: str, parameters: Any = ()) -> sqlite3.Cursor:  # noqa: ANN401  # as sqlite3 has it
        """Run a statement."""
        said = self.said(statement)
        return super().execute(said, self._taken(said, parameters))

    def executemany(self, statement: str, parameters: Iterable[Any]) -> sqlite3.Cursor:
        """Run a statement for each of the parameters."""
        said = self.said(statement)
        return super().executemany(said, (self._taken(said, one) for one in parameters))

    def executescript(self, text: str) -> sqlite3.Cursor:
        """Run statements."""
        return super().executescript(";\n".join(self.said(one) for one in statements(text)))

    def said(self, statement: str) -> str:
        """Return the statement in the names of this database."""
        return statement if self.names.canonical else self._shaped(statement)

    def _taken(self, said: str, parameters: Any) -> Any:  # noqa: ANN401  # as sqlite3 has it
        """Return the parameters that a statement takes: the last may stand for a column that the table has not."""
        if self.names.canonical or not isinstance(parameters, tuple | list):
            return parameters
        marks = [int(number) for number in re.findall(r"\?(\d+)", said)]
        return parameters[: max(marks)] if marks and max(marks) < len(parameters) else parameters

    def _shaped(self, statement: str) -> str:
        text = statement.strip()
        if text.upper().startswith(_PLAN):
            return _PLAN + self._shaped(text[len(_PLAN) :])
        if not text.upper().startswith(("CREATE", "ALTER", "DROP", "--")):
            return _ordinary(text, self.names, tuple(self.columns))
        tokens = Tokens(text)
        head = [tokens.word(place) for place in range(3)]
        if head[0] == "CREATE" and "TRIGGER" in head:
            return direct(text, self.names) if _speaks(tokens) else text
        if head[0] == "CREATE" and "TABLE" in head:
            return self._table(tokens)
        if head[0] in ("ALTER", "DROP"):
            self._altered(tokens)
            return direct(text, self.names)
        return _ordinary(text, self.names, tuple(self.columns))

    def _altered(self, tokens: Tokens) -> None:
        if tokens.word(0) == "DROP":
            self.declared = self.declared and not _speaks(tokens)
        elif tokens.name(2) == TABLE and tokens.word(3) == "ADD":
            place = 5 if tokens.word(4) == "COLUMN" else 4
            self.columns = (*self.columns, str(tokens.name(place)))

    def _table(self, tokens: Tokens) -> str:
        opening = next((place for place in range(len(tokens)) if tokens.at(place) == "("), len(tokens) - 1)
        if tokens.name(opening - 1) == TABLE:
            tokens.put(opening - 1, quote(self.names.table))
            self._declare(tokens, opening)
        for place in range(len(tokens)):
            if tokens.word(place - 1) == "REFERENCES" and tokens.name(place) == TABLE:
                tokens.put(place, quote(self.names.table))
                if tokens.at(place + 1) == "(":
                    self._named(tokens, place + 1, tokens.close(place + 1))
        return tokens.text()

    def _declare(self, tokens: Tokens, opening: int) -> None:
        items = tokens.items(opening + 1, tokens.close(opening))
        first_words = [str(tokens.name(first)) for first, _ in items]
        rules = ("unique", "primary", "foreign", "check", "constraint")
        if not self.declared:
            self.columns = tuple(word for word in first_words if word not in rules)
            self.declared = True
        self._named(tokens, opening, tokens.close(opening))
        for number, word in enumerate(first_words):
            if word in self.names.absent:
                first, last = items[number]
                tokens.drop(first, last + (number + 1 < len(items)))

    def _named(self, tokens: Tokens, start: int, end: int) -> None:
        """Rename the columns between two places; one that the table does not have is left out of its list."""
        for place in range(start, end):
            word = tokens.name(place)
            if word in WORDS and tokens.at(place - 1) in ("(", ","):
                column = self.names.of(word)
                tokens.put(place, column.sql)
                if column.own is None and tokens.at(place + 1) == ",":
                    tokens.drop(place, place + 2)
            elif word in WORDS:
                tokens.put(place, self.names.of(word).sql)


@lru_cache(maxsize=2000)
def _ordinary(text: str, names: Names, columns: tuple[str, ...]) -> str:
    return renamed(_listed(_numbered(text), columns), names)


def _listed(text: str, columns: tuple[str, ...]) -> str:
    """Return an INSERT with the list of its columns."""
    return re.sub(
        r"(?i)\A(INSERT (?:OR \w+ )?INTO artifacts)\s+(VALUES|SELECT|WITH)",
        lambda match: f"{match[1]} ({', '.join(map(quote, columns))}) {match[2]}",
        text,
    )


def _speaks(tokens: Tokens) -> bool:
    return any(tokens.name(place) == TABLE for place in range(len(tokens)))


def _numbered(text: str) -> str:
    """Return the statement with numbered parameters: what is left out of a list would shift the others."""
    tokens = Tokens(text)
    marks = [place for place in range(len(tokens)) if tokens.at(place) == "?" and not tokens.at(place + 1).isdigit()]
    for number, place in enumerate(marks, start=1):
        tokens.put(place, f"?{number}")
    return tokens.text()


@lru_cache(maxsize=200)
def statements(text: str) -> tuple[str, ...]:
    """Return the statements of a script."""
    found, begun = [], ""
    for piece in re.split(r"(;)", text):
        begun += piece
        if piece == ";" and sqlite3.complete_statement(begun):
            found.append(begun.rstrip(";").strip())
            begun = ""
    return tuple(one for one in [*found, begun.strip()] if one and Tokens(one).at(0))
