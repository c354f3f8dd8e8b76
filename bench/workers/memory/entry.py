"""Our whole Worker on a bucket made up at the port; copied into `src` in place of its entry.

The local R2 lives in the Worker's process and grows with its objects. Here a page of any listing is made when it is
asked for, as JavaScript objects behind a promise; what turns it into rows (bindings, walk, D1) is real.
"""

from __future__ import annotations

import gc
import json
from typing import Any
from urllib.parse import urlsplit

import pyodide_js  # type: ignore[import-not-found]  # exists only inside the Worker
from js import JSON, Promise
from workers import Response, WorkerEntrypoint, asgi

from api.app import create_app
from bindings.connect import WorkerEnvironment

OBJECTS = 100_000_000
MALLINFO_BYTES = 64
IN_USE = 7
"""The place of `uordblks`, the bytes in use, in C's `struct mallinfo`."""

ENDS = (".pdf", ".pdf", ".html", ".csv", ".pdf", ".txt", ".html", ".pdf", ".csv", ".pdf")
SAME = {
    "size": 4,
    "httpEtag": '"d41d8cd98f00b204e9800998ecf8427e"',
    "uploaded": "2026-01-02T03:04:05.000Z",
    "checksums": {"md5": "d41d8cd98f00b204e9800998ecf8427e"},
    "httpMetadata": {},
    "customMetadata": {},
    "storageClass": "Standard",
}
"""What R2 lists of an object beside its key, version and etag: the walk must leave it behind."""

KEPT: list[Any] = []
"""Every page, once told to leak: what the measurement must notice."""

LEAK = {"pages": False}


class MadeUpBucket:
    """A raw R2 binding that holds a hundred million objects and stores none."""

    def list(self, options: Any) -> Any:
        """Return a promise of a listing."""
        after = getattr(options, "cursor", None) or getattr(options, "startAfter", None)
        first = 0 if after is None else _number(str(after)) + 1
        numbers = range(first, min(first + int(options.limit), OBJECTS))
        listed = [
            {"key": _key(number), "version": f"{number:032x}", "etag": f"{number:032x}", **SAME} for number in numbers
        ]
        page = {"objects": listed, "truncated": numbers.stop < OBJECTS, "cursor": _key(numbers[-1])}
        listing = JSON.parse(json.dumps(page))
        if LEAK["pages"]:
            KEPT.append(listing)
        return Promise.resolve(listing)


def _key(number: int) -> str:
    return f"raw/{number // 1000:06}/{number:09}{ENDS[number % len(ENDS)]}"


def _number(key: str) -> int:
    return int(key.rpartition("/")[2].partition(".")[0])


class MadeUpEnvironment(WorkerEnvironment):
    """Our environment, but for the bucket."""

    def _binding(self, name: str, table: str) -> Any:
        return MadeUpBucket() if table == "r2_buckets" else super()._binding(name, table)


APP = create_app(MadeUpEnvironment)


class Default(WorkerEntrypoint):
    """The Worker on a bucket that is made up."""

    async def fetch(self, request: Any) -> Any:
        """Answer a request, or the state of the memory."""
        path = urlsplit(str(request.url)).path
        if path == "/memory":
            return Response(json.dumps(_memory()))
        if path == "/leak":
            LEAK["pages"] = True
            return Response("{}")
        return await asgi.fetch(APP, request.js_object, self.env)


def _memory() -> dict[str, int]:
    """Return what is alive after a collection: Python's objects and bytes, and its references into JavaScript."""
    gc.collect()
    module = pyodide_js._module
    place = module._malloc(MALLINFO_BYTES)
    module._mallinfo(place)
    in_use = int(module.HEAP32[(place >> 2) + IN_USE])
    module._free(place)
    return {
        "wasm_heap": int(module.HEAP8.length),
        "bytes_in_use": in_use,
        "python_objects": len(gc.get_objects()),
        "js_references": int(module._hiwire_num_refs()),
    }
