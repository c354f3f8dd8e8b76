"""What a recovery must leave behind, computed in Python from a copy of the tables before it, by no SQL of ours."""

from __future__ import annotations

import json
import random
from collections import Counter
from dataclasses import dataclass, field
from typing import Any

from tests.chaos.setup import Outcome, type_of
from tooling.harness import Harness

Row = dict[str, Any]
Id = int | str

TIMES = (None, "2025-12-31", "2026-01-01T00:00:00.000Z", "2026-01-01T00:00:00.001Z", "2026-02-01T10:00:00Z")
"""Few, so that many rows tie; as text they sort by age."""

UNIQUE_INDEXES = """
SELECT (SELECT group_concat(name) FROM pragma_index_info(listed.name)) AS columns
FROM pragma_index_list('artifacts') AS listed WHERE listed."unique" AND NOT listed.partial
"""


@dataclass(frozen=True)
class Variant:
    """A database from before the steward."""

    name: str
    ids: str
    reference: str

    @property
    def tables(self) -> tuple[str, str]:
        """The statements that create it."""
        columns = "r2_bucket TEXT NOT NULL, r2_key TEXT NOT NULL, source_type TEXT NOT NULL, fetched_at TEXT"
        return (
            f"CREATE TABLE artifacts (id {self.ids} PRIMARY KEY NOT NULL, {columns})",
            f"CREATE TABLE datapoints (id INTEGER PRIMARY KEY, artifact_id {self.reference})",
        )

    @property
    def orphans(self) -> bool:
        """Whether there can be any: D1 always enforces a foreign key."""
        return "REFERENCES" not in self.reference

    def new_id(self, number: int, chance: random.Random) -> Id:
        """Return a new id; a text does not say which row came first."""
        return number if self.ids == "INTEGER" else f"{chance.randrange(16**8):08x}-{number}"


INTEGERS = Variant("integer ids", "INTEGER", "INTEGER")
TEXTS = Variant("text ids", "TEXT", "TEXT")
FOREIGN_KEY = Variant("a foreign key", "INTEGER", "INTEGER REFERENCES artifacts (id)")
VARIANTS = (INTEGERS, TEXTS, FOREIGN_KEY)


@dataclass(frozen=True)
class Tables:
    """A copy of the rows that a recovery may touch."""

    artifacts: dict[Id, Row]
    datapoints: dict[int, Id | None]

    @classmethod
    def read(cls, harness: Harness) -> Tables:
        """Read both tables in one transaction."""
        artifacts, datapoints = harness.d1_batch([("SELECT * FROM artifacts", ()), ("SELECT * FROM datapoints", ())])
        return cls(
            {row["id"]: row for row in artifacts.rows}, {row["id"]: row["artifact_id"] for row in datapoints.rows}
        )

    def key_of(self, datapoint: int) -> str | None:
        """Return the object that a datapoint reaches."""
        row = self.artifacts.get(self.datapoints[datapoint] or 0)
        return row["r2_key"] if row else None


@dataclass
class Journal:
    """The lines of the journal after a place in it."""

    merges: list[Row]
    remaps: list[Row]

    @classmethod
    def read(cls, harness: Harness, after: tuple[int, int] = (0, 0)) -> Journal:
        """Read what was written after those two lines."""
        merges, remaps = harness.d1_batch(
            [
                ("SELECT * FROM steward_merges WHERE id > ?1 ORDER BY id", [after[0]]),
                ("SELECT * FROM steward_remaps WHERE id > ?1 ORDER BY id", [after[1]]),
            ]
        )
        return cls(merges.rows, remaps.rows)


def newest_first(rows: list[Row]) -> list[Row]:
    """Return the rows of one object, the winner first: newest, known before unknown, highest id."""
    return sorted(rows, key=lambda row: (row["fetched_at"] or "", row["source_type"] != "unknown", row["id"]))[::-1]


@dataclass
class Expected:
    """The one right end of a recovery that begins with `before`."""

    before: Tables
    artifacts: dict[Id, Row] = field(default_factory=dict)
    winners: dict[Id, Id] = field(default_factory=dict)
    """The winner of each loser."""
    types: dict[str, set[str]] = field(default_factory=dict)
    """The types that a row of each object may have on the way."""

    def __post_init__(self) -> None:
        groups: dict[str, list[Row]] = {}
        for row in self.before.artifacts.values():
            groups.setdefault(row["r2_key"], []).append(row)
        for name, rows in groups.items():
            winner, *losers = newest_first(rows)
            known = [row["source_type"] for row in (winner, *losers) if row["source_type"] != "unknown"]
            kind = known[0] if known else type_of(name) or "unknown"
            self.artifacts[winner["id"]] = {**winner, "source_type": kind}
            self.winners.update({row["id"]: winner["id"] for row in losers})
            self.types[name] = {*known, kind, "unknown"}

    def compare_midway(self, outcome: Outcome, now: Tables, journal: Journal) -> None:
        """Compare what must hold wherever a recovery was cut: every row is there or journalled, never both."""
        gone = [merge["loser_id"] for merge in journal.merges]
        outcome.expect(
            "rows gone and losers journalled", set(gone) ^ (self.before.artifacts.keys() - now.artifacts), set()
        )
        outcome.expect("losers journalled twice", len(gone) - len(set(gone)), 0)
        outcome.expect(
            "rows that appeared", sorted(now.artifacts.keys() - self.before.artifacts.keys(), key=str)[:3], []
        )
        wrong = {i: row for i, row in now.artifacts.items() if row["source_type"] not in self.types[row["r2_key"]]}
        outcome.expect("rows with a wrong type", dict(list(wrong.items())[:3]), {})
        left = {row["r2_key"] for row in now.artifacts.values()}
        outcome.expect("objects without a row", sorted(self.types.keys() - left)[:3], [])

    def compare_end(self, outcome: Outcome, now: Tables, journal: Journal) -> None:
        """Compare every row, and every line of the journal."""
        outcome.same("artifacts after a recovery", now.artifacts, self.artifacts)
        found = {merge["loser_id"]: (merge["winner_id"], json.loads(merge["loser"])) for merge in journal.merges}
        wanted = {loser: (winner, self.before.artifacts[loser]) for loser, winner in self.winners.items()}
        outcome.same("the journal of losers", found, wanted)
        moved = Counter((one["row_key"], one["loser_id"]) for one in journal.remaps if one["winner_id"] is None)
        children = Counter((child, at) for child, at in self.before.datapoints.items() if at in self.winners)
        outcome.same("the journal of remaps", dict(moved), dict(children))
        pointed = {(one["row_key"], one["loser_id"]): one["winner_id"] for one in journal.remaps if one["winner_id"]}
        missing = {child: at for child, at in self.before.datapoints.items() if at and at not in self.before.artifacts}
        repaired = {(child, at): now.datapoints[child] for child, at in missing.items() if now.datapoints[child] != at}
        outcome.same("the journal of orphans", pointed, repaired)
