"""One step of a flow: a slice of the pass under a run of its own, or the reason why there is none now.

The step answers only after the pass is stored where the slice ended, so one that is done again changes nothing that
was done: it goes on from there.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import Literal, Protocol

import log
import sql
from database.rows import number
from errors import RefusedError
from flow.instance import Instance, named
from flow.walking import Place, Slicing, walk_once
from ports import Ports, Row
from runs.lease import asking, ending, looking
from runs.record import Opening, open_at_once
from settings import Settings

INSTANCE_SUBREQUESTS = 10_000
"""An instance has so many over all its steps (workflows/reference/limits, 2026-06-15), a statement counted as one."""

SLICE_SUBREQUESTS = 1_100
"""A step uses no more: a slice its budget of 1,000, and its look, its run's row and its checkpoint."""

STEP_SUBREQUESTS = 30
"""Of a step beside its pages: the look at its turn, the run's row, the schema, and the checkpoint."""

Next = Literal["again", "turn", "wait", "end"]


class Environment(Protocol):
    """Where a step finds its configuration and platform, as they are when it begins: a deploy may change them."""

    def settings(self) -> Settings:
        """Return the settings; raises ConfigError."""
        ...

    def ports(self, settings: Settings) -> Ports:
        """Return the ports; raises ConfigError."""
        ...


@dataclass(frozen=True)
class Spent:
    """What the steps of an instance used so far."""

    steps: int = 0
    subrequests: int = 0

    def used_up(self, most_steps: int) -> bool:
        """Tell whether a further slice might pass what an instance has."""
        return self.steps >= most_steps or self.subrequests > INSTANCE_SUBREQUESTS - SLICE_SUBREQUESTS


@dataclass(frozen=True)
class Taken:
    """What became of a step, and what the flow does next."""

    next: Next
    why: str
    subrequests: int = 0

    @property
    def row(self) -> Row:
        """Return it as the engine keeps it."""
        return {"next": self.next, "why": self.why, "subrequests": self.subrequests + STEP_SUBREQUESTS}


@dataclass(frozen=True)
class SliceStep:
    """The next step of an instance that used so much before."""

    connect: Callable[[], Environment]
    instance: Instance
    spent: Spent
    slicing: Callable[[Ports, Settings], Slicing]
    """Returns what it walks with; what the slice before began to list is there where this same process did it."""

    async def take(self) -> Row:
        """Walk a slice, or say why not; raises what ended the slice, for the engine to do the step again."""
        environment = self.connect()
        settings = environment.settings()
        ports = environment.ports(settings)
        slicing, taken = self.slicing(ports, settings), None
        try:
            taken = await self._taken(slicing)
        finally:
            if taken is None or taken.next != "again":
                await slicing.early.close()
        log.write(ports.clock.now(), "info", "flow", instance=self.instance.name, next=taken.next, why=taken.why)
        return taken.row

    async def _taken(self, slicing: Slicing) -> Taken:
        me, ports, settings = self.instance, slicing.ports, slicing.settings
        seen = [me.seen(ports.clock), sql.statement("flow/read_instances"), looking(ports.clock, self._who)]
        _, instances, turn = await ports.database.batch(seen)
        current = named(instances.rows, me.bucket, me.pass_started_at)
        if current != me:
            return await self._replaced(ports, current)
        if not settings.by_flow or me.bucket not in settings.buckets:
            return Taken("end", "The configuration has no flow for this bucket any more.")
        if self.spent.used_up(settings.flow_steps):
            await ports.database.batch([me.handing_over(ports.clock)])
            return await self._replaced(ports, me.successor)
        if number(turn.rows[0], "others"):
            await ports.database.batch([asking(ports.clock, self._who)])
            return Taken("turn", "Others waited for the lease before.")
        return await self._slice(slicing, waited=bool(turn.rows[0]["waits"]))

    async def _replaced(self, ports: Ports, current: Instance | None) -> Taken:
        """End; a successor of this instance is started, in case the step that named it was cut before it did."""
        if current != self.instance.successor:
            return Taken("end", "Another flow walks this bucket.")
        if ports.flows:
            await ports.flows.start(current.name, current.params)
        return Taken("end", f"Handed over to {current.name}.")

    async def _slice(self, slicing: Slicing, *, waited: bool) -> Taken:
        ports, settings = slicing.ports, slicing.settings
        request = {"instance": self.instance.name, "step": self.spent.steps + 1, "r2_bucket": self.instance.bucket}
        opening = Opening("slice", "live", "flow", request, exclusive=True, writes=True, daily=settings, waits=True)
        try:
            run = await open_at_once(ports.database, ports.clock, opening)
        except RefusedError as refused:
            return await self._refused(ports, refused)
        if waited:
            await ports.database.batch([ending(self._who)])
        place = await walk_once(slicing, run)
        return Taken(_next(place), f"Stopped because of {place.stopped}.", place.subrequests)

    async def _refused(self, ports: Ports, refused: RefusedError) -> Taken:
        if refused.reason != "busy":
            return Taken("wait", refused.sentence())
        await ports.database.batch([asking(ports.clock, self._who)])
        return Taken("turn" if refused.holder in ("slice", "tick") else "wait", refused.sentence())

    @property
    def _who(self) -> str:
        return f"flow of {self.instance.bucket}"


def _next(place: Place) -> Next:
    if place.ended:
        return "end"
    return "wait" if place.stopped in ("paused", "overloaded", "quota") else "again"
