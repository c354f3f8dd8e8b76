"""The flow that the contract suite runs on both engines."""

from __future__ import annotations

import json
from collections.abc import Mapping

from ports import KeyValue, Row, Scalar, Steps


async def echo(steps: Steps, store: KeyValue, params: Mapping[str, Scalar]) -> str:
    """Let a step return the row in `params`, and keep in the store what came of it; with `fails`, raise."""
    if params["fails"]:
        raise ValueError("as it was told to")

    async def row() -> Row:
        found: Row = json.loads(str(params["row"]))
        return found

    answer = await steps.do("a step", row)
    await steps.sleep("a rest", 1)
    await store.put("echo", json.dumps(answer))
    return "done"
