"""The items of a plan: a page of them as JSON, or all as a file, made slice by slice, so its length costs no memory.

As in every file, the last line says whether all rows are there.
"""

from __future__ import annotations

import json
from collections.abc import AsyncIterator, Callable, Iterator
from typing import Any

from api.downloads import Download, csv_end, csv_line, ndjson_line
from plans.plan import Plan
from plans.store import Slice

MOST_SLICES = 900
"""An invocation may ask D1 1,000 queries (d1/platform/limits), and a slice takes one."""

COLUMNS = ("item", "step", "about", "from", "row", "left_out")
"""Of the CSV file, which has a line for each row that an item speaks of."""

Shown = dict[str, Any]


async def page_of(slices: AsyncIterator[Slice], after: int, limit: int, wanted: Callable[[Shown], bool]) -> Shown:
    """Return up to `limit` wanted items after item number `after`, and the number to continue after, if any."""
    found: list[Shown] = []
    async for slice_ in slices:
        for one in shown(slice_, after):
            if len(found) == limit:
                return {"items": found, "next": found[-1]["item"]}
            if wanted(one):
                found.append(one)
    return {"items": found, "next": None}


def shown(slice_: Slice, after: int) -> Iterator[Shown]:
    """Yield the items of a slice after item number `after`, each with its number, and why it was left out."""
    for place, item in enumerate(slice_.items):
        number = slice_.first + place
        if number > after:
            yield {"item": number, **item.shown(), "left_out": slice_.left_out.get(place)}


async def items_file(
    plan: Plan, slices: AsyncIterator[Slice], after: int, form: str, wanted: Callable[[Shown], bool]
) -> Download:
    """Return the wanted items after item number `after` as a file; raises what the first slice raises."""
    lines, end = (_csv_lines, csv_end) if form == "csv" else (ndjson_line, _ndjson_end)
    first = await anext(slices, None)

    async def parts() -> AsyncIterator[str]:
        yield csv_line(COLUMNS) if form == "csv" else ""
        rows, last, part, read = 0, after, first, 0
        while part:
            found = [one for one in shown(part, after) if wanted(one)]
            rows, last, read = rows + len(found), part.first + len(part.items) - 1, read + 1
            yield "".join(map(lines, found))
            part = await anext(slices, None) if read < MOST_SLICES else None
        yield end(rows, None if last >= plan.items else last)

    return Download(parts(), f"plan-{plan.id}", form)


def _ndjson_end(rows: int, after: int | None) -> str:
    return ndjson_line({"end": after is None, "items": rows, "next": after})


def _csv_lines(one: Shown) -> str:
    about, why = " ".join(map(str, one["about"])), one["left_out"] or ""
    rows = [(name, row) for name, found in one.items() if name not in COLUMNS for row in found] or [("", {})]
    cells = ([one["item"], one["step"], about, name, json.dumps(row, ensure_ascii=False), why] for name, row in rows)
    return "".join(map(csv_line, cells))
