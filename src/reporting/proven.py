"""What the summary says of how far the passes over each bucket prove what its objects are."""

from __future__ import annotations

import json
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta

import sql
from database.rows import number, optional_text, text
from log import timestamp
from ports import Result, Row, Statement

COUNTED_UP_TO = 20_000
"""Rows that are missing or newer are counted up to here."""


@dataclass(frozen=True)
class Proven:
    """What is asked of the database, and what its answer says of each bucket."""

    now: datetime
    hours: int
    """How far back is looked for what was seen."""

    @property
    def since(self) -> datetime:
        """From when on it counts as seen of late."""
        return self.now - timedelta(hours=self.hours)

    def statements(self) -> list[Statement]:
        """Return what to ask; `told` takes the answers."""
        return [
            sql.statement("missing/latest"),
            sql.statement("passes/seen_since", since=timestamp(self.since)),
            sql.statement("summary/verdicts", most=COUNTED_UP_TO),
        ]

    def told(self, bucket: str, answers: Sequence[Result]) -> dict[str, object]:
        """Return what is proven of one bucket."""
        latest, seen, verdicts = (one.rows for one in answers)
        last = _of(bucket, latest)
        verdict = _of(bucket, verdicts)
        return {
            "not_verified_since": None if last is None else last["started_at"],
            "seen_hours": self.hours,
            "seen_share": self._share(last, [row for row in seen if row["r2_bucket"] == bucket]),
            "missing": 0 if verdict is None else number(verdict, "missing"),
            "newer": 0 if verdict is None else number(verdict, "newer"),
            "certificate": None if last is None else _state(last),
        }

    def _share(self, last: Row | None, passes: Sequence[Row]) -> float | None:
        """Return how much of the objects expected was seen of late; None where no complete pass says how many.

        A pass is taken to list evenly: of one that began before, the later part counts.
        """
        if last is None:
            return None
        if datetime.fromisoformat(text(last, "started_at")) >= self.since:
            return 1.0
        expected = json.loads(text(last, "counts"))["scanned"]
        return min(1.0, round(sum(map(self._seen, passes)) / expected, 4)) if expected else 1.0

    def _seen(self, row: Row) -> float:
        began = datetime.fromisoformat(text(row, "started_at"))
        ended = datetime.fromisoformat(text(row, "saved_at"))
        part = (ended - max(began, self.since)) / max(ended - began, timedelta(milliseconds=1))
        return number(row, "scanned") * min(1.0, max(0.0, part))


def _of(bucket: str, rows: Sequence[Row]) -> Row | None:
    return next((row for row in rows if row["r2_bucket"] == bucket), None)


def _state(last: Row) -> dict[str, object]:
    stored = optional_text(last, "certificate")
    found = {} if stored is None else json.loads(stored)
    return {
        "certified": bool(found.get("certified")),
        "why_not": found.get("why_not", ["A version that gave no certificates completed it."]),
        "missing": found.get("missing"),
        "certified_at": last["certified_at"],
    }
