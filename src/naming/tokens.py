"""The tokens of a statement, each with the white space and the comments before it, and what is put in their place."""

from __future__ import annotations

import re

_TOKEN = re.compile(
    r"""((?:\s|--[^\n]*|/\*.*?\*/)*)('(?:[^']|'')*'|"(?:[^"]|"")*"|`(?:[^`]|``)*`|\[[^\]]*\]|[^\W\d][\w$]*|.)""",
    re.DOTALL,
)
_AFTER_TABLE = re.compile(
    "WHERE|ON|JOIN|CROSS|LEFT|INNER|NATURAL|GROUP|ORDER|LIMIT|UNION|EXCEPT|INTERSECT|WINDOW|HAVING|USING|RETURNING",
    re.IGNORECASE,
)
_QUERIES = ("SELECT", "VALUES", "WITH")


class Tokens:
    """A statement by its tokens; a place is a token's number."""

    def __init__(self, text: str) -> None:
        found = [(match[1], match[2]) for match in _TOKEN.finditer(text)]
        self._before = [before for before, _ in found]
        self._tokens = [token for _, token in found]
        self._put = list(self._tokens)
        self._close = self._closing()

    def __len__(self) -> int:
        return len(self._tokens)

    def at(self, place: int) -> str:
        """Return the token as it was written; nothing beyond either end."""
        return self._tokens[place] if 0 <= place < len(self) else ""

    def word(self, place: int) -> str:
        """Return the token in upper case, as keywords are compared."""
        return self.at(place).upper()

    def plain(self, place: int) -> str:
        """Return the token in lower case where it is a word without quotes; else nothing."""
        token = self.at(place)
        return token.lower() if token[:1].isalpha() or token[:1] == "_" else ""

    def name(self, place: int) -> str | None:
        """Return what an identifier names, in lower case; None for any other token."""
        token = self.at(place)
        if token[:1] in ('"', "`"):
            return token[1:-1].replace(token[0] * 2, token[0]).lower()
        return token[1:-1].lower() if token[:1] == "[" else self.plain(place) or None

    def string(self, place: int) -> str:
        """Return the value of a string; nothing for any other token."""
        token = self.at(place)
        return token[1:-1].replace("''", "'") if token[:1] == "'" else ""

    def put(self, place: int, text: str) -> None:
        """Put a text in place of the token."""
        self._put[place] = text

    def shown(self, place: int) -> str:
        """Return what is put in place of the token by now."""
        return self._put[place]

    def drop(self, start: int, end: int) -> None:
        """Leave out the tokens from `start` up to before `end`."""
        for place in range(start, end):
            self._put[place] = self._before[place] = ""

    def text(self) -> str:
        """Return the statement as it is now."""
        return "".join(before + token for before, token in zip(self._before, self._put, strict=True))

    def close(self, place: int) -> int:
        """Return the place of the parenthesis that closes the one at `place`."""
        return self._close[place]

    def has_alias(self, place: int) -> bool:
        """Tell whether the table that is named at a place is called something else in its query."""
        following = self.name(place + 1)
        return following is not None and not _AFTER_TABLE.fullmatch(following)

    def around(self, place: int) -> list[int]:
        """Return the places where the parentheses around a token open, the outermost first."""
        return [opening for opening, closing in self._close.items() if opening < place < closing]

    def is_query(self, place: int) -> bool:
        """Tell whether a query is in the parentheses that open at `place`."""
        return self.at(place) == "(" and self.word(place + 1) in _QUERIES

    def find(self, word: str, start: int, end: int | None = None) -> int | None:
        """Return the first place of a keyword outside all parentheses from `start` on, or None."""
        return next((place for place in self.outside(start, end) if self.word(place) == word), None)

    def outside(self, start: int, end: int | None = None) -> list[int]:
        """Return the places from `start` up to before `end` that are in no parentheses which open there."""
        found, place, last = [], start, len(self) if end is None else end
        while place < last:
            found.append(place)
            place = self._close.get(place, place) + 1
        return found

    def items(self, start: int, end: int) -> list[tuple[int, int]]:
        """Return the items of a list between commas, each as the places of its first token and after its last."""
        commas = [place for place in self.outside(start, end) if self.at(place) == ","]
        return list(zip([start, *(comma + 1 for comma in commas)], [*commas, end], strict=True))

    def _closing(self) -> dict[int, int]:
        found: dict[int, int] = {}
        opened: list[int] = []
        for place, sign in enumerate(self._tokens):
            if sign == "(":
                opened.append(place)
            elif sign == ")" and opened:
                found[opened.pop()] = place
        return found
