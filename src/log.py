"""One JSON object per line on stdout, which is what `wrangler tail` shows."""

from __future__ import annotations

import json
from datetime import UTC, datetime


def timestamp(moment: datetime) -> str:
    """Return `moment` as ISO 8601 in UTC with milliseconds, the form every table and answer uses."""
    return moment.astimezone(UTC).isoformat(timespec="milliseconds").replace("+00:00", "Z")


def line(moment: datetime, level: str, event: str, **fields: object) -> str:
    """Return the log line; fields that are None are left out."""
    known = {name: value for name, value in fields.items() if value is not None}
    return json.dumps({"ts": timestamp(moment), "level": level, "event": event, **known}, ensure_ascii=False)


def write(moment: datetime, level: str, event: str, **fields: object) -> None:
    """Print one log line. Callers never pass a token, a secret, or a URL with a query string."""
    print(line(moment, level, event, **fields), flush=True)
