"""The flow of a pass: slice after slice, each one step of the engine, until the pass is complete.

The engine may leave this at any moment and call it again from the beginning: then each step that was done answers what
it answered before. So nothing here may depend on anything but the answers of its steps.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from functools import partial

from backfill.early import Early
from flow.instance import Instance
from flow.slice_step import Environment, SliceStep, Spent
from flow.walking import Slicing
from ports import Scalar, Steps

TURN_SECONDS, LOOKS_EACH = 2, 4
"""Between two looks whether it is this flow's turn; twice as long after so many, up to four times: less than a wish for
the lease stands (`runs.lease.WAITS`), and the 90 s of a killed run take some fifteen steps."""

FIRST_WAIT_SECONDS, LONGEST_WAIT_SECONDS = 5, 300
"""Between two looks whether what forbids it has ended: a pause, or a missing index. It waits longer each time."""


async def walk_by_flow(steps: Steps, connect: Callable[[], Environment], params: Mapping[str, Scalar]) -> str:
    """Walk the pass to its end, or hand over to a successor; return why this instance ended."""
    instance = Instance.read(params)
    slicing = partial(Slicing, instance=instance, early=Early())
    spent, waits, turns = Spent(), 0, 0
    while True:
        taken = await steps.do(f"slice {spent.steps + 1}", SliceStep(connect, instance, spent, slicing).take)
        if taken["next"] == "end":
            return str(taken["why"])
        spent = Spent(spent.steps + 1, spent.subrequests + int(taken["subrequests"] or 0))
        if taken["next"] == "turn":
            await steps.sleep(f"turn {spent.steps}", TURN_SECONDS << min(turns // LOOKS_EACH, 2))
            turns += 1
        elif taken["next"] == "wait":
            await steps.sleep(f"wait {spent.steps}", min(FIRST_WAIT_SECONDS << min(waits, 10), LONGEST_WAIT_SECONDS))
            waits += 1
        else:
            waits = turns = 0
