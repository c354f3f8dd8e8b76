"""One JSON object per line on stdout, which is what `wrangler tail` shows."""

from __future__ import annotations

import json
import traceback
from datetime import UTC, datetime

MAX_CHARACTERS = 8_000
"""Of one field. Cloudflare keeps 256 KB of log an invocation (workers/platform/limits)."""


def timestamp(moment: datetime) -> str:
    """Return `moment` as ISO 8601 in UTC with milliseconds, the form every table and answer uses."""
    return moment.astimezone(UTC).isoformat(timespec="milliseconds").replace("+00:00", "Z")


def line(moment: datetime, level: str, event: str, **fields: object) -> str:
    """Return the log line; fields that are None are left out."""
    known = {name: _bounded(value) for name, value in fields.items() if value is not None}
    return json.dumps({"ts": timestamp(moment), "level": level, "event": event, **known}, ensure_ascii=False)


def _bounded(value: object) -> object:
    """Return the value, a longer text than a log line takes shortened, saying so."""
    if not isinstance(value, str) or len(value) <= MAX_CHARACTERS:
        return value
    return f"{value[:MAX_CHARACTERS]}… (shortened: {len(value)} characters)"


def unexpected(moment: datetime, error: Exception, **fields: object) -> None:
    """Print the one line of an error that nobody foresaw, with the innermost frames of its traceback."""
    text = "".join(traceback.format_exception(error, limit=-20))
    write(moment, "error", "unexpected_error", error=f"{type(error).__name__}: {error}", **fields, traceback=text)


def write(moment: datetime, level: str, event: str, **fields: object) -> None:
    """Print one log line. Callers never pass a token, a secret, or a URL with a query string."""
    print(line(moment, level, event, **fields), flush=True)
