"""Ask R2 for objects by name: what it does not answer is not missing."""

from __future__ import annotations

import asyncio
from collections.abc import Sequence

from ports import Bucket, Clock
from runs.retry import retried

AT_ONCE = 6
"""A Worker waits for six connections at a time (workers/platform/limits)."""


async def present(bucket: Bucket, clock: Clock, keys: Sequence[str]) -> set[str]:
    """Return those of the keys that R2 has an object of; raises platform errors."""

    async def has(key: str) -> bool:
        return await retried(clock, lambda: bucket.has(key))

    found: set[str] = set()
    for first in range(0, len(keys), AT_ONCE):
        some = keys[first : first + AT_ONCE]
        answers = await asyncio.gather(*(has(key) for key in some))
        found.update(key for key, there in zip(some, answers, strict=True) if there)
    return found
