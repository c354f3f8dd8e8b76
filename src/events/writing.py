"""Write a batch of events in one transaction: puts through the page statement of the backfill, deletes as marks."""

from __future__ import annotations

from dataclasses import dataclass, field, replace

from backfill.counts import Counts
from backfill.page import Pages, Taken, Written, take_together
from backfill.page_sql import page_statements
from backfill.target import Target
from errors import OverloadedError
from events.beside import statements_beside
from events.database import EventsDatabase
from events.page import page_part
from events.work import Work
from ports import Row


@dataclass
class Writing:
    """What was written of a batch of events."""

    work: Work
    target: Target
    database: EventsDatabase
    counts: Counts = field(default_factory=Counts)
    meeting: set[str] = field(default_factory=set)
    """Buckets of which puts may meet open marks."""

    @classmethod
    def of(cls, work: Work, target: Target) -> Writing:
        """Return the writing of a batch at its start."""
        database = EventsDatabase(work.ports.database, work.ports.clock, statements_beside(work))
        return cls(work, target, database)

    async def write(self) -> dict[str, list[Row]]:
        """Write everything; return, by bucket, the marks of the rows whose objects were deleted of late.

        Raises LeaseLostError where nothing may be written now, and platform errors.
        """
        taken = [self._taken(bucket) for bucket in self.work.buckets if self.work.notices.puts[bucket]]
        written = await take_together(taken, write=True)
        for (pages, one), found in zip(taken, written, strict=True):
            self._add(pages.target.bucket, found or await pages.take(one, write=True))
        await self.database.rest()
        buckets = self.work.buckets
        marks = self.database.answers[len(buckets) : 2 * len(buckets)]
        return {bucket: answer.rows for bucket, answer in zip(buckets, marks, strict=True)}

    def _taken(self, bucket: str) -> tuple[Pages, Taken]:
        """Return the puts of a bucket as a page; what was ever refused is passed over: the next pass tries it again."""
        work, target = self.work, replace(self.target, bucket=bucket)
        slack, statements = work.settings.clock_slack_seconds, page_statements(self.target, few=True)
        pages = Pages(target, work.budget.metered(self.database), work.budget, "", slack, statements)
        return pages, Taken(page_part(work.notices.puts[bucket]), "")

    def _add(self, bucket: str, written: Written) -> None:
        if written.stopped:
            raise OverloadedError("The events took too long.", hint="They are delivered again.")
        self.counts += written.counts
        if written.marked:
            self.meeting.add(bucket)
