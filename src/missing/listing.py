"""The rows whose object is gone, and those whose object is newer, page by page, each with how many rows cite it."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field

import sql
from database.batch import Answer, Batch
from database.rows import number, text
from database.schema import Reference, Schema
from missing.places import Place
from ports import Database, Row, Scalar, Statement

KEY_CHARACTERS = 1024
"""R2 takes keys of 1,024 bytes: what is longer is no object's, and is shortened."""


@dataclass(frozen=True)
class Kind:
    """What is listed: the names of its statements, and its columns."""

    rows: str
    shown: str
    slot: str
    columns: tuple[str, ...]


MISSING = Kind(
    "missing/told",
    "missing/show_told",
    "told",
    ("r2_bucket", "r2_key", "artifact_id", "state", "first_pass", "last_pass", "verified_at", "resolved_at"),
)
NEWER = Kind(
    "missing/changed",
    "missing/show_changed",
    "changed",
    ("r2_bucket", "r2_key", "artifact_id", "uploaded", "fetched_at", "seen_at"),
)


@dataclass(frozen=True)
class Listed:
    """One row of the list, and how many rows cite it by each reference."""

    row: Mapping[str, Scalar]
    cited: Mapping[str, int]


@dataclass(frozen=True)
class Rows:
    """A page of the list, and where the next one begins; None at the end."""

    rows: Sequence[Listed]
    next: Place | None


@dataclass(frozen=True)
class Listing:
    """A list of rows in a database as it is at hand."""

    database: Database
    schema: Schema
    kind: Kind
    given: Mapping[str, Scalar] = field(default_factory=dict)
    """What its statement takes beside the place."""

    @property
    def references(self) -> list[Reference]:
        """The references that are counted: a configured one may not be there."""
        return [one for one in self.schema.references if not self.schema.missing_column(one.table, one.column)]

    async def page(self, after: Place, most: int) -> Rows:
        """Return up to `most` rows after a place."""
        batch, rows = Batch(), self._rows(after, most)
        shown = batch.add(self._shown(rows))
        cited = [batch.add(sql.statement("missing/cited", listed=rows, **one.slots)) for one in self.references]
        await batch.run(self.database)
        counts = [_by_place(answer) for answer in cited]
        listed = [self._listed(row, counts) for row in shown.rows]
        return Rows(listed, Place(*_place(shown.rows[-1])) if len(listed) == most else None)

    def _rows(self, after: Place, most: int) -> sql.Fragment:
        at = {"after_bucket": after.bucket, "after_key": after.key, "after_id": after.id}
        return sql.fragment(self.kind.rows, most=most, **at, **self.given)

    def _shown(self, rows: sql.Fragment) -> Statement:
        slots: dict[str, sql.Fragment | str] = {"key": sql.shown("r2_key", KEY_CHARACTERS)}
        slots |= {"id": sql.shown("artifact_id"), self.kind.slot: rows}
        if "fetched_at" in self.kind.columns:
            slots["fetched"] = sql.shown("fetched_at")
        return sql.statement(self.kind.shown, **slots)

    def _listed(self, row: Row, counts: Sequence[Mapping[tuple[str, str, str], int]]) -> Listed:
        at = _place(row)
        names = [one.name for one in self.references]
        cited = {name: counted.get(at, 0) for name, counted in zip(names, counts, strict=True)}
        return Listed({name: row[name] for name in self.kind.columns}, cited)


def _by_place(answer: Answer) -> dict[tuple[str, str, str], int]:
    return {_place(row): number(row, "cited") for row in answer.rows}


def _place(row: Row) -> tuple[str, str, str]:
    return text(row, "r2_bucket"), text(row, "place_key"), text(row, "place_id")
