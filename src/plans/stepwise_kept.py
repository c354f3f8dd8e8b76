"""How far a plan is that takes several calls: kept in the run's row, in the transaction of the items it is about."""

from __future__ import annotations

import json
from collections import Counter
from collections.abc import Mapping
from dataclasses import asdict, dataclass, replace
from datetime import timedelta
from typing import Any, Literal, Self

import sql
from database.batch import ask
from database.rows import text
from json_text import compact
from log import timestamp
from plans.basis import read_basis
from plans.making import Draft, Making
from ports import Statement
from recovery.call import Call
from recovery.duplicates import ObjectKey

Stage = Literal["merge", "schema", "types", "orphans", "finish"]

Place = ObjectKey | None
"""The object after which a stage goes on; None: it begins."""

LEFT_BYTES = 1_000_000
"""D1 takes 2 MB a row, and the run's row holds its answer as well."""


@dataclass(frozen=True)
class Foretold:
    """What the first call found, and all others work from."""

    ok: bool
    clean: bool
    """Whether no object would be left with several rows."""
    whole: bool
    """Whether the merge that is asked for is all of it."""
    left: tuple[ObjectKey, ...]
    before: ObjectKey | None
    forecast: Mapping[str, object] | None


@dataclass(frozen=True)
class Kept:
    """What the next call begins with."""

    foretold: Foretold
    stage: Stage = "merge"
    after: ObjectKey | None = None
    draft: Mapping[str, Any] | None = None

    def at(self, stage: Stage, draft: Draft, after: ObjectKey | None = None) -> Self:
        """Return it as the next call is to find it."""
        names = ("id", "expires_at", "slices", "items", "digest", "stopped_after")
        kept = {name: getattr(draft, name) for name in names}
        kept |= {"totals": dict(draft.totals), "basis": draft.basis.text()}
        return replace(self, stage=stage, after=after, draft=kept)

    def writing(self, run: int) -> Statement:
        """Return the statement that keeps it."""
        return sql.statement("runs/write_checkpoint", run=run, checkpoint=compact(asdict(self)))

    def resumed(self, call: Call, making: Making) -> Draft | None:
        """Return the plan as the call before left it; None where none was begun."""
        if self.draft is None:
            return None
        known = {**self.draft, "totals": Counter(self.draft["totals"]), "basis": read_basis(self.draft["basis"])}
        return Draft(call.database, call.run.clock, making, together=True, **known)


def listed_left(left: Mapping[ObjectKey, str], before: ObjectKey | None) -> tuple[list[ObjectKey], ObjectKey | None]:
    """Return those of the objects that are left that fit in a row, and the first object that is not looked at."""
    fitting: list[ObjectKey] = []
    room = LEFT_BYTES
    for key in sorted(left):
        room -= len(compact(key).encode())
        if room < 0:
            return fitting, min(key, before) if before else key
        fitting.append(key)
    return fitting, before


async def read_kept(call: Call) -> Kept | None:
    """Return where the calls before this one of the same request came to, or None where it is the first."""
    since = timestamp(call.run.started_at - timedelta(hours=call.settings.plan_hours))
    for row in await ask(call.database, sql.statement("plans/last_draft", run=call.run.id, since=since)):
        return _read(json.loads(text(row, "checkpoint")))
    return None


def _read(found: dict[str, Any]) -> Kept:
    foretold = found["foretold"]
    left = tuple((str(bucket), str(key)) for bucket, key in foretold["left"])
    known = Foretold(**{**foretold, "left": left, "before": _key(foretold["before"])})
    return Kept(known, found["stage"], _key(found["after"]), found["draft"])


def _key(found: list[str] | None) -> ObjectKey | None:
    return None if found is None else (found[0], found[1])
