"""The Workflow binding as `ports.Flows`, and the steps of an instance as `ports.Steps`."""

from __future__ import annotations

import json
from collections.abc import Awaitable, Callable, Mapping
from typing import Any

from js import Object
from pyodide.ffi import JsException, to_js

from bindings.failures import translate
from ports import Row, Scalar
from words import FlowState

STATES: dict[str, FlowState] = {
    "queued": "running",
    "running": "running",
    "waiting": "running",
    "waitingForPause": "running",
    "unknown": "running",
    "paused": "paused",
    "complete": "complete",
    "errored": "errored",
    "terminated": "errored",
}
"""What the engine says of an instance (workflows/build/workers-api, InstanceStatus), and what that is to us."""

RETRIES = {"retries": {"limit": 6, "delay": "2 seconds", "backoff": "exponential"}, "timeout": "20 minutes"}
"""A step is tried again after 2, 4, 8 … 64 s (workflows/build/sleeping-and-retrying); a slice ends within TICK_SECONDS,
840 at most, and a page."""


class WorkflowFlows:
    """Starts and looks at the instances of a raw Workflow binding."""

    def __init__(self, binding: Any) -> None:
        self._binding = binding

    async def start(self, instance: str, params: Mapping[str, Scalar]) -> None:
        """Start the instance, unless it is there; raises PlatformError where the engine did not take it."""
        try:
            await self._binding.create(_object({"id": instance, "params": dict(params)}))
        except JsException as error:
            # The engine refuses a name that is taken (instance.already_exists), which is what we want.
            if await self.state(instance) == "absent":
                raise translate(str(error), doing=f"Starting the flow {instance}") from error

    async def state(self, instance: str) -> FlowState:
        """Return how the instance stands; raises PlatformError where the engine does not answer."""
        try:
            found = await (await self._binding.get(instance)).status()
        except JsException as error:
            if "not_found" in str(error):
                return "absent"
            raise translate(str(error), doing=f"Looking at the flow {instance}") from error
        return STATES.get(str(found.status), "running")


class WorkflowSteps:
    """The steps of the instance that runs."""

    def __init__(self, step: Any) -> None:
        self._step = step

    async def do(self, name: str, work: Callable[[], Awaitable[Row]]) -> Row:
        """Return what the step returned, or do it. It travels as text: the engine's values are JavaScript's."""

        async def once() -> str:
            return json.dumps(await work())

        answer: Row = json.loads(str(await self._step.do(name, config=RETRIES)(once)()))
        return answer

    async def sleep(self, name: str, seconds: int) -> None:
        """Let `seconds` pass, named with their unit: a bare number is of milliseconds in JavaScript."""
        await self._step.sleep(name, f"{seconds} seconds")


def _object(value: dict[str, object]) -> Any:
    return to_js(value, dict_converter=Object.fromEntries)
