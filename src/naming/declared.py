"""The profiles that PROFILES declares: databases beside each other, each with what it has of its own."""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import dataclass

OWN = (
    "BUCKETS",
    "TABLES",
    "CHILDREN",
    "NOT_CHILDREN",
    "LIVE_WHERE",
    "BACKFILL_MODE",
    "PASS_ENGINE",
    "PASS_INTERVAL_HOURS",
    "FULL_CHECK_HOURS",
    "COVERAGE_HOURS",
    "MISSING_LIMIT",
    "MISSING_LIMIT_PERCENT",
    "MAX_DELETES",
    "DAILY_ROWS_READ",
    "DAILY_ROWS_WRITTEN",
)
"""The settings that a profile may have of its own; for the others, that of the Worker holds."""

RIGHT = 'a list as in [{ name = "media", database = "MEDIA_DB", BUCKETS = { media = "MEDIA" } }]'


@dataclass(frozen=True)
class Declared:
    """A profile: its name, the binding of its D1 database, and the raw values of the settings it has of its own."""

    name: str
    database: str
    own: Mapping[str, object]


def read_declared(given: object) -> tuple[Declared, ...]:
    """Return the profiles that are declared; raises ValueError saying what would be right."""
    if not isinstance(given, list):
        raise ValueError(RIGHT)  # noqa: TRY004  # one error for whatever is wrong
    found = tuple(_declared(one) for one in given)
    for what, values in (("name", [one.name for one in found]), ("database", [one.database for one in found])):
        if len(set(values)) < len(values):
            raise ValueError(f"a list in which each profile has a {what} of its own")
    return found


def _declared(given: object) -> Declared:
    if not isinstance(given, Mapping):
        raise ValueError(RIGHT)  # noqa: TRY004  # as above
    name, database = given.get("name"), given.get("database")
    if not isinstance(name, str) or not re.fullmatch(r"[a-z0-9](?:[a-z0-9-]{0,30}[a-z0-9])?", name):
        raise ValueError("a list in which each name is up to 32 lower-case letters, digits and hyphens")
    if not isinstance(database, str) or not re.fullmatch(r"[A-Za-z_]\w*", database):
        raise ValueError(f"a list in which the database of {name} is the name of a D1 binding")
    own = {str(key): value for key, value in given.items() if key not in ("name", "database")}
    unknown = [key for key in own if key not in OWN]
    if unknown:
        raise ValueError(f"a list in which {name} has no {unknown[0]}; a profile may have {', '.join(OWN)}")
    return Declared(name, database, own)
