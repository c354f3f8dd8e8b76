"""A place among the rows that break an invariant."""

from __future__ import annotations

import re
from dataclasses import dataclass

from database.key_ranges import Bound
from paging import no_place, page_token, token_fields
from words import MAX_INTEGER

_BOUND = re.compile(r"[ir]:[-+.0-9eE]{1,40}|[tb]:(?:[0-9A-F]{2})*")


@dataclass(frozen=True)
class RowPlace:
    """Which query, after which keys of it, and how many rows after those were given already."""

    subject: int = 0
    after: Bound | None = None
    skip: int = 0

    def further(self, last: Bound | None, given: int) -> RowPlace:
        """Return the place after `given` more rows, whose last one has these keys; None where they are no bound."""
        if last is None:
            return RowPlace(self.subject, self.after, self.skip + given)
        return RowPlace(self.subject, last)

    def token(self, name: str) -> str:
        """Return the token of this place among the rows of an invariant."""
        return page_token([name, self.subject, self.after, self.skip])


def row_place(token: str | None, name: str) -> RowPlace:
    """Return the place of a token, the beginning for None.

    Raises InputError for what is none of ours, or belongs to another invariant.
    """
    if token is None:
        return RowPlace()
    match token_fields(token):
        case [str(its), int(subject), None | list() as after, int(skip)] if its == name:
            if _counts(subject) and _counts(skip):
                return RowPlace(subject, None if after is None else _bound(after), skip)
    raise no_place()


def _counts(value: object) -> bool:
    return type(value) is int and 0 <= value <= MAX_INTEGER


def _bound(listed: list[object]) -> Bound:
    if not listed or not all(isinstance(one, str) and _BOUND.fullmatch(one) for one in listed):
        raise no_place()
    return tuple(map(str, listed))
