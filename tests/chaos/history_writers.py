"""The other writers of a random history: what they do, and what the database must let them do."""

from __future__ import annotations

import sqlite3
from dataclasses import replace

import hypothesis.strategies as st
from hypothesis.stateful import RuleBasedStateMachine, initialize, rule

from tests.chaos.faults import ShortPages
from tests.chaos.fixtures import RULES, SHAPE, Truth
from tests.chaos.oracle import PassOracle, Snapshot, look
from tests.support.fakes import World

KEYS = [
    *(f"raw/{number}" for number in range(5)),
    "raw/5.pdf",
    "dir/a",
    "dir/caf\u00e9",
    "dir/cafe\u0301",
    "other",
    "dir/",
]
TYPES = ["unknown", "raw", "by hand"]
DATES = [None, "2026-01-01T00:00:00Z", "2026-03-01", "2026-02-01T00:00:00.000Z"]

keys = st.sampled_from(KEYS)


class Writers(RuleBasedStateMachine):
    """A world with its other writers, who keep the oracle of the pass up to date."""

    @initialize(unique=st.booleans(), most=st.integers(1, 2), objects=st.sets(keys, min_size=6))
    def begin(self, *, unique: bool, most: int, objects: set[str]) -> None:
        """Start with objects without rows, every other time with the unique index, and with pages of one or two."""
        self.world: World = replace(SHAPE, unique_index=unique).world()
        self.world.rules(*RULES)
        self.world.buckets["artifacts"] = ShortPages(most=most)
        self.recoveries: list[int] = []
        self.of_pass = PassOracle()
        self.put_many(objects)

    def look(self) -> Snapshot:
        """Return the database as it is."""
        return look(self.world)

    def has(self, kind: str, pattern: str) -> bool:
        """Tell whether the schema has such an entry."""
        query = "SELECT count(*) FROM sqlite_schema WHERE type = ? AND name GLOB ?"
        return bool(self.world.database.one(query, kind, pattern))

    @property
    def unique(self) -> bool:
        """Whether the unique index is there."""
        return Truth(self.world).violations()["unique_index_present"] == 0

    @rule(key=keys)
    def put(self, key: str) -> None:
        """Store an object."""
        self.world.bucket.put(key, size=0 if key.endswith("/") else 5)
        self.of_pass.put(key)

    @rule(many=st.sets(keys, min_size=6))
    def put_many(self, many: set[str]) -> None:
        """Store objects enough for a pass of several ticks."""
        for key in sorted(many):
            self.put(key)

    @rule(key=keys)
    def delete_object(self, key: str) -> None:
        """Delete an object; its row stays."""
        self.world.bucket.sizes.pop(key, None)
        self.of_pass.deleted(key)

    @rule(key=keys, kind=st.sampled_from(TYPES), date=st.sampled_from(DATES))
    def insert_row(self, key: str, kind: str, date: str | None) -> None:
        """Insert a row, as a writer that knows nothing of the steward: SQLite gives the id."""
        refused = self.unique and key in self.look().keys
        query = "INSERT INTO artifacts (r2_bucket, r2_key, source_type, fetched_at) VALUES ('artifacts', ?, ?, ?)"
        assert self.try_write(query, key, kind, date) == (not refused)

    @rule(key=keys, number=st.integers(0, 3))
    def insert_child(self, key: str, number: int) -> None:
        """Insert a datapoint of one of the rows of an object."""
        ids = sorted(i for i, (found, _) in self.look().rows.items() if found == key and isinstance(i, int))
        if ids:
            assert self.try_write("INSERT INTO datapoints (artifact_id) VALUES (?)", ids[number % len(ids)])

    @rule(drop=st.booleans())
    def insert_orphan(self, *, drop: bool) -> None:
        """Insert a datapoint of a missing artifact, which a guard refuses, unless it is dropped."""
        if drop:
            self.drop_guard("insert")
        guarded = self.has("trigger", "steward_guard_insert_*")
        assert self.try_write("INSERT INTO datapoints (artifact_id) VALUES (999)") == (not guarded)

    @rule(key=keys, kind=st.sampled_from(TYPES))
    def change_type(self, key: str, kind: str) -> None:
        """Try to change the type of an object's rows: a guard lets only unknown ones change."""
        guarded = self.has("trigger", "steward_guard_known_type")
        refused = guarded and self.look().known_types(key) - {kind}
        assert self.try_write("UPDATE artifacts SET source_type = ? WHERE r2_key = ?", kind, key) == (not refused)
        if not refused:
            self.of_pass.rewritten(key)

    @rule(key=keys)
    def delete_rows(self, key: str) -> None:
        """Try to delete an object's rows: a guard keeps those that are referenced."""
        guarded = self.has("trigger", "steward_guard_delete_*")
        refused = guarded and key in self.look().cited
        assert self.try_write("DELETE FROM artifacts WHERE r2_key = ?", key) == (not refused)
        if not refused:
            self.of_pass.rewritten(key)

    @rule(crowd=st.lists(st.tuples(keys, st.sampled_from(TYPES), st.sampled_from(DATES)), min_size=3, max_size=9))
    def drop_index_and_crowd_in(self, crowd: list[tuple[str, str, str | None]]) -> None:
        """Drop the unique index and insert rows of few objects, each with a datapoint."""
        self.world.database.script("DROP INDEX IF EXISTS artifacts_one_per_object; DROP INDEX IF EXISTS mine")
        few = sorted({key for key, _, _ in crowd})[:3]
        for number, (_, kind, date) in enumerate(crowd):
            self.insert_row(few[number % len(few)], kind, date)
            query = "INSERT INTO datapoints (artifact_id) SELECT max(id) FROM artifacts"
            assert self.try_write(query)

    @rule(kind=st.sampled_from(["known_type", "delete", "insert"]))
    def drop_guard(self, kind: str) -> None:
        """Drop a guard."""
        suffix = "" if kind == "known_type" else "_datapoints_artifact_id"
        self.world.database.script(f"DROP TRIGGER IF EXISTS steward_guard_{kind}{suffix}")

    def try_write(self, query: str, *params: object) -> bool:
        """Make a write; return whether the database took it."""
        try:
            self.world.database.connection.execute(query, params)
        except sqlite3.IntegrityError:
            return False
        return True
