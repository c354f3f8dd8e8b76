"""A place among the rows that break an invariant, as the opaque token of one page's end."""

from __future__ import annotations

import base64
import binascii
import json
import re
from dataclasses import dataclass

import json_text
from database.key_ranges import Bound
from errors import InputError
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
        fields = [name, self.subject, self.after, self.skip]
        text = json.dumps(fields, ensure_ascii=False, separators=(",", ":"))
        return base64.urlsafe_b64encode(text.encode()).decode().rstrip("=")


def row_place(token: str | None, name: str) -> RowPlace:
    """Return the place of a token, the beginning for None.

    Raises InputError for what is none of ours, or belongs to another invariant.
    """
    if token is None:
        return RowPlace()
    try:
        raw = base64.b64decode(token.encode("ascii") + b"=" * (-len(token) % 4), altchars=b"-_", validate=True)
        match json_text.decoded(raw):
            case [str(its), int(subject), None | list() as after, int(skip)] if its == name:
                if _counts(subject) and _counts(skip):
                    return RowPlace(subject, None if after is None else _bound(after), skip)
    except (ValueError, binascii.Error):
        # Told below, like a text that is JSON and no place.
        pass
    raise InputError("after", "This is no place that an answer gave.", hint="Send `next` of the page before it.")


def _counts(value: object) -> bool:
    return type(value) is int and 0 <= value <= MAX_INTEGER


def _bound(listed: list[object]) -> Bound:
    if not listed or not all(isinstance(one, str) and _BOUND.fullmatch(one) for one in listed):
        raise ValueError("no bound")
    return tuple(map(str, listed))
