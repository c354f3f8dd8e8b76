"""The same job as the JavaScript Worker's lanes, by the least that Python can do it with; copied into `src`.

Listing, page text, bind and batch go through the same calls as our own bindings make. There is nothing else: no lease,
no run's row, no schema and rules read, no limit, no count of what was written. So what it takes longer than JavaScript
is the language's, and what ours takes longer than it is ours.

POST /backfill {bucket, rules, sql: {plan, write}, lanes, ranges, away} answers the counts.
"""

from __future__ import annotations

import asyncio
import json
from typing import Any

from js import JSON, Object, scheduler
from pyodide.ffi import to_js
from workers import Response, WorkerEntrypoint, import_from_javascript

from bindings.r2 import R2Bucket, _within
from ports import PAGE_OBJECTS
from words import COUNTS


class Bare:
    """One job."""

    def __init__(self, env: Any, job: dict[str, Any]) -> None:
        self.env, self.away, self.text = env, job.get("away") or {}, R2Bucket(env.ARTIFACTS)._text
        self.given = {"bucket": job["bucket"], "rules": json.dumps(job["rules"]), "first": 0, "since": "", "slack": 900}
        self.prepared = [(env.DB.prepare(one["text"]), one["names"]) for one in job["sql"].values() if "names" in one]
        self.left = list(job["ranges"])
        self.counts = dict.fromkeys(COUNTS, 0)

    async def lane(self) -> None:
        """Walk ranges while there are any."""
        while self.left:
            await self.walked(*self.left.pop(0))

    async def walked(self, after: str | None, until: str | None) -> None:
        """Walk a range; its next page is listed while the last one is committed."""
        first = {"limit": PAGE_OBJECTS, **({} if after is None else {"startAfter": after})}
        listing: asyncio.Future[Any] | None = self.listed(first)
        came_after = after or ""
        while listing is not None:
            page = await listing
            objects, count = page.objects, int(page.objects.length)
            last_key = str(objects[count - 1].key)
            ends = not page.truncated or (until is not None and last_key >= until)
            listing = None if ends else self.listed({"limit": PAGE_OBJECTS, "cursor": str(page.cursor)})
            if until is not None and (within := _within(objects, until)) is not None:
                objects, count = objects.slice(0, within), within
            if count:
                came_after = await self.committed(objects, count, came_after)

    def listed(self, options: dict[str, object]) -> asyncio.Future[Any]:
        """Begin a listing."""
        return asyncio.ensure_future(self._listing(to_js(options, dict_converter=Object.fromEntries)))

    async def _listing(self, options: Any) -> Any:
        if self.away.get("r2_ms"):
            await scheduler.wait(self.away["r2_ms"])
        return await self.env.ARTIFACTS.list(options)

    async def committed(self, objects: Any, count: int, after: str) -> str:
        """Commit a page, and return its last key."""
        first_key, last_key = str(objects[0].key), str(objects[count - 1].key)
        page = {"page": self.text(objects, count), "first_key": first_key, "last_key": last_key, "end": count}
        given = {**self.given, **page, "after": after}
        if self.away.get("d1_ms"):
            await scheduler.wait(self.away["d1_ms"])
        bound = [to_js([given[name] for name in names]).flat() for _, names in self.prepared]
        statements = [one.bind.apply(one, values) for (one, _), values in zip(self.prepared, bound, strict=True)]
        [found, _] = json.loads(JSON.stringify(await self.env.DB.batch(to_js(statements))))
        for kind in COUNTS:
            self.counts[kind] += found["results"][0][kind]
        return last_key


class Default(WorkerEntrypoint):
    """The Worker."""

    async def fetch(self, request: Any) -> Any:
        """Do the job."""
        job = json.loads(await request.text())
        bare = Bare(import_from_javascript("cloudflare:workers").env, job)
        await asyncio.gather(*(bare.lane() for _ in range(job["lanes"])))
        return Response(json.dumps(bare.counts))
