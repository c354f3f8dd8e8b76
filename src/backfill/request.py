"""The body of `POST /backfill`, and where the walk that it asks for begins."""

from __future__ import annotations

from dataclasses import dataclass

from backfill.cursor import decode
from backfill.ranges import Position, Ranges, whole
from errors import InputError
from json_text import compact
from settings import Settings


@dataclass(frozen=True)
class BackfillRequest:
    """The body of `POST /backfill`."""

    dry_run: bool = True
    r2_bucket: str | None = None
    r2_prefix: str = ""
    max_objects: int = 1000
    cursor: str | None = None
    start_after: str | None = None
    resume: bool = False
    spread: bool = False
    """Whether a live run may need more rows than the day has left: it stops before them."""
    plan: int | None = None


def chosen_bucket(settings: Settings, name: str | None) -> str:
    """Return the bucket to walk: `name`, or the only one there is. Raises InputError where that is not clear."""
    known = ", ".join(settings.buckets)
    if name is None and len(settings.buckets) > 1:
        raise InputError("r2_bucket", "Several buckets are configured.", hint=f"Name one of {known}.")
    if name is not None and name not in settings.buckets:
        raise InputError("r2_bucket", f"There is no bucket {name!r}.", hint=f"Use one of {known} (BUCKETS).")
    return name or next(iter(settings.buckets))


def plan_target(bucket: str, prefix: str) -> str:
    """Return what tells plans of this bucket and prefix from others."""
    return compact([bucket, prefix])


def start_ranges(request: BackfillRequest, bucket: str) -> Ranges:
    """Return where to start: the cursor where both positions are given, the beginning where none is."""
    if request.resume and (request.cursor is not None or request.start_after is not None):
        hint = "Leave out cursor and start_after to continue where cron stands, or resume to start at the position."
        raise InputError("resume", "A pass that began at a position of its own would not be complete.", hint=hint)
    if request.cursor is not None:
        return decode(request.cursor, bucket, request.r2_prefix)
    if request.start_after is None:
        return whole()
    if not request.start_after.startswith(request.r2_prefix):
        hint = "Send a key that begins with r2_prefix, or leave it out to start at the beginning."
        raise InputError("start_after", f"It lies outside the prefix {request.r2_prefix!r}.", hint=hint)
    return whole(Position(None, request.start_after))
