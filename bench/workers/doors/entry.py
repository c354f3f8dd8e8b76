"""Our whole Worker with a stopwatch and a counter at each of its doors; copied into `src` in place of its entry.

The doors are the raw bindings and the making of a page's text; nothing inside is changed and no call can pass by.
`GET /doors` answers what was seen since it was last asked; `POST /queries` runs statements one by one on the same D1,
as a person would; `POST /distance {r2_ms, d1_ms}` makes every R2 list and D1 batch take so much longer. Counting reads
D1's `meta`, some 30 µs a batch that the Python part of a profile contains.
"""

from __future__ import annotations

import json
import time
from dataclasses import replace
from typing import Any
from urllib.parse import urlsplit

from js import scheduler
from workers import Response, WorkerEntrypoint, asgi, import_from_javascript

from api.app import create_app
from bindings.connect import WorkerEnvironment
from bindings.r2 import R2Bucket
from cron.tick import run_tick
from ports import Ports
from settings import Settings

PAGE = "is_marker"
"""Only the statements on a page of objects have it."""

COUNTED = ("lists", "batches", "statements", "rows_read", "rows_written", "kv_reads", "kv_writes")


class Seen:
    """What passed the doors: intervals as [door, began, ended] in seconds, calls and rows."""

    def __init__(self) -> None:
        self.clear()

    def clear(self) -> None:
        """Begin anew."""
        self.doors: list[list[Any]] = []
        self.counts = dict.fromkeys(COUNTED, 0)
        self.longest_batch_ms = 0.0

    def passed(self, door: str, began: float) -> None:
        """Note a door that is left now."""
        self.doors.append([door, began, time.perf_counter()])


SEEN = Seen()
AWAY = {"r2_ms": 0, "d1_ms": 0}


async def _travel(milliseconds: int) -> None:
    if milliseconds:
        await scheduler.wait(milliseconds)


class WatchedBucket(R2Bucket):
    """Our bucket with a stopwatch where a page becomes text."""

    def _text(self, objects: Any, count: int) -> Any:
        began = time.perf_counter()
        text = super()._text(objects, count)
        SEEN.passed("JSON", began)
        return text


class Door:
    """A raw binding; what is not counted goes straight through."""

    def __init__(self, binding: Any) -> None:
        self._binding = binding

    def __getattr__(self, name: str) -> Any:
        return getattr(self._binding, name)


class R2Door(Door):
    """R2."""

    async def list(self, *args: Any) -> Any:
        """List."""
        SEEN.counts["lists"] += 1
        began = time.perf_counter()
        await _travel(AWAY["r2_ms"])
        listing = await self._binding.list(*args)
        SEEN.passed("R2 list", began)
        return listing


class D1Door(Door):
    """D1. Its batches take as long as the Worker waits for them, the commit included."""

    def __init__(self, binding: Any) -> None:
        super().__init__(binding)
        self._page = False

    def prepare(self, text: str) -> Any:
        """Prepare."""
        self._page = self._page or PAGE in text
        return self._binding.prepare(text)

    async def batch(self, statements: Any) -> Any:
        """Run the batch."""
        door, self._page = "D1 batch" if self._page else "D1, once a run", False
        SEEN.counts["batches"] += 1
        SEEN.counts["statements"] += int(statements.length)
        began = time.perf_counter()
        await _travel(AWAY["d1_ms"])
        answer = await self._binding.batch(statements)
        SEEN.passed(door, began)
        SEEN.longest_batch_ms = max(SEEN.longest_batch_ms, 1000 * (time.perf_counter() - began))
        for one in answer:
            SEEN.counts["rows_read"] += int(one.meta.rows_read)
            SEEN.counts["rows_written"] += int(one.meta.rows_written)
        return answer


class KvDoor(Door):
    """KV."""

    async def get(self, *args: Any) -> Any:
        """Read."""
        SEEN.counts["kv_reads"] += 1
        return await self._binding.get(*args)

    async def put(self, *args: Any) -> Any:
        """Write."""
        SEEN.counts["kv_writes"] += 1
        return await self._binding.put(*args)


DOORS = {"d1_databases": D1Door, "r2_buckets": R2Door, "kv_namespaces": KvDoor}


class WatchedEnvironment(WorkerEnvironment):
    """Our environment with doors for bindings."""

    def _binding(self, name: str, table: str) -> Any:
        return DOORS[table](super()._binding(name, table))

    def ports(self, settings: Settings) -> Ports:
        """Return our ports with watched buckets."""
        buckets = {name: WatchedBucket(self._binding(to, "r2_buckets")) for name, to in settings.buckets.items()}
        return replace(super().ports(settings), buckets=buckets)


APP = create_app(WatchedEnvironment)


class Default(WorkerEntrypoint):
    """The Worker, watched."""

    async def fetch(self, request: Any) -> Any:
        """Answer a request, or what was seen."""
        path = urlsplit(str(request.url)).path
        if path == "/doors":
            return _told()
        if path == "/distance":
            AWAY.update(json.loads(await request.text()))
            return Response("{}")
        if path == "/queries":
            return await _queried(json.loads(await request.text()))
        began = time.perf_counter()
        answer = await asgi.fetch(APP, request.js_object, self.env)
        SEEN.passed("whole", began)
        return answer

    async def scheduled(self, controller: Any, env: Any, ctx: Any) -> None:
        """Do one tick, as our entry does; one that fails is an exception."""
        environment = WatchedEnvironment()
        settings = environment.settings()
        outcome = await run_tick(environment.ports(settings), settings, str(controller.cron))
        if outcome["status"] != "succeeded":
            raise RuntimeError(f"the tick did not succeed: {outcome}")


def _told() -> Any:
    told = {"doors": SEEN.doors, **SEEN.counts, "longest_batch_ms": SEEN.longest_batch_ms}
    SEEN.clear()
    return Response(json.dumps(told))


async def _queried(texts: list[str]) -> Any:
    database = import_from_javascript("cloudflare:workers").env.DB
    answers = [await database.prepare(text).all() for text in texts]
    return Response(json.dumps({"rows_read": sum(int(one.meta.rows_read) for one in answers)}))
