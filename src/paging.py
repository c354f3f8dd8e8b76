"""Where a page of a list ends, as the opaque token that an answer gives."""

from __future__ import annotations

import base64
import binascii
from collections.abc import Sequence

import json_text
from errors import InputError


def page_token(fields: Sequence[object]) -> str:
    """Return the token of these fields."""
    return base64.urlsafe_b64encode(json_text.compact(fields).encode()).decode().rstrip("=")


def token_fields(token: str) -> object:
    """Return the fields of a token; raises InputError where it holds no JSON."""
    try:
        raw = base64.b64decode(token.encode("ascii") + b"=" * (-len(token) % 4), altchars=b"-_", validate=True)
        return json_text.decoded(raw)
    except (ValueError, binascii.Error) as error:
        raise no_place() from error


def no_place() -> InputError:
    """Return the refusal of a token that no answer gave."""
    return InputError("after", "This is no place that an answer gave.", hint="Send `next` of the page before it.")
