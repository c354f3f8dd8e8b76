"""What a database calls the table of artifacts and its columns.

The words of the SQL files are `artifacts`, `id`, `r2_bucket`, `r2_key`, `source_type` and `fetched_at`. A column that a
table does not have is stood in for by one value of every row.
"""

from __future__ import annotations

import json
import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass

from ports import Row
from sql import quote

TABLE = "artifacts"
WORDS = ("id", "r2_bucket", "r2_key", "source_type", "fetched_at")
LITERAL = "literal:"
"""A name that begins so is no column, but the value that every row has in its place."""

_SAID = re.compile(
    r"r2_bucket(, | and )(?=r2_key)|(?<=\bartifacts[.])id\b|(?<=\bartifacts \()id\b"
    r"|\b(?:artifacts|r2_bucket|r2_key|source_type|fetched_at)\b"
)
"""The words in a text for people: `id` is one only beside the table's name."""


@dataclass(frozen=True)
class Column:
    """A word, and the column that a table has for it; where it has none, `value` stands for it in every row."""

    word: str
    own: str | None
    value: str | None = None

    @property
    def sql(self) -> str:
        """The SQL expression of the column in a row of its own table."""
        return quote(self.own) if self.own is not None else literal(self.value)


@dataclass(frozen=True)
class Names:
    """The names of one database."""

    table: str = TABLE
    columns: tuple[Column, ...] = tuple(Column(word, word) for word in WORDS)

    @classmethod
    def of_rows(cls, rows: Sequence[Row]) -> Names:
        """Return the names that `schema/artifact_columns` found; what stands for an absent column is not among them."""
        own = {str(row["name"]): None if row["own"] is None else _spelled(row["name"], str(row["own"])) for row in rows}
        table = _spelled(TABLE, str(rows[0]["own_table"] or TABLE)) if rows else TABLE
        # A column that the table should have and has not is called what it was looked for by.
        wanted = json.loads(str(rows[0]["wanted"] or "{}")) if rows else {}
        return cls(table, tuple(Column(word, own.get(word, wanted.get(word) or word)) for word in WORDS))

    @property
    def canonical(self) -> bool:
        """Whether every name is the word itself."""
        return self == Names()

    @property
    def absent(self) -> frozenset[str]:
        """The words that the table has no column for."""
        return frozenset(column.word for column in self.columns if column.own is None)

    @property
    def stem(self) -> str:
        """What a column that refers to the table is likely to be called by: `file` for `files`."""
        return self.table.lower().removesuffix("s")

    def report(self) -> dict[str, str | None]:
        """Return the words, each with what the database calls it; None for one that it has no column for."""
        return {TABLE: self.table, **{column.word: column.own for column in self.columns}}

    def said(self, text: str) -> str:
        """Return a text for people in which each word is what the database calls it; one without a column stays.

        The text is one of ours alone: what rows hold, and what people and databases say, is put in afterwards.
        """
        return text if self.canonical else _SAID.sub(self._said, text)

    def of(self, word: str) -> Column:
        """Return the column of a word."""
        return next(column for column in self.columns if column.word == word)

    def _said(self, match: re.Match[str]) -> str:
        between = match[1] or ""
        word = match[0].removesuffix(between)
        if word == TABLE:
            return self.table
        own = self.of(word).own
        # Of a pair without a column for the bucket, the key is left.
        return "" if own is None and between else (own or word) + between

    def is_table(self, table: str) -> bool:
        """Tell whether a table is the one of the artifacts, as SQLite compares names."""
        return table.lower() == self.table.lower()

    def is_described(self, column: str) -> bool:
        """Tell whether a column of the table is one that a word stands for."""
        return any(one.own is not None and one.own.lower() == column.lower() for one in self.columns)


def _spelled(word: object, own: str) -> str:
    """Return the word where a name is the same but for upper and lower case, which SQLite takes for one name."""
    return str(word) if own.lower() == word else own


def literal(value: str | None) -> str:
    """Return a value as a SQL literal."""
    return "NULL" if value is None else "'" + value.replace("'", "''") + "'"


def read_names(given: object) -> Names:
    """Return the names that TABLES gives; raises ValueError saying what would be right."""
    if not isinstance(given, Mapping):
        raise ValueError(  # noqa: TRY004  # one error for whatever is wrong
            'a table of words to names, as in { artifacts = "files", r2_key = "path" }'
        )
    unknown = [word for word in given if word not in (TABLE, *WORDS)]
    if unknown:
        raise ValueError(f"a table of {', '.join((TABLE, *WORDS))} to names; there is no {unknown[0]!r}")
    said = {word: _name(word, given.get(word, word)) for word in (TABLE, *WORDS)}
    if said[TABLE].startswith(LITERAL) or said[TABLE].lower().startswith(("steward_", "sqlite_", "_cf_")):
        raise ValueError("the name of a table of yours for artifacts")
    columns = tuple(_column(word, said[word]) for word in WORDS)
    own = [column.own.lower() for column in columns if column.own is not None]
    if len(set(own)) < len(own):
        raise ValueError("a different name for each of the columns")
    return Names(_spelled(TABLE, said[TABLE]), columns)


def _name(word: str, name: object) -> str:
    if not isinstance(name, str) or not name or "\0" in name:
        raise ValueError(f"a name for {word}")
    return name


def _column(word: str, name: str) -> Column:
    if not name.startswith(LITERAL):
        return Column(word, _spelled(word, name))
    value = name.removeprefix(LITERAL)
    if word in ("id", "r2_key"):
        raise ValueError(f"the name of a column for {word}: every row has its own")
    if (word == "fetched_at") != (value == ""):
        raise ValueError(f'{"only " if word == "fetched_at" else "a value after "}"{LITERAL}" for {word}')
    if word == "source_type" and value.strip().lower() == "unknown":
        raise ValueError("a known type in place of source_type: what is unknown could never be classified")
    return Column(word, None, value or None)
