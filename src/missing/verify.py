"""The last look before an object is called missing: R2 is asked for it by name."""

from __future__ import annotations

import json
from collections.abc import Sequence
from dataclasses import dataclass

import sql
from database.batch import ask
from database.rows import number, text
from log import timestamp
from missing.asking import AT_ONCE, present
from ports import Ports, Row, Scalar
from runs.budget import Budget
from runs.lease import Holder, write_held


@dataclass(frozen=True)
class Grace:
    """How much is asked of R2 after a pass, and of what."""

    hours: int
    """Between the two passes that list no object."""
    heads: int
    """Objects that R2 is asked for after a pass."""


@dataclass
class Verifying:
    """The rows of one bucket whose objects two passes did not list."""

    ports: Ports
    run: Holder
    budget: Budget
    bucket: str
    grace: Grace

    async def verify(self) -> dict[str, object]:
        """Ask R2 for each object, as far as the budget allows, and note what it said; return how many.

        Nothing is asked unless the latest complete pass has a certificate. Raises platform errors: what R2 does not
        answer is not missing.
        """
        latest = await self._latest()
        if latest is None:
            return {"not_verified": "no pass is complete"}
        if not latest["certified"]:
            return {"not_verified": "the latest pass has no certificate"}
        gone, there = 0, 0
        rows = await self._rows(self.grace.heads - number(latest, "heads"))
        for first in range(0, len(rows), AT_ONCE):
            if self.budget.spent():
                break
            some = rows[first : first + AT_ONCE]
            answers = await self._asked(some)
            await self._note(some, answers, text(latest, "started_at"))
            gone, there = gone + answers.count(False), there + answers.count(True)
        return {"asked": gone + there, "gone": gone, "there": there, "left": len(rows) - gone - there}

    async def _latest(self) -> Row | None:
        rows = await ask(self.ports.database, sql.statement("missing/latest"))
        return next((row for row in rows if row["r2_bucket"] == self.bucket), None)

    async def _rows(self, most: int) -> list[Row]:
        given: dict[str, Scalar] = {"bucket": self.bucket, "hours": self.grace.hours, "rows": max(0, most)}
        return await ask(self.budget.metered(self.ports.database), sql.statement("missing/to_verify", **given))

    async def _asked(self, rows: Sequence[Row]) -> list[bool]:
        keys = [text(row, "r2_key") for row in rows]
        bucket = self.budget.metered_bucket(self.ports.buckets[self.bucket])
        there = await present(bucket, self.ports.clock, keys)
        return [key in there for key in keys]

    async def _note(self, rows: Sequence[Row], answers: Sequence[bool], started_at: str) -> None:
        gone = [[row["r2_key"], row["artifact_id"]] for row, there in zip(rows, answers, strict=True) if not there]
        found = [row["r2_key"] for row, there in zip(rows, answers, strict=True) if there]
        given: dict[str, Scalar] = {"bucket": self.bucket, "now": timestamp(self.ports.clock.now())}
        await write_held(
            self.budget.metered(self.ports.database),
            self.run,
            sql.statement("missing/verified", **given, gone=_json(gone)),
            sql.statement("missing/found", **given, found=_json(found)),
            sql.statement("missing/count_heads", bucket=self.bucket, started_at=started_at, asked=len(rows)),
        )


def _json(value: object) -> str:
    return json.dumps(value, ensure_ascii=False)
