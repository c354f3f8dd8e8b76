"""Implementations of the ports on CPython: sqlite3, a sorted dict, a dict, and a clock that tests move.

They are held to the behaviour of the real bindings by the contract suite.
"""

from __future__ import annotations

import json
import sqlite3
from bisect import bisect_right
from collections.abc import Mapping, Sequence
from copy import deepcopy
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from decimal import Decimal
from hashlib import sha256
from math import isfinite
from pathlib import Path
from typing import Any

import sql
from database.guards import expected_guards
from errors import ConstraintError, PageTooLargeError, PlatformError, TooBigError
from ports import GROUP, Flows, LateParts, ListRequest, Page, PagePart, Ports, Result, Span, Statement
from recovery.set_up import is_fresh
from tests.support.jsonb import give_jsonb
from tests.support.shapes import ShapedConnection, chosen

MIGRATIONS = Path(__file__).parents[2] / "src" / "sql" / "migrations"

MAX_INTEGER = 2**53 - 1
"""Pyodide hands a larger one to JavaScript as a BigInt, which D1 refuses."""

MAX_VALUE_BYTES = 2_000_000

_MOST_TEMPLATES = 64
"""Some tests have databases of their own making, each unlike the others: those are not all kept."""


def _unhex(text: str) -> bytes:
    return bytes.fromhex(text)


def _travelled(value: Any) -> Any:  # noqa: ANN401  # what SQLite holds, and what JSON makes of it
    """Return what arrives of a value: JavaScript's numbers hold 53 bits, and JSON no bytes and no infinity."""
    if isinstance(value, bytes):
        return list(value)
    if isinstance(value, float) and not isfinite(value):
        return None
    return int(Decimal(repr(float(value)))) if isinstance(value, int) and abs(value) > MAX_INTEGER else value


class SqliteDatabase:
    """A D1 stand-in: one sqlite3 connection, foreign keys on, a batch is a transaction."""

    def __init__(self, path: str = ":memory:", bucket: str | None = None) -> None:
        self.connection = sqlite3.connect(path, isolation_level=None, factory=ShapedConnection)
        self.connection.names = chosen(bucket)
        self.connection.row_factory = sqlite3.Row
        self.connection.execute("PRAGMA foreign_keys = ON")
        self.connection.setlimit(sqlite3.SQLITE_LIMIT_LENGTH, MAX_VALUE_BYTES)
        self.connection.create_function("unhex", 1, _unhex, deterministic=True)
        if sqlite3.sqlite_version_info < (3, 45):
            give_jsonb(self.connection)

    async def batch(self, statements: Sequence[Statement]) -> list[Result]:
        """Run all statements in one transaction: all of them, or none."""
        if not statements:
            raise PlatformError("D1_ERROR: No SQL statements detected.")
        self.connection.execute("BEGIN IMMEDIATE")
        try:
            results = [self._run(statement) for statement in statements]
        except sqlite3.IntegrityError as error:
            self.connection.execute("ROLLBACK")
            raise ConstraintError(f"A D1 batch failed: D1_ERROR: {error}: SQLITE_CONSTRAINT") from error
        except sqlite3.DataError as error:
            self.connection.execute("ROLLBACK")
            raise TooBigError(f"A D1 batch failed: D1_ERROR: {error}: SQLITE_TOOBIG") from error
        except PlatformError:
            self.connection.execute("ROLLBACK")
            raise
        except sqlite3.Error as error:
            self.connection.execute("ROLLBACK")
            raise PlatformError(f"A D1 batch failed: D1_ERROR: {error}: SQLITE_ERROR") from error
        self.connection.execute("COMMIT")
        return results

    async def bookmark(self) -> str | None:
        """Return no bookmark: sqlite3 has no Time Travel."""
        return None

    def _run(self, statement: Statement) -> Result:
        if any(isinstance(value, int) and abs(value) >= MAX_INTEGER for value in statement.params):
            raise PlatformError("A D1 batch failed: D1_TYPE_ERROR: Type 'bigint' not supported")
        before = self.connection.total_changes
        # D1 receives every number as a double.
        params = tuple(float(value) if isinstance(value, int) else value for value in statement.params)
        found = self.connection.execute(statement.sql, params).fetchall()
        rows = [{name: _travelled(row[name]) for name in row.keys()} for row in found]  # noqa: SIM118  # a sqlite3.Row
        changes = self.connection.total_changes - before
        return Result(rows=rows, rows_written=changes, changes=changes)

    def script(self, text: str) -> None:
        """Run a script of statements, as a writer outside the Worker would."""
        self.connection.executescript(text)

    def become(self, other: SqliteDatabase) -> None:
        """Hold what the other one holds, and be spoken to as it is."""
        other.connection.backup(self.connection)
        self.connection.columns, self.connection.declared = other.connection.columns, other.connection.declared

    def all(self, query: str, *params: object) -> list[tuple[object, ...]]:
        """Return the rows of a query as tuples."""
        return [tuple(row) for row in self.connection.execute(query, params).fetchall()]

    def run(self, query: str, given: sql.Fragment) -> list[tuple[object, ...]]:
        """Return the rows of a query around a fragment, whose values it takes by name."""
        return [tuple(row) for row in self.connection.execute(query, dict(given.params)).fetchall()]

    def one(self, query: str, *params: object) -> object:
        """Return the first column of the first row."""
        return self.all(query, *params)[0][0]


def apply_migrations(database: SqliteDatabase) -> None:
    """Apply every migration in order, and nothing else."""
    for path in sorted(MIGRATIONS.glob("*.sql")):
        database.script(path.read_text(encoding="utf-8"))


_templates: dict[bytes, SqliteDatabase] = {}
"""What databases became when they were migrated, by a digest of what they were."""


def migrate(database: SqliteDatabase) -> None:
    """Apply the migrations, and set the database up as the first tick or POST /guards does for its datapoints.

    Of databases that are alike the first is migrated, and copied for the others.
    """
    before = _digest(database)
    template = _templates.pop(before, None)
    if template is None:
        _migrate(database)
        template = SqliteDatabase()
        template.become(database)
        if len(_templates) == _MOST_TEMPLATES:
            del _templates[next(iter(_templates))]
    else:
        database.become(template)
    _templates[before] = template


def _digest(database: SqliteDatabase) -> bytes:
    """Return what is the same for databases that are alike, in what they hold and in how they are spoken to."""
    connection = database.connection
    held = connection.serialize() if database.all("SELECT 1 FROM sqlite_schema") else b""
    spoken = repr((connection.names, connection.columns, connection.declared))
    return sha256(held + spoken.encode()).digest()


def _migrate(database: SqliteDatabase) -> None:
    apply_migrations(database)
    look = sql.fragment("set_up/read_set_up", old_index=sql.load("set_up/old_index")).text
    [row] = database.connection.execute(look).fetchall()
    found = dict(row)
    if found["artifacts"] == database.connection.said(sql.load("set_up/artifacts")):
        found["artifacts"] = sql.load("set_up/artifacts")
    referenced = bool(database.all("SELECT 1 FROM pragma_table_info('datapoints') WHERE name = 'artifact_id'"))
    for text in set_up_texts(fresh=is_fresh(found), referenced=referenced):
        database.script(text)


def set_up_texts(*, fresh: bool, referenced: bool) -> list[str]:
    """Return the statements that set a database up: a fresh one, or one whose datapoints have their reference."""
    guards = expected_guards([("datapoints", "artifact_id")], chosen()) if referenced else []
    key = ["DROP TABLE datapoints", sql.load("set_up/datapoints")] if fresh else []
    return [*key, *(guard.create for guard in guards), sql.load("set_up/create_unknown_index")]


@dataclass
class DictBucket:
    """An R2 stand-in: keys in UTF-8 byte order, cursors that are the last key."""

    sizes: dict[str, int] = field(default_factory=dict)
    uploaded: str = "2026-01-02T03:04:05.000Z"
    times: dict[str, str] = field(default_factory=dict)
    """When an object was uploaded, where it was not at `uploaded`."""
    max_part_bytes: int = 1_900_000
    max_answer_bytes: int = 1024 * 1024
    """workerd takes no list answer over 1 MiB."""
    lists: int = 0
    heads: int = 0
    _ordered: dict[str, None] | None = field(default=None, repr=False, compare=False)

    def put(self, *keys: str, size: int = 5) -> None:
        """Store objects."""
        self.sizes.update(dict.fromkeys(keys, size))

    async def has(self, key: str) -> bool:
        """Tell whether there is an object of this key."""
        self.heads += 1
        return key in self.sizes

    async def list_page(self, request: ListRequest) -> Page:
        """List up to `request.limit` objects in UTF-8 byte order of their keys."""
        self.lists += 1
        if not 1 <= request.limit <= 1000:
            raise PlatformError("list: MaxKeys params must be positive integer <= 1000. (10022)")
        keys = [key for key in self._in_order() if key.startswith(request.prefix)]
        after = request.cursor if request.cursor is not None else request.start_after
        start = 0 if after is None else bisect_right(keys, after.encode(), key=str.encode)
        found = keys[start : start + request.limit]
        if len(json.dumps(found)) > self.max_answer_bytes:
            raise PageTooLargeError("Listing the bucket failed: Error: internal error")
        within = [key for key in found if request.until is None or key <= request.until]
        truncated = start + request.limit < len(keys) and within == found
        cursor = found[-1] if truncated else None
        if not within:
            return Page((), truncated, cursor, beyond=within != found)
        objects = [{"key": key, "size": self.sizes[key], "uploaded": self._uploaded(key)} for key in within]
        parts = LateParts(Span(len(within), within[0], within[-1]), lambda: self._parts(objects))
        return Page(parts, truncated, cursor, beyond=within != found)

    def _in_order(self) -> list[str]:
        """Return the keys in order, which they are put in again only where they are others than the last time."""
        if self._ordered is None or self._ordered.keys() != self.sizes.keys():
            self._ordered = dict.fromkeys(sorted(self.sizes, key=str.encode))
        return list(self._ordered)

    def _uploaded(self, key: str) -> str:
        return self.times.get(key, self.uploaded)

    def _parts(self, objects: list[dict[str, Any]]) -> list[PagePart]:
        text = json.dumps([objects[at : at + GROUP] for at in range(0, len(objects), GROUP)], ensure_ascii=False)
        if len(text.encode()) > self.max_part_bytes and len(objects) > 1:
            middle = len(objects) // 2
            return self._parts(objects[:middle]) + self._parts(objects[middle:])
        return [PagePart(text, len(objects), objects[0]["key"], objects[-1]["key"])]


@dataclass
class DictStore:
    """A KV stand-in."""

    values: dict[str, str] = field(default_factory=dict)
    writes: int = 0

    async def get(self, key: str) -> str | None:
        """Return the value, or None where there is none."""
        return self.values.get(key)

    async def put(self, key: str, value: str) -> None:
        """Store the value."""
        self.writes += 1
        self.values[key] = value


@dataclass
class ManualClock:
    """A clock that moves when told, and a little with every look."""

    moment: datetime = datetime(2026, 11, 22, 12, 0, tzinfo=UTC)
    per_look: timedelta = timedelta(milliseconds=1)
    slept: list[float] = field(default_factory=list)

    def now(self) -> datetime:
        """Return the time now, in UTC."""
        self.moment += self.per_look
        return self.moment

    def advance(self, **amount: float) -> None:
        """Move the clock on, as in `advance(hours=24)`."""
        self.moment += timedelta(**amount)

    async def sleep(self, seconds: float) -> None:
        """Let `seconds` pass at once."""
        self.slept.append(seconds)
        self.advance(seconds=seconds)


@dataclass
class RecordingPoster:
    """Outgoing HTTP that records what was sent and answers with `status`."""

    status: int = 200
    sent: list[tuple[str, str, str, dict[str, str]]] = field(default_factory=list)

    async def send(self, method: str, url: str, body: str, headers: Mapping[str, str], timeout_seconds: float) -> int:
        """Record the request and return the status."""
        assert timeout_seconds > 0
        self.sent.append((method, url, body, dict(headers)))
        return self.status


@dataclass
class World:
    """A whole platform of fakes, with a migrated database unless told otherwise."""

    database: SqliteDatabase = field(default_factory=SqliteDatabase)
    buckets: dict[str, DictBucket] = field(default_factory=lambda: {"artifacts": DictBucket()})
    store: DictStore = field(default_factory=DictStore)
    clock: ManualClock = field(default_factory=ManualClock)
    poster: RecordingPoster = field(default_factory=RecordingPoster)
    failures: dict[str, int] = field(default_factory=dict)
    flows: Flows | None = None

    @property
    def bucket(self) -> DictBucket:
        """The only bucket, or the first."""
        return next(iter(self.buckets.values()))

    def copied(self) -> World:
        """Return a world that is like this one now, and goes its own way."""
        database = SqliteDatabase()
        database.become(self.database)
        parts = {name: getattr(self, name) for name in ("buckets", "store", "clock", "poster", "failures", "flows")}
        return World(database, **deepcopy(parts))

    def ports(self) -> Ports:
        """Return the ports."""
        return Ports(self.database, self.buckets, self.store, self.clock, self.poster, self.flows)

    def rules(self, *rules: tuple[int, str, str]) -> None:
        """Put these rules in place of all there are."""
        self.database.script("DELETE FROM source_type_rules")
        self.database.connection.executemany("INSERT INTO source_type_rules VALUES (?, ?, ?)", rules)


def migrated_world() -> World:
    """Return a platform whose database has every migration."""
    world = World()
    migrate(world.database)
    return world
