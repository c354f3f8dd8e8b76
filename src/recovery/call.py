"""One call of a recovery: what was asked, of which database, with what it may use."""

from __future__ import annotations

from dataclasses import dataclass

import log
import sql
from database.reading import read_schema
from database.schema import Schema
from ports import Database, Ports
from recovery.ranking import Ranking
from runs.budget import Budget
from runs.record import Run
from settings import Settings
from words import Unreadable

BY = "recovery"
"""Who paused, in `steward_control`: what a recovery paused, a recovery may resume."""

MAX_OBJECTS = 5000
"""Objects that a live call merges, unless the request says otherwise."""

CHUNK_OBJECTS = 250
"""Objects per D1 batch: some 50 ms of SQL, and at most 1.5 MB of keys (a control character takes six bytes)."""

CLASSIFY_ROWS = 20_000
"""Unknown rows per D1 batch: about a tenth of a second."""


@dataclass(frozen=True)
class RecoverRequest:
    """The body of `POST /recover`; `max_groups` None is 5,000 for a live call, and everything for a dry one."""

    dry_run: bool = True
    max_groups: int | None = None
    max_deletes: int | None = None
    resume: bool = False
    spread: bool = False
    """Whether a live call may need more rows than the day has left: it stops before them."""
    unreadable: Unreadable | None = None
    """What becomes of objects with a date that cannot be read; None: they are left as they are."""
    include_deleted: bool = False
    """Whether rows marked as deleted are ranked like any other."""
    plan: int | None = None
    """The plan that a live call is to keep to."""


@dataclass(frozen=True)
class Sizes:
    """How much one batch takes; tests take less."""

    chunk_objects: int = CHUNK_OBJECTS
    classify_rows: int = CLASSIFY_ROWS


@dataclass(frozen=True)
class Call:
    """What every step of one call works from."""

    ports: Ports
    settings: Settings
    request: RecoverRequest
    run: Run
    budget: Budget
    sizes: Sizes

    @property
    def live(self) -> bool:
        """Whether the call changes anything."""
        return not self.request.dry_run

    @property
    def database(self) -> Database:
        """The database, with its cost counted."""
        return self.budget.metered(self.ports.database)

    @property
    def most_objects(self) -> int | None:
        """How many objects the call merges at most; None where it only looks, at all of them."""
        return self.request.max_groups or (MAX_OBJECTS if self.live else None)

    @property
    def max_deletes(self) -> int:
        """How many rows the call may delete."""
        return self.settings.max_deletes if self.request.max_deletes is None else self.request.max_deletes

    @property
    def ranking(self) -> Ranking:
        """How the rows of an object are ranked."""
        live = None if self.request.include_deleted else self.settings.live_where
        return Ranking(live or "1", by_id=self.request.unreadable == "highest_id")

    async def note(self, counts: str) -> None:
        """Keep in the run's row what the call has done so far, as JSON."""
        await self.database.batch([sql.statement("recovery/note_step", run=self.run.id, counts=counts)])

    def log(self, event: str, **fields: object) -> None:
        """Write a log line about the call."""
        log.write(self.run.clock.now(), "info", event, run_id=self.run.id, **fields)

    async def schema(self) -> Schema:
        """Read the schema as it is now: a step may have changed it."""
        return await read_schema(self.database, self.settings.children, self.settings.not_children)
