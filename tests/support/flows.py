"""Durable flows on CPython: an engine that keeps what its steps returned, and may be killed around them."""

from __future__ import annotations

import asyncio
import json
from collections.abc import Awaitable, Callable, Mapping
from dataclasses import dataclass, field
from typing import Protocol

from ports import Row, Scalar
from tests.support.interruption import KilledError
from words import FlowState

RETRIES = 6


class Sleeper(Protocol):
    """A clock that lets time pass."""

    async def sleep(self, seconds: float) -> None:
        """Let `seconds` pass."""
        ...


class Fate(Protocol):
    """What may befall a step: a kill before it, or after it was done and before its answer was kept."""

    def before(self, name: str) -> None:
        """Raise KilledError, or let the step begin."""
        ...

    def after(self, name: str) -> None:
        """Raise KilledError, or let the answer be kept."""
        ...


class Spared:
    """Nothing befalls a step."""

    def before(self, name: str) -> None:
        """Let the step begin."""

    def after(self, name: str) -> None:
        """Let the answer be kept."""


@dataclass
class KeptSteps:
    """The steps of one instance; they outlive what runs them."""

    clock: Sleeper
    answers: dict[str, str] = field(default_factory=dict)
    slept: dict[str, int] = field(default_factory=dict)
    fate: Fate = field(default_factory=Spared)

    async def do(self, name: str, work: Callable[[], Awaitable[Row]]) -> Row:
        """Return what the step returned, or do it; one that fails is done again, later and later."""
        await asyncio.sleep(0)
        if name not in self.answers:
            self.fate.before(name)
            text = json.dumps(await self._tried(work))
            self.fate.after(name)
            self.answers[name] = text
        answer: Row = json.loads(self.answers[name])
        return answer

    async def _tried(self, work: Callable[[], Awaitable[Row]]) -> Row:
        for attempt in range(RETRIES):
            try:
                return await work()
            except KilledError:
                raise
            except Exception:  # noqa: BLE001  # the engine tries again whatever it was
                await self.clock.sleep(2 << attempt)
        return await work()

    async def sleep(self, name: str, seconds: int) -> None:
        """Let `seconds` pass, once."""
        if name not in self.slept:
            self.slept[name] = seconds
            await self.clock.sleep(seconds)
        await asyncio.sleep(0)


Program = Callable[[KeptSteps, Mapping[str, Scalar]], Awaitable[object]]


@dataclass
class Kept:
    """One instance: what it was started with, what its steps returned, and how it stands."""

    params: Mapping[str, Scalar]
    steps: KeptSteps
    state: FlowState = "running"
    output: object = None


@dataclass
class KeptFlows:
    """A Workflow binding whose instances run when they are told to."""

    clock: Sleeper
    instances: dict[str, Kept] = field(default_factory=dict)

    async def start(self, instance: str, params: Mapping[str, Scalar]) -> None:
        """Start the instance, unless it is there."""
        if instance not in self.instances:
            self.instances[instance] = Kept(dict(params), KeptSteps(self.clock))

    async def state(self, instance: str) -> FlowState:
        """Return how the instance stands."""
        found = self.instances.get(instance)
        return "absent" if found is None else found.state

    def running(self) -> list[Kept]:
        """Return the instances that are not at their end."""
        return [one for one in self.instances.values() if one.state == "running"]

    async def run(self, one: Kept, program: Program) -> None:
        """Let an instance run to its end, or until it is killed; then it goes on with its steps the next time."""
        try:
            one.output = await program(one.steps, one.params)
            one.state = "complete"
        except KilledError:
            raise
        except Exception as error:  # noqa: BLE001  # an instance ends with whatever it raised
            one.output, one.state = error, "errored"
