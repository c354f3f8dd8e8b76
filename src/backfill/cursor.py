"""The cursor we hand out.

It is the position after the last page whose batch committed; work resumes strictly after it, so a crash can repeat
a page but never skip one, and repeating a page changes nothing.
"""

from __future__ import annotations

import base64
import binascii
import hashlib
import json
from dataclasses import dataclass

import json_text
from errors import InputError

VERSION = 1
_DIGEST_BYTES = 6
_NOT_OURS = "The cursor is not one that this Worker handed out, or it was cut short."


@dataclass(frozen=True)
class Position:
    """Where a walk stands: R2's own cursor, if it still continues from there, and the last key that is done."""

    r2_cursor: str | None = None
    last_key: str | None = None


START = Position()


def encode(bucket: str, prefix: str, position: Position) -> str:
    """Return the opaque token for `position` in this bucket and prefix."""
    body = json.dumps(
        [VERSION, bucket, prefix, position.r2_cursor, position.last_key], ensure_ascii=False, separators=(",", ":")
    ).encode()
    return base64.urlsafe_b64encode(_digest(body) + body).decode().rstrip("=")


def decode(token: str, bucket: str, prefix: str) -> Position:
    """Return the position in `token`.

    Raises InputError (400) where the token is not ours, is damaged, or belongs to another bucket or prefix.
    """
    match _fields(token):
        case [version, str(its_bucket), str(its_prefix), None | str() as r2_cursor, None | str() as last_key]:
            pass
        case _:
            raise _refused(_NOT_OURS)
    if type(version) is not int or version != VERSION:
        raise _refused(f"The cursor has version {version}, this Worker writes {VERSION}.")
    if (its_bucket, its_prefix) != (bucket, prefix):
        raise _refused(f"The cursor belongs to bucket {its_bucket!r} and prefix {its_prefix!r}.")
    return Position(r2_cursor, last_key)


def _fields(token: str) -> object:
    try:
        raw = base64.b64decode(token + "=" * (-len(token) % 4), altchars=b"-_", validate=True)
    except (ValueError, binascii.Error) as error:
        raise _refused(_NOT_OURS) from error
    digest, body = raw[:_DIGEST_BYTES], raw[_DIGEST_BYTES:]
    if digest != _digest(body):
        raise _refused(_NOT_OURS)
    try:
        return json_text.decoded(body)
    except ValueError as error:
        raise _refused(_NOT_OURS) from error


def _digest(body: bytes) -> bytes:
    return hashlib.sha256(body).digest()[:_DIGEST_BYTES]


def _refused(message: str) -> InputError:
    hint = "Send a cursor exactly as an answer gave it, for the same bucket and prefix, or use start_after."
    return InputError("cursor", message, hint=hint, status=400)
