"""What a check is asked for, and what it gives back."""

from __future__ import annotations

from collections.abc import Awaitable, Callable, Mapping
from dataclasses import dataclass, field

from database.key_ranges import RANGE_ROWS
from database.sampling import Sampled
from database.schema import Schema
from invariants.look import QueryProgress
from invariants.passes import Evidence
from invariants.verdict import Verdict
from ports import Database
from runs.budget import Budget
from words import CheckMode


@dataclass(frozen=True)
class Checking:
    """How a check works: which mode, with what budget, and for whom."""

    mode: CheckMode
    budget: Budget
    resume: bool = False
    """Whether a full check continues the one under way."""
    renew: Callable[[], Awaitable[None]] | None = None
    """Awaited after each query, by who has the lease: a check may outlast it."""
    range_rows: int = RANGE_ROWS
    """No query takes more than about so many rows."""


@dataclass(frozen=True)
class CheckSpec:
    """What one check looks at."""

    how: Checking
    database: Database
    schema: Schema
    distrusted: frozenset[str] = frozenset()
    """Invariants with an open finding: a scan found it, so only a scan may close it."""
    under_way: Mapping[str, QueryProgress] = field(default_factory=dict)
    """What an earlier slice of the same full check found."""
    sampled: Sampled | None = None
    """What the columns' values say, where they were sampled."""
    evidence: Evidence | None = None
    """What the passes say; without it, the invariants that rely on them are not looked at."""


@dataclass(frozen=True)
class CheckReport:
    """A verdict on each invariant, and how far the queries came."""

    mode: CheckMode
    verdicts: tuple[Verdict, ...]
    progress: Mapping[str, QueryProgress]
    failed: frozenset[str]
    """Invariants whose query failed for good: there is nothing to continue."""

    @property
    def complete(self) -> bool:
        """Whether all that could be looked at was looked at to its end."""
        return all(one.done for one in self.progress.values())
