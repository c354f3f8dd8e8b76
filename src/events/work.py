"""A batch of events at work: what it is done with, and as of when."""

from __future__ import annotations

import json
from collections.abc import Collection, Iterable
from dataclasses import dataclass
from datetime import timedelta

from events.notices import Notices
from log import timestamp
from missing.asking import present
from ports import Ports
from runs.budget import Budget
from settings import Settings

BELIEVED = timedelta(hours=1)
"""A put that is older is asked about too: the object may be long gone. Younger ones cost no call to R2."""

SECONDS = 60
"""No new transaction of a batch starts after this; it is then delivered again."""


@dataclass(frozen=True)
class Work:
    """A batch of events at work."""

    ports: Ports
    settings: Settings
    queue: str
    notices: Notices
    budget: Budget
    now: str
    since: str
    """A put before this is asked about, and a deletion before it is forgotten."""

    @classmethod
    def of(cls, ports: Ports, settings: Settings, queue: str, notices: Notices) -> Work:
        """Return the batch at its start."""
        now = ports.clock.now()
        budget = Budget(ports.clock, now + timedelta(seconds=SECONDS))
        return cls(ports, settings, queue, notices, budget, timestamp(now), timestamp(now - BELIEVED))

    @property
    def buckets(self) -> list[str]:
        """The buckets that the events speak of."""
        return sorted({*self.notices.puts, *self.notices.deletes})

    async def present(self, bucket: str, keys: Collection[str]) -> set[str]:
        """Ask R2 for objects, and return which there are; raises platform errors."""
        return await present(self.budget.metered_bucket(self.ports.buckets[bucket]), self.ports.clock, sorted(keys))


def as_json(values: Iterable[object]) -> str:
    """Return values as a JSON array, for SQL to read."""
    return json.dumps(list(values), ensure_ascii=False)
