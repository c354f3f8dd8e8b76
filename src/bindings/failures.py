"""Translate what D1, R2 and KV throw into the errors of `errors`, by the texts that Cloudflare documents.

Source of the D1 lists: developers.cloudflare.com/d1/observability/debug-d1 and d1/best-practices/retry-queries;
of the R2 codes: r2/api/error-codes.
"""

from __future__ import annotations

import re

from errors import (
    ConstraintError,
    CursorError,
    OverloadedError,
    PageTooLargeError,
    PlatformError,
    TooBigError,
    TransientError,
)

OVERLOADED = (
    "D1 DB is overloaded",
    "exceeded timeout",
    "exceeded its memory limit",
    "exceeded its CPU time limit",
    "Too many requests queued",
    "Requests queued for too long",
    "Too many API requests by single",
    "Too many subrequests",
)

TRANSIENT = (
    "Network connection lost",
    "storage caused object to be reset",
    "reset because its code was updated",
    "Replica disconnected from primary",
    "Cannot resolve D1 DB due to transient issue",
    "Internal error while starting up D1 DB",
    "Can't read from request stream because client disconnected",
    "(10001)",
    "(10043)",
    "(10054)",
    "(10058)",
    "429 Too Many Requests",
)

_HINTS = {
    OverloadedError: "It sheds load: wait a minute, then continue from where this stopped.",
    TransientError: "It passes: the same call can be made again.",
    ConstraintError: "The database refused the row; the text names the constraint or guard.",
    TooBigError: "D1 takes values and rows of at most 2 MB.",
}

_MISSING_TABLE = re.compile(r"no such table: (steward_|source_type_rules|artifacts)")
_UNMIGRATED = "Apply the migrations: wrangler d1 migrations apply DB --remote (docs/deploy.md)."


def translate(message: str, *, doing: str) -> PlatformError:
    """Return the error for a call that failed with `message` while `doing` something."""
    kind = _kind(message)
    usual = _UNMIGRATED if _MISSING_TABLE.search(message) else "See the text, and GET /runs for what was done."
    return kind(f"{doing} failed: {message}", hint=_HINTS.get(kind, usual))


def _kind(message: str) -> type[PlatformError]:
    # Overload first: "storage operation exceeded timeout which caused object to be reset" must not be retried.
    if any(text in message for text in OVERLOADED):
        return OverloadedError
    if any(text in message for text in TRANSIENT):
        return TransientError
    if "SQLITE_CONSTRAINT" in message:
        return ConstraintError
    if "SQLITE_TOOBIG" in message or "string or blob too big" in message:
        return TooBigError
    return PlatformError


def translate_list(message: str, *, with_cursor: bool) -> PlatformError:
    """Return the error for an R2 `list` that failed; one that names the cursor it was given is a CursorError.

    workerd refuses a list answer over 1 MiB, which a thousand long keys make, with nothing but "internal error".
    """
    error = translate(message, doing="Listing the bucket")
    if with_cursor and type(error) is PlatformError and "cursor" in message.lower():
        return CursorError(str(error), hint="Send start_after in place of the cursor.")
    if type(error) is PlatformError and "internal error" in message.lower():
        return PageTooLargeError(str(error), hint="A shorter page may be answered.")
    return error
