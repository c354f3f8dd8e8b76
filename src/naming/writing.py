"""Rename the target of a statement that writes `artifacts`, and the target's columns."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from dataclasses import dataclass

from naming.names import TABLE, Names
from naming.tokens import Tokens
from sql import quote


@dataclass
class Write:
    """A statement that writes the table; `target` is where it names it, `alias` what the rows are called after that."""

    tokens: Tokens
    names: Names
    target: int
    alias: str = TABLE

    @classmethod
    def of(cls, tokens: Tokens, names: Names) -> Write | None:
        """Return what writes the table, or None where the statement does not."""
        target = _target(tokens)
        if target is None or tokens.name(target) != TABLE:
            return None
        named = tokens.name(target + 2) if tokens.word(target + 1) == "AS" else None
        return cls(tokens, names, target, named or TABLE)

    def rename(self) -> None:
        """Put the database's own names in place of the words."""
        tokens, verb = self.tokens, self.tokens.word(_verb(self.tokens))
        alias = "" if verb == "CREATE" or tokens.word(self.target + 1) == "AS" else f" AS {TABLE}"
        tokens.put(self.target, quote(self.names.table) + alias)
        if verb == "CREATE":
            self._list(self.target + 1)
            self._own(range(tokens.close(self.target + 1), len(tokens)))
        elif verb == "INSERT":
            self._insert()
        elif verb == "UPDATE":
            self._set(self.target, len(tokens))
        else:
            self._own(range(self.target + 1, len(tokens)))

    def _insert(self) -> None:
        """Leave out what the table has no column for, among the columns and among what is inserted into them."""
        tokens = self.tokens
        columns = self.target + 1 if tokens.word(self.target + 1) != "AS" else self.target + 3
        conflict = tokens.find("ON", columns)
        while conflict is not None and tokens.word(conflict + 1) != "CONFLICT":
            conflict = tokens.find("ON", conflict + 1)
        end = len(tokens) if conflict is None else conflict
        left_out = self._list(columns)
        for first, last in self._inserted(tokens.close(columns) + 1, end):
            _drop(tokens, tokens.items(first, last), left_out)
        if conflict is not None:
            self._list(conflict + 2)
            self._set(tokens.close(conflict + 2), len(tokens))

    def _inserted(self, start: int, end: int) -> Iterator[tuple[int, int]]:
        """Give the lists of values: that of a SELECT, or each of a VALUES."""
        tokens = self.tokens
        if tokens.word(start) == "WITH":
            start = tokens.find("SELECT", start, end) or start
        if tokens.word(start) == "SELECT":
            yield start + 1, tokens.find("FROM", start, end) or end
            return
        for place in tokens.outside(start, end):
            if tokens.at(place) == "(":
                yield place + 1, tokens.close(place)

    def _list(self, opening: int) -> set[int]:
        """Rename the columns of a list in parentheses; return the numbers of those that were left out."""
        tokens = self.tokens
        items = tokens.items(opening + 1, tokens.close(opening))
        left_out = {number for number, (first, _) in enumerate(items) if tokens.name(first) in self.names.absent}
        _drop(tokens, items, left_out)
        for number, (first, last) in enumerate(items):
            if number not in left_out:
                self._own(range(first, last))
        return left_out

    def _set(self, start: int, end: int) -> None:
        """Rename an UPDATE from `start` on. One that sets a column which the table does not have changes no row."""
        tokens = self.tokens
        setting = tokens.find("SET", start, end)
        if setting is None:
            return
        source, where = tokens.find("FROM", setting, end), tokens.find("WHERE", setting, end)
        stop = min(place for place in (source, where, end) if place is not None)
        targets = [first for first, _ in tokens.items(setting + 1, stop)]
        never = any(tokens.name(first) in self.names.absent for first in targets)
        self._own((place for place in range(setting + 1, end) if place not in targets), alone=source is None)
        for first in targets:
            if tokens.name(first) in self.names.absent:
                tokens.put(first, self.names.of("r2_key").sql)
            else:
                self._column(first)
        if never and where is not None:
            tokens.put(where, "WHERE 0 AND (")
            tokens.put(end - 1, tokens.shown(end - 1) + ")")

    def _own(self, places: Iterable[int], *, alone: bool = True) -> None:
        """Rename the columns of the target that are named at these places, outside queries of their own.

        Unless the target is `alone`, a word without the table's name before it belongs to what is beside it.
        """
        for place in places:
            if not self._is_word(place):
                continue
            if self.tokens.at(place - 1) == ".":
                if self.tokens.name(place - 2) in (self.alias, "excluded") and not self._hidden(place):
                    self._qualified(place)
            elif alone and not self._in_query(place):
                self._column(place)

    def _qualified(self, place: int) -> None:
        column = self.names.of(str(self.tokens.name(place)))
        if column.own is None:
            self.tokens.drop(place - 2, place)
        self.tokens.put(place, column.sql)

    def _column(self, place: int) -> None:
        if self._is_word(place):
            self.tokens.put(place, self.names.of(str(self.tokens.name(place))).sql)

    def _is_word(self, place: int) -> bool:
        return any(column.word == self.tokens.name(place) for column in self.names.columns)

    def _in_query(self, place: int) -> bool:
        return any(self.tokens.is_query(opening) for opening in self.tokens.around(place))

    def _hidden(self, place: int) -> bool:
        """Tell whether a query around the place has rows of its own by the target's name."""
        queries = [opening for opening in self.tokens.around(place) if self.tokens.is_query(opening)]
        return any(self._reads_alias(opening) for opening in queries)

    def _reads_alias(self, opening: int) -> bool:
        tokens = self.tokens
        inside = tokens.outside(opening + 1, tokens.close(opening))
        named = [at for at in inside if tokens.name(at) == self.alias and tokens.word(at - 1) in ("FROM", "JOIN", "AS")]
        return any(tokens.word(at - 1) == "AS" or not tokens.has_alias(at) for at in named)


def _target(tokens: Tokens) -> int | None:
    """Return the place of the table that a statement writes, or None."""
    place = _verb(tokens)
    verb = tokens.word(place)
    if verb == "UPDATE":
        return place + (3 if tokens.word(place + 1) == "OR" else 1)
    before = {"INSERT": "INTO", "REPLACE": "INTO", "DELETE": "FROM"}.get(verb)
    if verb == "CREATE" and "INDEX" in (tokens.word(place + 1), tokens.word(place + 2)):
        before = "ON"
    found = tokens.find(before, place) if before else None
    return None if found is None else found + 1


def _verb(tokens: Tokens) -> int:
    """Return the place of the statement's verb: after WITH, what it names comes first."""
    if tokens.word(0) != "WITH":
        return 0
    verbs = ("SELECT", "INSERT", "REPLACE", "UPDATE", "DELETE")
    return next((place for place in tokens.outside(0) if tokens.word(place) in verbs), 0)


def _drop(tokens: Tokens, items: list[tuple[int, int]], left_out: set[int]) -> None:
    """Leave out the items of these numbers, and the commas that they do not need any more."""
    kept = [number for number in range(len(items)) if number not in left_out]
    for number, (first, last) in enumerate(items):
        if number in left_out:
            tokens.drop(first, last)
        if number and (number in left_out or number == kept[0]):
            tokens.drop(first - 1, first)
