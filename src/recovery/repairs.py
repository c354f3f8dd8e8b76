"""The steps between the merge and the last check, in their order."""

from __future__ import annotations

from collections.abc import Awaitable, Callable
from typing import Protocol, TypeVar

from recovery.classify import classify
from recovery.index import guards, index
from recovery.orphans import orphans
from recovery.repair import Repair, repair_after
from recovery.steps import ClassifyStep, Repaired, Step, StepName

S = TypeVar("S", bound=Step)


class Take(Protocol):
    """How a step is taken: noted before it, and recorded after it."""

    async def __call__(self, name: StepName, work: Callable[[], Awaitable[S]]) -> S:
        """Take the step and return it."""
        ...


async def repair_all(
    repair: Repair,
    take: Take,
    types: Callable[[Repair], Awaitable[ClassifyStep]] = classify,
    back: Callable[[Repair], Awaitable[Step]] = orphans,
) -> Repaired | None:
    """Take the four steps, the last two as `types` and `back` do; None where types need a further call."""
    indexed = await take("index", lambda: index(repair))
    await take("guards", lambda: guards(repair))
    classified = await take("classify", lambda: types(repair))
    if classified.stopped_after:
        return None
    return Repaired(indexed, classified, await take("orphans", lambda: back(repair)))


__all__ = ["Repair", "Take", "repair_after", "repair_all"]
