"""What is done beside the puts of a batch, in their transaction: deletes are noted, and messages counted."""

from __future__ import annotations

import sql
from events.counting import counting
from events.work import Work, as_json
from ports import Statement


def statements_beside(work: Work) -> list[Statement]:
    """Return one statement a bucket that notes, one that returns marks of what was deleted of late, and the others."""
    buckets = work.buckets
    notes = [_note(work, bucket) for bucket in buckets]
    marks = [_mark(work, bucket) for bucket in buckets]
    drop = sql.statement("events/drop_deletions", since=work.since)
    count = counting(work.notices, work.queue, work.ports.clock.now(), applied=True)
    return [*notes, *marks, drop, *count]


def _note(work: Work, bucket: str) -> Statement:
    keys = as_json(work.notices.deletes[bucket])
    return sql.statement("events/note_deletions", bucket=bucket, keys=keys, now=work.now)


def _mark(work: Work, bucket: str) -> Statement:
    keys = as_json({*work.notices.deletes[bucket], *work.notices.puts[bucket]})
    return sql.statement("events/note_deleted", bucket=bucket, keys=keys, now=work.now)
