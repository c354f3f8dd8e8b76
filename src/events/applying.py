"""Apply events to the index.

A put is believed as far as insert-or-upgrade goes. That an object is gone is never believed of an event: it only says
which key to ask R2 for. A mark is made before R2 is asked, and a put asks about each mark that it meets; so whichever
of two events comes first, and whatever runs beside them, the last to ask sees what R2 has in the end.
"""

from __future__ import annotations

import log
import sql
from backfill.target import read_target
from database.batch import ask
from database.rows import text
from events.work import Work, as_json
from events.writing import Writing
from ports import Row


async def apply(work: Work) -> None:
    """Write what the events bring; raises RefusedError or LeaseLostError where nothing may be written now."""
    target = await read_target(work.ports.database, "", "", live=True, heed_pause=True)
    for bucket in work.buckets:
        await _leave_out_what_is_gone(work, bucket)
    writing = Writing.of(work, target)
    for bucket, marks in (await writing.write()).items():
        met = await _open_marks(work, bucket) if bucket in writing.meeting else []
        await _settle(work, bucket, marks, met)
    shown = {name: count for name, count in writing.counts.report().items() if isinstance(count, int) and count}
    log.write(work.ports.clock.now(), "info", "events", **work.notices.counted, **shown)


async def _leave_out_what_is_gone(work: Work, bucket: str) -> None:
    """Ask R2 about puts that are old, or that come with a delete of the same key; leave out those it denies."""
    puts, deletes = work.notices.puts[bucket], work.notices.deletes[bucket]
    doubted = {key for key, put in puts.items() if put.at < work.since or key in deletes}
    for key in doubted - await work.present(bucket, doubted):
        del puts[key]


async def _open_marks(work: Work, bucket: str) -> list[Row]:
    keys = as_json(work.notices.puts[bucket])
    return await ask(work.ports.database, sql.statement("events/open_marks", bucket=bucket, keys=keys))


async def _settle(work: Work, bucket: str, deleted: list[Row], met: list[Row]) -> None:
    """Ask R2 about what was deleted, and about the marks that puts meet; confirm or settle them by its answer.

    A mark that only a pass made is settled here, and never confirmed: that takes two passes.
    """
    puts = work.notices.puts[bucket]
    asked = {text(row, "r2_key") for row in [*deleted, *met] if row["verified_at"] is None or row["r2_key"] in puts}
    if not asked:
        return
    found = await work.present(bucket, asked)
    gone = [[row["r2_key"], row["artifact_id"]] for row in deleted if row["r2_key"] in asked - found]
    confirm = sql.statement("missing/verified", bucket=bucket, now=work.now, gone=as_json(gone))
    settle = sql.statement("missing/found", bucket=bucket, now=work.now, found=as_json(found))
    await work.ports.database.batch([confirm, settle])
