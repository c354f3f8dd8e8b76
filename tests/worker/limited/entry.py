"""Our Worker on raw bindings that refuse what the free plan does not allow an invocation, in the words of Cloudflare.

It is copied beside the modules of `src`, in place of their entry. `GET /used` tells what each invocation asked since it
was last asked, and what was refused. Never deployed.
"""

from __future__ import annotations

import json
from typing import Any

from js import Error, Promise
from workers import Response, WorkerEntrypoint, asgi

from api.app import create_app
from bindings.connect import WorkerEnvironment
from cron.tick import run_tick

# ruff: noqa: ANN401  # JavaScript values have no Python type

MOST = 50
MESSAGE = "Too many API requests by single Worker invocation."

INVOCATIONS: list[dict[str, int]] = []


class Limited:
    """A raw binding each of whose calls is counted."""

    def __init__(self, binding: Any, used: dict[str, int], *calls: str) -> None:
        self._binding = binding
        self._used = used
        self._calls = calls

    def __getattr__(self, name: str) -> Any:
        found = getattr(self._binding, name)
        if name not in self._calls:
            return found

        async def call(*args: Any) -> Any:
            count = int(args[0].length) if name == "batch" else 1
            self._used["calls"] += count
            if self._used["calls"] > MOST:
                self._used["refused"] += 1
                return await Promise.reject(Error.new(MESSAGE))
            return await found(*args)

        return call


class LimitedDatabase(Limited):
    """A D1 binding: its statements stay raw, for a batch of them goes back to JavaScript."""

    def withSession(self, constraint: str) -> Limited:  # noqa: N802  # D1's name
        """Open a session, whose one query is counted."""
        self._used["calls"] += 1
        return Limited(self._binding.withSession(constraint), self._used)


class LimitedEnvironment(WorkerEnvironment):
    """The environment of one invocation."""

    def __init__(self) -> None:
        super().__init__()
        self.used = {"calls": 0, "refused": 0}
        INVOCATIONS.append(self.used)

    def _binding(self, name: str, table: str) -> Any:
        raw = super()._binding(name, table)
        if table == "d1_databases":
            return LimitedDatabase(raw, self.used, "batch")
        return Limited(raw, self.used, "list", "head", "get", "put")


APP = create_app(LimitedEnvironment)


class Default(WorkerEntrypoint):
    """The Worker, and what it used."""

    async def fetch(self, request: Any) -> Any:
        """Answer an HTTP request."""
        if not str(request.url).endswith("/used"):
            return await asgi.fetch(APP, request.js_object, self.env)
        told = json.dumps(INVOCATIONS)
        INVOCATIONS.clear()
        return Response(told)

    async def scheduled(self, controller: Any, env: Any, ctx: Any) -> None:  # noqa: ARG002  # the runtime gives all three
        """Do one tick; it is judged by what it leaves."""
        environment = LimitedEnvironment()
        settings = environment.settings()
        await run_tick(environment.ports(settings), settings, str(controller.cron))
