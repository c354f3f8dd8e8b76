"""A place in a list of rows, as the opaque token of one page's end."""

from __future__ import annotations

import base64
import binascii
import json
from dataclasses import astuple, dataclass

import json_text
from errors import InputError


@dataclass(frozen=True)
class Place:
    """A row of a list, by its bucket, its key and its id; the empty one is before all."""

    bucket: str = ""
    key: str = ""
    id: str = ""

    def token(self) -> str:
        """Return the token of this place."""
        text = json.dumps(astuple(self), ensure_ascii=False, separators=(",", ":"))
        return base64.urlsafe_b64encode(text.encode()).decode().rstrip("=")


def place(token: str | None) -> Place:
    """Return the place of a token, the beginning for None; raises InputError for what is none of ours."""
    if token is None:
        return Place()
    try:
        raw = base64.b64decode(token.encode("ascii") + b"=" * (-len(token) % 4), altchars=b"-_", validate=True)
        match json_text.decoded(raw):
            case [str(bucket), str(key), str(row_id)]:
                return Place(bucket, key, row_id)
    except (ValueError, binascii.Error):
        # Told below, like a text that is JSON and no place.
        pass
    raise InputError("after", "This is no place that an answer gave.", hint="Send `next` of the page before it.")
