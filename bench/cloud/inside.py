"""What the bench's Worker measures in itself, free of the platform so that it also runs on plain Python.

The clock of a Worker stands still between awaited calls: every time here is taken around one.
"""

from __future__ import annotations

import asyncio
import time
from collections.abc import Awaitable, Callable, Sequence

Call = Callable[[], Awaitable[object]]


async def timed(lanes: Sequence[Call], calls: int) -> dict[str, object]:
    """Make so many calls in each lane one after another, the lanes at once; return the whole time and each call's."""
    each: list[float] = []
    began = time.perf_counter()
    await asyncio.gather(*(_lane(call, calls, each) for call in lanes))
    return {"seconds": time.perf_counter() - began, "each_ms": each}


async def _lane(call: Call, calls: int, each: list[float]) -> None:
    for _ in range(calls):
        began = time.perf_counter()
        await call()
        each.append(1000 * (time.perf_counter() - began))


async def until_refused(run: Callable[[int], Awaitable[object]], size: int, most: int) -> dict[str, object]:
    """Run batches of `size` statements until the platform refuses one or `most` statements ran."""
    done = 0
    while done < most:
        try:
            await run(size)
        except Exception as error:  # noqa: BLE001  # which error a limit raises is what is asked here
            return {"statements": done, "batches": done // size, "refused": str(error)}
        done += size
    return {"statements": done, "batches": done // size, "refused": None}
