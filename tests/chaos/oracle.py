"""What a random history must hold to, kept in plain Python and asked of the database by plain SQL."""

from __future__ import annotations

import asyncio
from collections.abc import Iterable
from dataclasses import dataclass, field
from typing import Any

from backfill.progress import Progress
from backfill.ranges import texts, whole
from tests.chaos.fixtures import Children, Truth
from tests.support.fakes import World

MARKER = "dir/"
STORED = "backfill:artifacts:"


def rule_type(key: str) -> str | None:
    """Return the type that `RULES` give a key: the oracle's own reading of them."""
    if key.startswith("raw/"):
        return "report" if key.endswith(".pdf") else "raw"
    return "dir" if key.startswith("dir/") else None


def wants_row(key: str) -> bool:
    """Tell whether a pass gives the object a row: a rule matches it, and it is no directory marker."""
    return rule_type(key) is not None and key != MARKER


@dataclass(frozen=True)
class Snapshot:
    """The database at one moment, by plain SQL."""

    rows: dict[object, tuple[str, str]]
    children: Children

    @property
    def keys(self) -> set[str]:
        """Return the keys that have a row."""
        return {key for key, _ in self.rows.values()}

    @property
    def references(self) -> dict[object, object]:
        """Return the artifact that each datapoint names."""
        return {number: row[0] for number, row in self.children.items()}

    @property
    def cited(self) -> set[object]:
        """Return the keys that a datapoint is about."""
        return {row[2] for row in self.children.values()}

    def known_types(self, key: str) -> set[str]:
        """Return the known types of an object's rows."""
        return {kind for found, kind in self.rows.values() if found == key and kind != "unknown"}

    def uncovered(self, keys: Iterable[str]) -> list[str]:
        """Return those of the keys that want a row and have none of a known type."""
        return [key for key in keys if wants_row(key) and not self.known_types(key)]


def look(world: World) -> Snapshot:
    """Return the database as it is."""
    found = world.database.all("SELECT id, r2_key, source_type FROM artifacts")
    return Snapshot({row[0]: (str(row[1]), str(row[2])) for row in found}, Truth(world).children())


def stored_pass(world: World) -> dict[str, Any] | None:
    """Return where the pass stands."""
    found = asyncio.run(Progress(world.ports(), "artifacts", "").load())
    if found is None:
        return None
    cursor = None if found.ranges == whole() else texts(found.ranges)
    return {"completed_at": found.completed_at, "counts": found.counts.report(), "cursor": cursor}


def told(world: World) -> set[str]:
    """Return the keys of the rows that are called missing."""
    query = (
        "SELECT artifacts.r2_key FROM steward_missing JOIN artifacts ON artifacts.id = artifact_id"
        " AND artifacts.r2_key = steward_missing.r2_key WHERE verified_at IS NOT NULL AND resolved_at IS NULL"
    )
    return {str(key) for (key,) in world.database.all(query)}


@dataclass
class PassOracle:
    """Which objects the pass under way cannot but see: those that are there from its first tick to its last."""

    whole: set[str] = field(default_factory=set)
    """There all the time."""
    untouched: set[str] = field(default_factory=set)
    """Of these, the ones whose rows no other writer took away or made unknown."""
    ever: set[str] = field(default_factory=set)
    """There at any time."""

    def begin(self, keys: Iterable[str]) -> None:
        """Start anew with the objects that there are."""
        self.whole, self.untouched, self.ever = set(keys), set(keys), set(keys)

    def put(self, key: str) -> None:
        """Note a new object: the pass may see it or not."""
        self.ever.add(key)

    def deleted(self, key: str) -> None:
        """Note that an object is gone, if only for a while."""
        self.whole.discard(key)
        self.untouched.discard(key)

    def rewritten(self, key: str) -> None:
        """Note that another writer took an object's rows away, or what they knew."""
        self.untouched.discard(key)

    def fits(self, counts: dict[str, Any]) -> bool:
        """Tell whether a complete pass counted every object once: each one that stayed, and none that never was."""
        parts = ("inserted", "upgraded", "unchanged", "newer", "unclassified", "skipped", "refused")
        adds_up = counts["scanned"] == sum(counts[part] for part in parts)
        unclassified = {key for key in self.whole if rule_type(key) is None}
        return bool(
            adds_up
            and len(self.whole) <= counts["scanned"] <= len(self.ever)
            and counts["unclassified"] >= len(unclassified)
            and counts["skipped"] >= (MARKER in self.whole)
        )
