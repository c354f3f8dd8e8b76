"""One chunk of a forgetting as one transaction: journal the rows, delete them, settle their marks.

Each condition is looked at again in it: a row that is cited by then, or whose object was seen, stays.
"""

from __future__ import annotations

import json
from collections.abc import Collection
from dataclasses import dataclass

import sql
from database.batch import Answer, Batch
from forget.call import Call
from forget.gone import Gone
from log import timestamp
from recovery.duplicates import ObjectKey
from recovery.journal import restored_object, whole_row
from runs.lease import commit, held_batch

OBJECT = restored_object("steward_merges.loser")


@dataclass(frozen=True)
class Chunk:
    """Objects of one bucket to forget in one transaction, after one object and up to another."""

    number: int
    bucket: str
    keys: Collection[str]
    after: ObjectKey
    until: ObjectKey
    found: Collection[str] = ()
    """Keys between the two that R2 has an object of after all."""


async def forget_chunk(call: Call, gone: Gone, chunk: Chunk) -> int:
    """Forget the chunk and keep where the next call continues; return how many rows that were.

    Raises what `commit` raises; then nothing is changed.
    """
    batch = held_batch(call.run)
    journalled = add_chunk(batch, call, gone, chunk)
    batch.add(sql.statement("runs/write_checkpoint", run=call.run.id, checkpoint=_json(chunk.until)))
    await commit(call.database, call.run, batch)
    return journalled.changed


def add_chunk(batch: Batch, call: Call, gone: Gone, chunk: Chunk) -> Answer:
    """Add the statements that forget the chunk; return what counts its rows."""
    here = {"run": call.run.id, "chunk": chunk.number}
    now = timestamp(call.ports.clock.now())
    rows = gone.rows(chunk.after, chunk.until)
    row = whole_row(gone.schema.columns, "artifacts")
    slots = {"bucket": chunk.bucket, "keys": _json(chunk.keys), "whole_row": row}
    journalled = batch.add_counted(sql.statement("forget/journal_forgotten", **here, **slots, gone=rows))
    batch.add(sql.statement("recovery/spend_deletes", **here))
    batch.add(sql.statement("forget/delete_forgotten", **here, cited=gone.cited()))
    batch.add(sql.statement("forget/check_forgotten", **here))
    batch.add(sql.statement("forget/settle_forgotten", **here, now=now, **OBJECT))
    if chunk.found:
        batch.add(sql.statement("missing/found", bucket=chunk.bucket, now=now, found=_json(chunk.found)))
    return journalled


def _json(values: Collection[str]) -> str:
    return json.dumps(list(values), ensure_ascii=False)
