"""Our whole Worker with the bench's own routes and queue consumer, deployed as `cloud_entry.py` beside its entry.

The routes need the token, like every other; what they do is for a database and a bucket that are thrown away.
"""

from __future__ import annotations

import asyncio
import hmac
import json
from collections.abc import Awaitable, Callable
from datetime import UTC, datetime
from typing import Any
from urllib.parse import urlsplit

from js import JSON, Object
from pyodide.ffi import to_js
from workers import Response, import_from_javascript

import entry as steward
from bench.cloud.inside import timed, until_refused

AT_ONCE = 6
"""A Worker has six connections that wait for an answer."""

TABLES = (
    "CREATE TABLE IF NOT EXISTS bench_rows (bucket TEXT NOT NULL, key TEXT NOT NULL, kind TEXT, UNIQUE (bucket, key))",
    "CREATE TABLE IF NOT EXISTS bench_events (key TEXT PRIMARY KEY, event_time TEXT, seen_at TEXT)",
)
UPSERT = """
INSERT INTO bench_rows SELECT 'bench', value, 'kind' FROM json_each(?1) WHERE true
ON CONFLICT (bucket, key) DO UPDATE SET kind = excluded.kind WHERE kind IS NOT excluded.kind
"""
NOTE = """
INSERT OR IGNORE INTO bench_events
SELECT value ->> '$.object.key', value ->> '$.eventTime', ?2 FROM json_each(?1)
"""
STATE = ("artifacts", "steward_passes", "steward_runs")
"""Tables that hold what a pass left, those of them that there are."""

if hasattr(steward, "PassFlow"):
    PassFlow = steward.PassFlow


class Default(steward.Default):
    """The Worker, with doors for the bench."""

    async def fetch(self, request: Any) -> Any:
        """Answer the bench, or pass the request on."""
        path = urlsplit(str(request.url)).path
        if not path.startswith("/bench/"):
            return await super().fetch(request)
        env = import_from_javascript("cloudflare:workers").env
        given = (request.headers.get("Authorization") or "").encode()
        if not hmac.compare_digest(given, f"Bearer {env.STEWARD_TOKEN}".encode()):
            return Response("", status=401)
        answer = await ROUTES[path.removeprefix("/bench/")](env, json.loads(await request.text()))
        return Response(json.dumps(answer))

    async def queue(self, batch: Any, env: Any, ctx: Any) -> None:
        """Note when each event came, and when it happened."""
        seen = datetime.now(UTC).isoformat()
        bodies = json.dumps([message.body for message in batch.messages])
        database = import_from_javascript("cloudflare:workers").env.DB
        await database.prepare(NOTE).bind(bodies, seen).run()


async def ready(env: Any, _given: dict[str, Any]) -> object:
    """Make the bench's tables, and say where D1 is."""
    await env.DB.batch(to_js([env.DB.prepare(text) for text in TABLES]))
    answer = await env.DB.prepare("SELECT 1").run()
    meta = json.loads(JSON.stringify(answer.meta))
    return {name: meta.get(name) for name in ("served_by_region", "served_by_colo")}


async def put(env: Any, given: dict[str, Any]) -> object:
    """Store a small object under every key."""
    keys = iter(given["keys"])

    async def lane() -> None:
        for key in keys:
            await env.ARTIFACTS.put(key, "body")

    await asyncio.gather(*(lane() for _ in range(AT_ONCE)))
    return {}


async def empty(env: Any, _given: dict[str, Any]) -> object:
    """Delete up to a thousand objects, and say whether any are left."""
    listing = await env.ARTIFACTS.list()
    keys = [one.key for one in listing.objects]
    if keys:
        await env.ARTIFACTS.delete(to_js(keys))
    return {"left": bool(listing.truncated)}


async def lists(env: Any, given: dict[str, Any]) -> object:
    """List pages from each of the keys, all at once."""
    return await timed([_Walk(env.ARTIFACTS, key).page for key in given["after"]], given["pages"])


class _Walk:
    def __init__(self, bucket: Any, after: str) -> None:
        self._bucket, self._after = bucket, after

    async def page(self) -> None:
        listing = await self._bucket.list(to_js({"startAfter": self._after}, dict_converter=Object.fromEntries))
        objects = listing.objects
        if objects.length:
            self._after = objects[objects.length - 1].key


async def batches(env: Any, given: dict[str, Any]) -> object:
    """Run batches of one statement: `SELECT 1`, or one that writes or finds so many rows."""
    text = json.dumps([f"raw/{number:08}" for number in range(given["rows"])])

    async def batch() -> None:
        one = env.DB.prepare(UPSERT).bind(text) if given["rows"] else env.DB.prepare("SELECT 1")
        await env.DB.batch(to_js([one]))

    return await timed([batch] * given["lanes"], given["calls"])


async def counted(env: Any, given: dict[str, Any]) -> object:
    """Run `SELECT 1` in batches of one size until D1 refuses, all in this one invocation."""

    async def run(size: int) -> None:
        await env.DB.batch(to_js([env.DB.prepare("SELECT 1") for _ in range(size)]))

    return await until_refused(run, given["size"], given["most"])


async def events(env: Any, _given: dict[str, Any]) -> object:
    """Return the events that came."""
    answer = await env.DB.prepare("SELECT key, event_time, seen_at FROM bench_events ORDER BY key").all()
    return json.loads(JSON.stringify(answer.results))


async def forget(env: Any, _given: dict[str, Any]) -> object:
    """Remove what a pass left in D1 and KV, so that the next one is a first pass again."""
    found = await env.DB.prepare("SELECT name FROM sqlite_schema WHERE type = 'table'").all()
    names = {one.name for one in found.results}
    await env.DB.batch(to_js([env.DB.prepare(f"DELETE FROM {name}") for name in STATE if name in names]))  # noqa: S608  # our own names
    for key in (await env.STATE.list()).keys:
        await env.STATE.delete(key.name)
    return {}


ROUTES: dict[str, Callable[[Any, dict[str, Any]], Awaitable[object]]] = {
    route.__name__: route for route in (ready, put, empty, lists, batches, counted, events, forget)
}
