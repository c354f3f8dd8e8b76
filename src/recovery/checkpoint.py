"""Where a call that stopped early left off, in a column of its run's row; the next call continues there.

Without it, each call would try the objects again that the database refuses, and spend its budget on them.
"""

from __future__ import annotations

import json
from collections.abc import Mapping
from dataclasses import asdict, dataclass
from typing import Any, Literal

import sql
from database.batch import ask
from database.rows import number, optional_text, text
from ports import Database, Statement
from recovery.duplicates import ObjectKey
from recovery.steps import LeftWhole, StepName

LEFT_SHOWN = 100


@dataclass(frozen=True)
class MergeCheckpoint:
    """How far the merge has come: `left` objects up to and including `after` were left, `shown` are the first."""

    after: ObjectKey
    left: int = 0
    shown: tuple[LeftWhole, ...] = ()

    def further(self, after: ObjectKey, left: Mapping[ObjectKey, str]) -> MergeCheckpoint:
        """Return it with what was left since."""
        new = tuple(LeftWhole(*key, why) for key, why in left.items())
        return MergeCheckpoint(after, self.left + len(left), (self.shown + new)[:LEFT_SHOWN])


Looked = Mapping[str, Mapping[str, Any]]
"""How far each query of a check has come, as JSON."""


@dataclass(frozen=True)
class Checkpoint:
    """Where the next call continues: with the merge, with the classification, or with the undo of a run."""

    merge: MergeCheckpoint | None = None
    classify: ObjectKey | None = None
    undo_chunk: int | None = None
    """The chunk that is undone next; the chunks count down."""
    stage: StepName | Literal["prepare"] | None = None
    """The step that the next call takes, where calls have few queries (`stepwise`); so with what follows."""
    tables: str | None = None
    """What the tables were by which it was judged that rows may be merged."""
    looked: Looked | None = None
    """How far the last check has come."""
    ok: bool = False
    """Whether it found that all is well."""
    smaller: int | None = None
    """How many objects the next chunk takes at most, while one that is refused is looked for; None: as many as any."""
    plan: int | None = None
    """The plan that the calls keep to; None: they keep to none."""


@dataclass(frozen=True)
class Beginning:
    """Where a merge begins: after the object that an earlier call came to, and with which chunk."""

    checkpoint: MergeCheckpoint | None = None
    chunk: int = 0
    """The number of the run's last chunk."""
    deleted: int = 0
    """The rows that earlier rounds of this call deleted."""


NOWHERE = Checkpoint()


def writing(run: int, checkpoint: Checkpoint) -> Statement:
    """Return the statement that keeps the checkpoint, for the transaction of what it describes."""
    body = json.dumps(asdict(checkpoint), ensure_ascii=False) if checkpoint != NOWHERE else None
    return sql.statement("runs/write_checkpoint", run=run, checkpoint=body)


async def read_recovery(database: Database) -> Checkpoint:
    """Return where the next call of a recovery continues: nowhere, where it starts from the beginning."""
    for row in await ask(database, sql.statement("recovery/last_live")):
        if text(row, "kind") == "recovery":
            return _read(optional_text(row, "checkpoint"))
    return NOWHERE


async def read_undo(database: Database, target: int) -> int | None:
    """Return the chunk at which the last call of this undo stopped, or None where the next one starts at the end."""
    for row in await ask(database, sql.statement("recovery/last_live")):
        if text(row, "kind") == "undo" and number(row, "undone") == target:
            return _read(optional_text(row, "checkpoint")).undo_chunk
    return None


def _read(stored: str | None) -> Checkpoint:
    if stored is None:
        return NOWHERE
    found: dict[str, Any] = json.loads(stored)
    merge, classify = found["merge"], found["classify"]
    return Checkpoint(
        merge=None if merge is None else _read_merge(merge),
        classify=None if classify is None else (str(classify[0]), str(classify[1])),
        undo_chunk=found["undo_chunk"],
        stage=found.get("stage"),
        tables=found.get("tables"),
        looked=found.get("looked"),
        ok=bool(found.get("ok")),
        smaller=found.get("smaller"),
        plan=found.get("plan"),
    )


def _read_merge(found: Mapping[str, Any]) -> MergeCheckpoint:
    bucket, key = found["after"]
    return MergeCheckpoint((bucket, key), int(found["left"]), tuple(LeftWhole(**one) for one in found["shown"]))
