"""A D1 binding as a `ports.Database`."""

from __future__ import annotations

import json
from collections.abc import Sequence
from typing import Any

from js import JSON
from pyodide.ffi import JsException, jsnull, to_js  # type: ignore[attr-defined]  # newer than the stubs

from bindings.failures import translate
from ports import Held, Result, Statement, Value


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
        """Prepare and bind every statement; the statements of a page have the same parameters, made once."""
        params: tuple[Value, ...] = ()
        values, prepared = _bound(params), []
        for statement in statements:
            if statement.params != params:
                params, values = statement.params, _bound(statement.params)
            one = self._binding.prepare(statement.sql)
            prepared.append(one.bind.apply(one, values) if params else one)
        return prepared


def _bound(params: Sequence[Value]) -> Any:
    return to_js([_raw(value) for value in params]).flat()


def _raw(value: Value) -> Any:
    # Python's None would reach D1 as `undefined`, which it refuses. A held text is an array of one, for `flat`.
    return jsnull if value is None else value.text if isinstance(value, Held) else value


def _result(answer: dict[str, Any]) -> Result:
    meta = answer["meta"]
    return Result(
        rows=answer.get("results") or [],
        rows_read=int(meta.get("rows_read", 0)),
        rows_written=int(meta.get("rows_written", 0)),
        changes=int(meta.get("changes", 0)),
        duration_ms=float(meta.get("duration", 0)),
    )
