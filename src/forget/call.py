"""One call of a forgetting: what was asked, of which database, with what it may use."""

from __future__ import annotations

from dataclasses import dataclass

from backfill.request import chosen_bucket
from database.reading import read_schema
from database.schema import Schema
from limits import FEW
from missing.asking import present
from ports import Database, Ports
from recovery.set_up import refuse_lifted
from runs.budget import Budget
from runs.record import Run
from settings import Settings


@dataclass(frozen=True)
class ForgetRequest:
    """The body of `POST /forget`."""

    dry_run: bool = True
    max_deletes: int | None = None
    r2_bucket: str | None = None
    spread: bool = False
    """Whether a live call may need more rows than the day has left: it stops before them."""
    plan: int | None = None


@dataclass(frozen=True)
class Call:
    """What every part of one call works from."""

    ports: Ports
    settings: Settings
    request: ForgetRequest
    run: Run
    budget: Budget

    @property
    def live(self) -> bool:
        """Whether the call changes anything."""
        return not self.request.dry_run

    @property
    def few(self) -> bool:
        """Whether the call has few queries."""
        return self.run.queries < FEW

    @property
    def database(self) -> Database:
        """The database, with its cost counted."""
        return self.budget.metered(self.ports.database)

    @property
    def max_deletes(self) -> int:
        """How many rows the call may delete."""
        return self.settings.max_deletes if self.request.max_deletes is None else self.request.max_deletes

    async def present(self, bucket: str, keys: list[str]) -> set[str]:
        """Return those of the keys that R2 has in this bucket; raises platform errors."""
        return await present(self.budget.metered_bucket(self.ports.buckets[bucket]), self.ports.clock, keys)

    async def schema(self) -> Schema:
        """Return the schema; raises RefusedError where no row of this database may be deleted."""
        schema = await read_schema(self.database, self.settings.children, self.settings.not_children)
        schema.refuse_unmergeable()
        if self.live:
            await refuse_lifted(self.ports)
        return schema


def buckets(settings: Settings, request: ForgetRequest) -> tuple[str, ...]:
    """Return the buckets whose rows are looked at: the one that is named, or all. Raises InputError for a wrong one."""
    if request.r2_bucket is None:
        return tuple(settings.buckets)
    return (chosen_bucket(settings, request.r2_bucket),)
