"""Our Worker's live backfill with a stopwatch at each of its doors; copied into `src` in place of its entry."""

from __future__ import annotations

import json
import time
from collections.abc import Callable
from datetime import timedelta
from typing import Any

from workers import Response, WorkerEntrypoint

from backfill.cursor import START
from backfill.runner import prepare
from backfill.walk import Limits, Walk
from bindings.connect import WorkerEnvironment

TIMES: dict[str, float] = {}


def timed(name: str, work: Callable[..., Any]) -> Callable[..., Any]:
    """Return the function with its time added under a name."""

    def run(*args: Any) -> Any:
        began = time.perf_counter()
        try:
            return work(*args)
        finally:
            TIMES[name] = TIMES.get(name, 0.0) + time.perf_counter() - began

    return run


class Door:
    """A raw binding whose awaited calls are timed."""

    def __init__(self, binding: Any, **names: str) -> None:
        self._binding = binding
        self._names = names

    def __getattr__(self, method: str) -> Any:
        call = getattr(self._binding, method)
        name = self._names.get(method)
        if name is None:
            return call

        async def run(*args: Any) -> Any:
            began = time.perf_counter()
            answer = await call(*args)
            TIMES[name] = TIMES.get(name, 0.0) + time.perf_counter() - began
            return answer

        return run


class Default(WorkerEntrypoint):
    """Answers one profiled live backfill."""

    async def fetch(self, request: Any) -> Any:
        """Walk `max_objects` objects and answer the seconds spent at each door."""
        if request.method != "POST":
            return Response("ok")
        wanted = json.loads(await request.text())
        environment = WorkerEnvironment()
        settings = environment.settings()
        ports = environment.ports(settings)
        bucket = next(iter(settings.buckets))
        TIMES.clear()
        source: Any = ports.buckets[bucket]
        database: Any = ports.database
        source._binding = Door(source._binding, list="r2 list")
        source._chunks = timed("page to JSON", source._chunks)
        database._binding = Door(database._binding, batch="d1 batch")
        database._prepared = timed("prepare and bind", database._prepared)
        target = await prepare(ports, bucket, "", live=True)
        TIMES.clear()
        began = time.perf_counter()
        walk = Walk(target, database, source, ports.clock, START)

        async def after_page() -> None:
            """Keep nothing."""

        limits = Limits(wanted["max_objects"], ports.clock.now() + timedelta(minutes=10), 100_000)
        await walk.run(limits, after_page)
        total = time.perf_counter() - began
        body = {"total": total, "pages": walk.pages, **TIMES, **walk.counts.report()}
        return Response(json.dumps(body))
