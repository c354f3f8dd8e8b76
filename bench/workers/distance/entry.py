"""Our whole Worker with R2 and D1 put at a distance; copied into `src` in place of its entry.

Every R2 list and every D1 batch waits on a timer first. The wait is a promise of JavaScript's at the raw binding, as it
is in the JavaScript Worker (`bench/workers/javascript`): Python awaits one promise a call, with a distance and without.
`POST /distance {r2_ms, d1_ms}` sets it; 0 is the binding itself.
"""

from __future__ import annotations

import json
from typing import Any
from urllib.parse import urlsplit

from js import Reflect, scheduler
from workers import Response, WorkerEntrypoint, WorkflowEntrypoint, asgi

from api.app import create_app
from bindings.connect import WorkerEnvironment
from bindings.flows import WorkflowSteps
from cron.tick import run_tick
from flow.pass_flow import walk_by_flow

AWAY = {"r2_buckets": ("list", 0), "d1_databases": ("batch", 0)}
"""For each kind of binding the call that takes longer, and by how many milliseconds."""


class Distant:
    """A raw binding, one call of which takes longer; the others go straight through."""

    def __init__(self, binding: Any, call: str, milliseconds: int) -> None:
        self._binding = binding
        self._call = call
        self._function = Reflect.get(binding, call)
        self._milliseconds = milliseconds

    def __getattr__(self, name: str) -> Any:
        return self._later if name == self._call else getattr(self._binding, name)

    def _later(self, argument: Any) -> Any:
        return scheduler.wait(self._milliseconds).then(self._function.bind(self._binding, argument))


class DistantEnvironment(WorkerEnvironment):
    """Our environment with its bindings at a distance."""

    def _binding(self, name: str, table: str) -> Any:
        binding = super()._binding(name, table)
        call, milliseconds = AWAY.get(table, ("", 0))
        return Distant(binding, call, milliseconds) if milliseconds else binding


APP = create_app(DistantEnvironment)


class Default(WorkerEntrypoint):
    """The Worker, at a distance."""

    async def fetch(self, request: Any) -> Any:
        """Answer a request, or set the distance."""
        if urlsplit(str(request.url)).path == "/distance":
            given = json.loads(await request.text())
            AWAY.update(r2_buckets=("list", given["r2_ms"]), d1_databases=("batch", given["d1_ms"]))
            return Response("{}")
        return await asgi.fetch(APP, request.js_object, self.env)

    async def scheduled(self, controller: Any, env: Any, ctx: Any) -> None:
        """Do one tick, as our entry does; one that fails is an exception."""
        environment = DistantEnvironment()
        settings = environment.settings()
        outcome = await run_tick(environment.ports(settings), settings, str(controller.cron))
        if outcome["status"] != "succeeded":
            raise RuntimeError(f"the tick did not succeed: {outcome}")


class PassFlow(WorkflowEntrypoint):
    """A pass as a Workflow, at a distance."""

    async def run(self, event: Any, step: Any) -> str:
        """Walk the pass that the instance was started for."""
        return await walk_by_flow(WorkflowSteps(step), DistantEnvironment, event["payload"])
