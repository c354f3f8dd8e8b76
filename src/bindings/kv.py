"""A KV binding as a `ports.KeyValue`."""

from __future__ import annotations

from typing import Any

from pyodide.ffi import JsException, jsnull  # type: ignore[attr-defined]  # newer than the stubs

from bindings.failures import translate


class KvNamespace:
    """Reads and writes text in a raw KV binding."""

    def __init__(self, binding: Any) -> None:
        self._binding = binding

    async def get(self, key: str) -> str | None:
        """Return the value, or None where there is none; raises PlatformError where KV did not answer."""
        try:
            value = await self._binding.get(key)
        except JsException as error:
            raise translate(str(error), doing=f"Reading {key!r} from KV") from error
        return None if value is None or value is jsnull else str(value)

    async def put(self, key: str, value: str) -> None:
        """Store the value; raises PlatformError where KV did not take it."""
        try:
            await self._binding.put(key, value)
        except JsException as error:
            raise translate(str(error), doing=f"Writing {key!r} to KV") from error
