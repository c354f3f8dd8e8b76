"""A D1 binding as a `ports.Database`."""

from __future__ import annotations

import json
from collections.abc import Sequence
from typing import Any

from js import JSON
from pyodide.ffi import JsException, jsnull, to_js  # type: ignore[attr-defined]  # newer than the stubs

from bindings.failures import translate
from ports import Result, Statement, Value


class D1Database:
    """Runs batches on a raw D1 binding (the SDK's wrapper would convert every row one by one)."""

    def __init__(self, binding: Any) -> None:
        self._binding = binding

    async def batch(self, statements: Sequence[Statement]) -> list[Result]:
        """Run all statements in one transaction: all of them, or none."""
        try:
            # `bind` refuses a value that D1 cannot take, such as an integer beyond 2**53.
            prepared = self._prepared(statements)
            answer = await self._binding.batch(to_js(prepared))
        except JsException as error:
            raise translate(str(error), doing="A D1 batch") from error
        return [_result(one) for one in json.loads(JSON.stringify(answer))]

    async def bookmark(self) -> str | None:
        """Return D1's Time Travel bookmark of this moment, or None where there is none."""
        try:
            session = self._binding.withSession("first-primary")
            await session.prepare("SELECT 1").run()
            bookmark = session.getBookmark()
        except JsException as error:
            raise translate(str(error), doing="Asking D1 for its bookmark") from error
        return str(bookmark) if isinstance(bookmark, str) else None

    def _prepared(self, statements: Sequence[Statement]) -> list[Any]:
        """Prepare and bind every statement.

        A page is bound three times, as the first parameters of three statements: the longest list of parameters is
        turned into JavaScript once, and whoever begins with the same ones takes a slice of it.
        """
        longest = max((statement.params for statement in statements), key=len, default=())
        shared = to_js([_bound(value) for value in longest])
        prepared = []
        for statement in statements:
            one = self._binding.prepare(statement.sql)
            count = len(statement.params)
            if count and statement.params == longest[:count]:
                one = one.bind.apply(one, shared.slice(0, count))
            elif count:
                one = one.bind(*map(_bound, statement.params))
            prepared.append(one)
        return prepared


def _bound(value: Value) -> Any:
    # Python's None would reach D1 as `undefined`, which it refuses.
    return jsnull if value is None else value


def _result(answer: dict[str, Any]) -> Result:
    meta = answer["meta"]
    return Result(
        rows=answer.get("results") or [],
        rows_read=int(meta.get("rows_read", 0)),
        rows_written=int(meta.get("rows_written", 0)),
        changes=int(meta.get("changes", 0)),
        duration_ms=float(meta.get("duration", 0)),
    )
