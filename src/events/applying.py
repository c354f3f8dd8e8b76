"""Apply events to the index: puts through the page statement of the backfill, deletes as marks that R2 confirms.

A put is believed as far as insert-or-upgrade goes. That an object is gone is never believed of an event: the event says
which key to ask R2 for. What is asked is noted before R2 is asked, and a put asks about every mark that it meets; so
whichever of two events comes first, and whatever runs beside them, the last to ask sees what R2 has in the end.
"""

from __future__ import annotations

import json
from collections.abc import Collection, Iterable
from dataclasses import dataclass, field, replace
from datetime import timedelta

import log
import sql
from backfill.counts import Counts
from backfill.page import Pages, Taken, Written, take_together
from backfill.page_sql import page_statements
from backfill.target import Target, read_target
from database.batch import ask
from database.rows import text
from errors import OverloadedError
from events.counting import counting
from events.database import EventsDatabase
from events.notices import Notices, Put
from log import timestamp
from missing.asking import present
from ports import GROUP, PagePart, Ports, Row, Statement
from runs.budget import Budget
from settings import Settings

BELIEVED = timedelta(hours=1)
"""A put that is older is asked about too: the object may be long gone. Younger ones cost no call to R2."""

SECONDS = 60
"""No new transaction of a batch starts after this; it is then delivered again."""


def page_part(puts: dict[str, Put]) -> PagePart:
    """Return puts as a page of a listing; Python's order of texts is that of UTF-8 bytes, as R2 lists."""
    keys = sorted(puts)
    objects = [{"key": key, "size": puts[key].size, "uploaded": puts[key].at} for key in keys]
    groups = [objects[first : first + GROUP] for first in range(0, len(objects), GROUP)]
    return PagePart(json.dumps(groups, ensure_ascii=False), len(keys), keys[0], keys[-1])


@dataclass
class Applying:
    """A batch of messages at work."""

    ports: Ports
    settings: Settings
    queue: str
    notices: Notices
    budget: Budget
    now: str
    since: str
    """A put before this is asked about."""
    counts: Counts = field(default_factory=Counts)
    marked: set[str] = field(default_factory=set)
    """Buckets in which keys of puts have open marks, or may have."""

    @classmethod
    def of(cls, ports: Ports, settings: Settings, queue: str, notices: Notices) -> Applying:
        """Return the batch at its start."""
        now = ports.clock.now()
        budget = Budget(ports.clock, now + timedelta(seconds=SECONDS))
        return cls(ports, settings, queue, notices, budget, timestamp(now), timestamp(now - BELIEVED))

    @property
    def buckets(self) -> list[str]:
        """The buckets that the events speak of."""
        return sorted({*self.notices.puts, *self.notices.deletes})

    async def apply(self) -> None:
        """Write what the events bring; raises RefusedError or LeaseLostError where nothing may be written now."""
        target = await read_target(self.ports.database, "", "", live=True, heed_pause=True)
        for bucket in self.buckets:
            await self._leave_out_what_is_gone(bucket)
        marks = await self._write(target)
        for bucket, found in marks.items():
            await self._settle(bucket, found)
        self._log()

    async def _leave_out_what_is_gone(self, bucket: str) -> None:
        """Ask R2 about puts that are old, or that come with a delete of the same key; leave out those it denies."""
        puts, deletes = self.notices.puts[bucket], self.notices.deletes[bucket]
        doubted = {key for key, put in puts.items() if put.at < self.since or key in deletes}
        for key in doubted - await self._present(bucket, doubted):
            del puts[key]

    async def _write(self, target: Target) -> dict[str, list[Row]]:
        """Write the puts and note the deletes, in one transaction; return the marks of what was deleted of late."""
        beside = [statement for bucket in self.buckets for statement in self._beside(bucket)]
        drop = sql.statement("events/drop_deletions", since=self.since)
        count = counting(self.notices, self.queue, self.ports.clock.now(), applied=True)
        database = EventsDatabase(self.ports.database, self.ports.clock, [*beside, drop, *count])
        taken = [self._taken(database, target, bucket) for bucket in self.buckets if self.notices.puts[bucket]]
        written = await take_together(taken, write=True)
        for (pages, one), found in zip(taken, written, strict=True):
            self._add(pages.target.bucket, found or await pages.take(one, write=True))
        await database.rest()
        return {bucket: database.answers[2 * place + 1].rows for place, bucket in enumerate(self.buckets)}

    def _beside(self, bucket: str) -> tuple[Statement, Statement]:
        """Return the statements that note the deletes of a bucket, and mark the rows of what was deleted of late."""
        deletes, puts = self.notices.deletes[bucket], self.notices.puts[bucket]
        return (
            sql.statement("events/note_deletions", bucket=bucket, keys=_json(deletes), now=self.now),
            sql.statement("events/note_deleted", bucket=bucket, keys=_json({*deletes, *puts}), now=self.now),
        )

    def _taken(self, database: EventsDatabase, target: Target, bucket: str) -> tuple[Pages, Taken]:
        of_bucket = replace(target, bucket=bucket)
        # What the database refused is left to the next pass, which tries it again.
        slack, statements = self.settings.clock_slack_seconds, page_statements(target, few=True)
        pages = Pages(of_bucket, self.budget.metered(database), self.budget, "", slack, statements)
        return pages, Taken(page_part(self.notices.puts[bucket]), "")

    def _add(self, bucket: str, written: Written) -> None:
        if written.stopped:
            raise OverloadedError("The events took too long.", hint="They are delivered again.")
        self.counts += written.counts
        if written.marked:
            self.marked.add(bucket)

    async def _settle(self, bucket: str, marks: list[Row]) -> None:
        """Ask R2 about marks, and about those that puts meet; confirm or settle them by its answer."""
        puts, deleted = self.notices.puts[bucket], marks
        if bucket in self.marked:
            marks = marks + await self._open_marks(bucket)
        asked = {text(row, "r2_key") for row in marks if row["verified_at"] is None or row["r2_key"] in puts}
        if not asked:
            return
        found = await self._present(bucket, asked)
        gone = [[row["r2_key"], row["artifact_id"]] for row in deleted if row["r2_key"] in asked - found]
        given = {"bucket": bucket, "now": self.now}
        confirm = sql.statement("missing/verified", **given, gone=_json(gone))
        settle = sql.statement("missing/found", **given, found=_json(found))
        await self.ports.database.batch([confirm, settle])

    async def _open_marks(self, bucket: str) -> list[Row]:
        keys = _json(self.notices.puts[bucket])
        return await ask(self.ports.database, sql.statement("events/open_marks", bucket=bucket, keys=keys))

    async def _present(self, bucket: str, keys: Collection[str]) -> set[str]:
        return await present(self.budget.metered_bucket(self.ports.buckets[bucket]), self.ports.clock, sorted(keys))

    def _log(self) -> None:
        shown = {name: count for name, count in self.counts.report().items() if isinstance(count, int) and count}
        log.write(self.ports.clock.now(), "info", "events", **self.notices.counted, **shown)


def _json(value: Iterable[object]) -> str:
    return json.dumps(list(value), ensure_ascii=False)
