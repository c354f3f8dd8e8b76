"""Make an idempotent call again when the platform says that its failure passes."""

from __future__ import annotations

import random
from collections.abc import Awaitable, Callable
from typing import TypeVar

from errors import TransientError
from ports import Clock

ATTEMPTS = 4
FIRST_PAUSE_SECONDS = 0.1

T = TypeVar("T")


async def retried(
    clock: Clock, call: Callable[[], Awaitable[T]], first_pause_seconds: float = FIRST_PAUSE_SECONDS
) -> T:
    """Return `await call()`, made up to `ATTEMPTS` times while it raises TransientError.

    The pause doubles, with jitter so that Workers that failed together do not come back together. Only for calls
    that may be repeated: "the answer was lost" looks the same as "nothing was done".
    """
    for attempt in range(ATTEMPTS - 1):
        try:
            return await call()
        except TransientError:
            await clock.sleep(first_pause_seconds * 2**attempt * random.uniform(0.5, 1.5))  # noqa: S311  # no secret
    return await call()
