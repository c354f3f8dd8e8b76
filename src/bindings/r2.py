"""An R2 binding as a `ports.Bucket`. A listed page goes from R2 to D1 as a text that never leaves JavaScript."""

from __future__ import annotations

from bisect import bisect_right
from collections.abc import Sequence
from typing import Any

from js import JSON, Array, Blob, Object, Reflect
from pyodide.ffi import JsException, jsnull, to_js  # type: ignore[attr-defined]  # newer than the stubs

from bindings.failures import translate, translate_list
from ports import GROUP, PAGE_OBJECTS, Held, LateParts, ListRequest, Page, PagePart, Span

MAX_PART_BYTES = 1_900_000
"""D1 takes a value of at most 2,000,000 bytes."""

MAX_KEY_BYTES = 1024
"""R2 has no object with a longer key (r2/platform/limits)."""

FIELDS = ("key", "size", "uploaded")


class R2Bucket:
    """Lists a raw R2 binding."""

    def __init__(self, binding: Any, max_part_bytes: int = MAX_PART_BYTES) -> None:
        self._binding = binding
        self._max_chunk_bytes = max_part_bytes
        self._fields = to_js(FIELDS)
        self._bounds: Any = to_js([[first, first + GROUP] for first in range(0, PAGE_OBJECTS, GROUP)])
        self._stringify = Reflect.apply.bind(None, JSON.stringify, None)

    async def list_page(self, request: ListRequest) -> Page:
        """List up to `request.limit` (1…1000) objects in UTF-8 byte order of their keys."""
        # R2 refuses a null option, so what is not given must be left out.
        options: dict[str, object] = {"limit": request.limit}
        if request.prefix:
            options["prefix"] = request.prefix
        if request.cursor is not None:
            options["cursor"] = request.cursor
        elif request.start_after is not None:
            options["startAfter"] = request.start_after
        try:
            listing = await self._binding.list(to_js(options, dict_converter=Object.fromEntries))
        except JsException as error:
            raise translate_list(str(error), with_cursor=request.cursor is not None) from error
        objects, truncated = listing.objects, bool(listing.truncated)
        within = None if request.until is None else _within(objects, request.until)
        if within is not None:
            objects, truncated = objects.slice(0, within), False
        cursor = str(listing.cursor) if truncated else None
        return Page(self._late_parts(objects), truncated, cursor, beyond=within is not None)

    async def has(self, key: str) -> bool:
        """Tell whether there is an object of this key; raises PlatformError where R2 did not answer."""
        if len(key.encode()) > MAX_KEY_BYTES:
            # `head` would fail; and where a row has such a key, it would fail for ever.
            return False
        try:
            found = await self._binding.head(key)
        except JsException as error:
            raise translate(str(error), doing=f"Asking R2 for {key!r}") from error
        return found is not None and found is not jsnull

    def _late_parts(self, objects: Any) -> Sequence[PagePart]:
        """Return the listed objects; their JSON is made later, as it takes some milliseconds."""
        if not objects.length:
            return ()
        span = _span(objects)
        return LateParts(span, lambda: self._parts(objects, span))

    def _parts(self, objects: Any, span: Span) -> list[PagePart]:
        """Return the listed objects as JSON, halved until each part fits into one D1 value."""
        text = self._text(objects, span.count)
        if span.count > 1 and Blob.new(text).size > self._max_chunk_bytes:
            middle = span.count // 2
            halves = objects.slice(0, middle), objects.slice(middle)
            return [part for half in halves for part in self._parts(half, _span(half))]
        return [PagePart(Held(text), span.count, span.first_key, span.last_key)]

    def _text(self, objects: Any, count: int) -> Any:
        """Return the objects as JSON, in a JavaScript array of one.

        A JavaScript string that Python touches is copied into Python's memory, and back again to be bound; `map` makes
        it without being asked for it, and cuts the groups with one call from Python in place of one for each. It passes
        more arguments than `Reflect.apply` looks at.
        """
        bounds = self._bounds.slice(0, -(-count // GROUP))
        groups = bounds.map(Reflect.apply.bind(None, Array.prototype.slice, objects))
        return to_js([[groups, self._fields]]).map(self._stringify)


def _span(objects: Any) -> Span:
    count = int(objects.length)
    return Span(count, str(objects[0].key), str(objects[count - 1].key))


def _within(objects: Any, until: str) -> int | None:
    """Return how many of the objects come no later than `until`; None where all do.

    Compared in Python, whose order of texts is that of UTF-8 bytes, and JavaScript's is not.
    """
    count = int(objects.length)
    if count == 0 or str(objects[count - 1].key) <= until:
        return None
    return bisect_right(range(count), until, key=lambda place: str(objects[place].key))
