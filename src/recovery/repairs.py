"""The steps between the merge and the last check, in their order."""

from __future__ import annotations

from collections.abc import Awaitable, Callable
from typing import Protocol, TypeVar

from recovery.classify import classify
from recovery.index import guards, index
from recovery.orphans import orphans
from recovery.repair import Repair, repair_after
from recovery.steps import Repaired, Step, StepName

S = TypeVar("S", bound=Step)


class Take(Protocol):
    """How a step is taken: noted before it, and recorded after it."""

    async def __call__(self, name: StepName, work: Callable[[], Awaitable[S]]) -> S:
        """Take the step and return it."""
        ...


async def repair_all(repair: Repair, take: Take) -> Repaired | None:
    """Take the four steps; None where the classification needs a further call."""
    indexed = await take("index", lambda: index(repair))
    await take("guards", lambda: guards(repair))
    classified = await take("classify", lambda: classify(repair))
    if classified.stopped_after:
        return None
    return Repaired(indexed, classified, await take("orphans", lambda: orphans(repair)))


__all__ = ["Take", "repair_after", "repair_all"]
