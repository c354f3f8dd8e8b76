"""Our Worker with a gate around its raw bindings: call number `at` fails with a real JavaScript error.

It is copied beside the modules of `src`, in place of their entry. `POST /gate` arms it and counts anew, `GET /gate`
tells which calls there were. Never deployed.
"""

from __future__ import annotations

import json
from collections.abc import Awaitable, Callable
from typing import Any

from js import Error, Promise
from workers import Response, WorkerEntrypoint, asgi

from api.app import create_app
from bindings.connect import WorkerEnvironment
from cron.tick import run_tick

# ruff: noqa: ANN401  # JavaScript values have no Python type

OPEN = {"at": -1, "text": "", "after": False, "stale": False, "page": 1000}


class Gate:
    """Counts the calls to the platform since it was armed, and lets one fail before or after it was done."""

    def __init__(self) -> None:
        self.arm(OPEN)

    def arm(self, wanted: dict[str, Any]) -> None:
        """Start anew."""
        self.wanted = {**OPEN, **wanted}
        self.calls: list[str] = []
        self.previous: dict[str, Any] = {}

    async def passed(self, name: str, call: Callable[[], Awaitable[Any]]) -> Any:
        """Make the call, unless it is the one that must fail; that one may be done all the same."""
        self.calls.append(name)
        if len(self.calls) - 1 != self.wanted["at"]:
            return await call()
        if self.wanted["after"]:
            await call()
        return await Promise.reject(Error.new(self.wanted["text"]))


GATE = Gate()


class Gated:
    """A raw binding whose calls to the platform pass the gate."""

    def __init__(self, binding: Any, *calls: str, **inner: tuple[str, ...]) -> None:
        self._binding = binding
        self._calls = calls
        self._inner = inner

    def __getattr__(self, method: str) -> Any:
        found = getattr(self._binding, method)
        if method in self._inner:
            return lambda *args: Gated(found(*args), *self._inner[method], **self._inner)
        if method not in self._calls:
            return found

        async def call(*args: Any) -> Any:
            return await GATE.passed(method, lambda: found(*args))

        return call


class GatedBucket(Gated):
    """An R2 binding that answers short pages, so that a few objects make several."""

    async def list(self, options: Any) -> Any:
        """List no more than the gate's page."""
        options.limit = min(options.limit, GATE.wanted["page"])
        return await GATE.passed("list", lambda: self._binding.list(options))


class GatedStore(Gated):
    """A KV binding that may answer with the value before the last."""

    async def get(self, key: str) -> Any:
        """Read, once the gate is stale what was there before."""
        if GATE.wanted["stale"] and key in GATE.previous:
            return GATE.previous[key]
        return await GATE.passed("get", lambda: self._binding.get(key))

    async def put(self, key: str, value: str) -> Any:
        """Write, and keep what was there before."""
        GATE.previous[key] = await self._binding.get(key)
        return await GATE.passed("put", lambda: self._binding.put(key, value))


class GatedDatabase(Gated):
    """A D1 binding: its statements stay raw, for a batch of them goes back to JavaScript."""

    def withSession(self, constraint: str) -> Gated:  # noqa: N802  # D1's name
        """Open a session whose queries pass the gate."""
        return Gated(self._binding.withSession(constraint), prepare=("run",))


GATES: dict[str, Callable[[Any], Gated]] = {
    "d1_databases": lambda raw: GatedDatabase(raw, "batch"),
    "r2_buckets": GatedBucket,
    "kv_namespaces": GatedStore,
    "workflows": Gated,
}


class GatedEnvironment(WorkerEnvironment):
    """The Worker's environment behind the gate."""

    def _binding(self, name: str, table: str) -> Any:
        return GATES[table](super()._binding(name, table))


APP = create_app(GatedEnvironment)


class Default(WorkerEntrypoint):
    """The Worker, and the gate's own route."""

    async def fetch(self, request: Any) -> Any:
        """Answer an HTTP request."""
        if not request.url.endswith("/gate"):
            return await asgi.fetch(APP, request.js_object, self.env)
        if request.method == "POST":
            GATE.arm(json.loads(await request.text()))
        return Response(json.dumps(GATE.calls))

    async def scheduled(self, controller: Any, env: Any, ctx: Any) -> None:  # noqa: ARG002  # the runtime gives all three
        """Do one tick; it is judged by what it leaves."""
        environment = GatedEnvironment()
        await run_tick(environment.ports(environment.settings()), environment.settings(), str(controller.cron))
