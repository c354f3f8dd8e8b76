"""The ports of the real bindings, reached from CPython through the Worker in `worker/entry.py`."""

from __future__ import annotations

import json
from collections.abc import Mapping, Sequence
from dataclasses import asdict, dataclass
from typing import Any

import errors
from ports import LateParts, ListRequest, Page, PagePart, Result, Scalar, Span, Statement
from tooling.harness import Harness
from words import FlowState


@dataclass(frozen=True)
class Worker:
    """Makes one call and gives back its result, or raises the error that it raised there."""

    harness: Harness

    def call(self, method: str, **arguments: object) -> Any:  # noqa: ANN401  # as JSON has it
        """Make the call."""
        answer = self.harness.fetch("POST", "/call", body=json.dumps({"method": method, **arguments}))
        assert answer.status == 200, answer
        found = answer.json()
        if "error" in found:
            raise getattr(errors, found["error"])(found["message"], hint=found["hint"])
        return found["result"]


@dataclass(frozen=True)
class RemoteDatabase:
    """`bindings.d1.D1Database`, inside the Worker."""

    worker: Worker

    async def batch(self, statements: Sequence[Statement]) -> list[Result]:
        """Run the batch there."""
        listed = [[one.sql, list(one.params)] for one in statements]
        return [Result(**found) for found in self.worker.call("batch", statements=listed)]

    async def bookmark(self) -> str | None:
        """Ask for the bookmark there."""
        value: str | None = self.worker.call("bookmark")
        return value


@dataclass(frozen=True)
class RemoteBucket:
    """`bindings.r2.R2Bucket`, inside the Worker."""

    worker: Worker
    max_part_bytes: int | None = None

    async def has(self, key: str) -> bool:
        """Ask for the object there."""
        return bool(self.worker.call("has", key=key))

    async def list_page(self, request: ListRequest) -> Page:
        """List the page there."""
        found = self.worker.call("list_page", request=asdict(request), max_part_bytes=self.max_part_bytes)
        parts = tuple(PagePart(**part) for part in found["parts"])
        late = LateParts(Span(**found["span"]), lambda: parts) if found["span"] else parts
        return Page(late, found["truncated"], found["cursor"], beyond=found["beyond"])


@dataclass(frozen=True)
class RemoteStore:
    """`bindings.kv.KvNamespace`, inside the Worker."""

    worker: Worker

    async def get(self, key: str) -> str | None:
        """Read there."""
        value: str | None = self.worker.call("get", key=key)
        return value

    async def put(self, key: str, value: str) -> None:
        """Write there."""
        self.worker.call("put", key=key, value=value)


@dataclass(frozen=True)
class RemoteFlows:
    """`bindings.flows.WorkflowFlows`, inside the Worker."""

    worker: Worker

    async def start(self, instance: str, params: Mapping[str, Scalar]) -> None:
        """Start there."""
        self.worker.call("start", instance=instance, params=dict(params))

    async def state(self, instance: str) -> FlowState:
        """Look there."""
        found: FlowState = self.worker.call("state", instance=instance)
        return found
