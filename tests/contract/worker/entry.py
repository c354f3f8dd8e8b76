"""A Worker that lends its real ports to the contract suite: one JSON request, one call, one JSON answer.

It is copied beside the modules of `src`, in place of their entry, so that it runs the very bindings that go to
production. Never deployed.
"""

from __future__ import annotations

import json
from collections.abc import Awaitable, Callable
from dataclasses import asdict, replace
from typing import Any

from program import echo  # type: ignore[import-not-found]  # copied beside it, as this is
from workers import Response, WorkerEntrypoint, WorkflowEntrypoint, import_from_javascript

from bindings.d1 import D1Database
from bindings.flows import WorkflowFlows, WorkflowSteps
from bindings.kv import KvNamespace
from bindings.r2 import MAX_PART_BYTES, R2Bucket
from errors import StewardError
from ports import ListRequest, Statement

# ruff: noqa: ANN401  # JavaScript values have no Python type

Call = dict[str, Any]


async def batch(env: Any, call: Call) -> Any:
    """Run a batch on D1."""
    statements = [Statement(sql, tuple(params)) for sql, params in call["statements"]]
    return [asdict(result) for result in await D1Database(env.DB).batch(statements)]


async def bookmark(env: Any, _call: Call) -> Any:
    """Ask D1 for its bookmark."""
    return await D1Database(env.DB).bookmark()


async def list_page(env: Any, call: Call) -> Any:
    """List a page of R2."""
    bucket = R2Bucket(env.ARTIFACTS, call["max_part_bytes"] or MAX_PART_BYTES)
    page = await bucket.list_page(ListRequest(**call["request"]))
    span = asdict(page.span) if page.span else None
    parts = [asdict(replace(part, objects=_text(part.objects))) for part in page.parts]
    return {"span": span, "parts": parts, "truncated": page.truncated, "cursor": page.cursor, "beyond": page.beyond}


async def has(env: Any, call: Call) -> Any:
    """Ask R2 for one object."""
    return await R2Bucket(env.ARTIFACTS).has(call["key"])


def _text(objects: Any) -> str:
    """Return the text that D1 would be given."""
    return str(objects.text[0])


async def get(env: Any, call: Call) -> Any:
    """Read from KV."""
    return await KvNamespace(env.STATE).get(call["key"])


async def put(env: Any, call: Call) -> Any:
    """Write to KV."""
    await KvNamespace(env.STATE).put(call["key"], call["value"])


async def start(env: Any, call: Call) -> Any:
    """Start an instance."""
    await WorkflowFlows(env.PASS).start(call["instance"], call["params"])


async def state(env: Any, call: Call) -> Any:
    """Look at an instance."""
    return await WorkflowFlows(env.PASS).state(call["instance"])


METHODS: dict[str, Callable[[Any, Call], Awaitable[Any]]] = {
    "batch": batch,
    "bookmark": bookmark,
    "list_page": list_page,
    "has": has,
    "get": get,
    "put": put,
    "start": start,
    "state": state,
}


class Default(WorkerEntrypoint):
    """The Worker."""

    async def fetch(self, request: Any) -> Any:
        """Make one call and answer with its result, or with the error of our tree that it raised."""
        call = json.loads(await request.text())
        env = import_from_javascript("cloudflare:workers").env
        try:
            answer = {"result": await METHODS[call["method"]](env, call)}
        except StewardError as error:
            answer = {"error": type(error).__name__, "message": str(error), "hint": error.hint}
        return Response(json.dumps(answer))


class PassFlow(WorkflowEntrypoint):
    """The flow of the suite, on the steps of the real engine."""

    async def run(self, event: Any, step: Any) -> str:
        """Run it."""
        store = KvNamespace(import_from_javascript("cloudflare:workers").env.STATE)
        return str(await echo(WorkflowSteps(step), store, event["payload"]))
