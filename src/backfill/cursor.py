"""The cursor we hand out: where the ranges of a walk stand, as one opaque token.

Work resumes strictly after what was committed, so a crash can repeat a page but never skip one, and repeating a page
changes nothing. One range is version 1, which holds R2's own cursor as well; several are version 2.
"""

from __future__ import annotations

import base64
import binascii
import hashlib

import json_text
from backfill.ranges import Position, Ranges, joined, read, texts, whole
from errors import InputError

ONE_RANGE, SEVERAL = 1, 2
"""The versions of a token: that of one range, as every version of this Worker reads it, and that of several."""

_DIGEST_BYTES = 6
_NOT_OURS = "The cursor is not one that this Worker handed out, or it was cut short."


def encode(bucket: str, prefix: str, ranges: Ranges) -> str:
    """Return the opaque token for where `ranges` stand in this bucket and prefix."""
    few = joined(ranges)
    fields: list[object] = [SEVERAL, bucket, prefix, texts(few)]
    if len(few) == 1:
        position = few[0].position
        fields = [ONE_RANGE, bucket, prefix, position.r2_cursor, position.last_key]
    body = json_text.compact(fields).encode()
    return base64.urlsafe_b64encode(_digest(body) + body).decode().rstrip("=")


def decode(token: str, bucket: str, prefix: str) -> Ranges:
    """Return the ranges in `token`.

    Raises InputError (400) where the token is not ours, is damaged, or belongs to another bucket or prefix.
    """
    match _fields(token):
        case [version, str(its_bucket), str(its_prefix), *where]:
            pass
        case _:
            raise _refused(_NOT_OURS)
    if type(version) is not int or version not in (ONE_RANGE, SEVERAL):
        raise _refused(f"The cursor has version {version}, this Worker reads {ONE_RANGE} and {SEVERAL}.")
    ranges = _ranges(version, where)
    if (its_bucket, its_prefix) != (bucket, prefix):
        raise _refused(f"The cursor belongs to bucket {its_bucket!r} and prefix {its_prefix!r}.")
    return ranges


def _ranges(version: int, where: list[object]) -> Ranges:
    match where:
        case [None | str() as r2_cursor, None | str() as last_key] if version == ONE_RANGE:
            return whole(Position(r2_cursor, last_key))
        case [value] if version == SEVERAL:
            try:
                return read(value)
            except ValueError as error:
                raise _refused(_NOT_OURS) from error
        case _:
            raise _refused(_NOT_OURS)


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
