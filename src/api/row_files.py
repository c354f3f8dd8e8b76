"""The rows that break an invariant as a file, made page by page; its last line says whether all are there."""

from __future__ import annotations

import json
from collections.abc import AsyncIterator

from api.downloads import Download, csv_line
from invariants.listing import RowList, RowPage
from invariants.row_place import RowPlace
from ports import Row

PAGE_ROWS = 1000
MOST_LOOKS = 300
"""An invocation may ask D1 1,000 queries (d1/platform/limits), and a look takes up to three."""


async def row_file(rows: RowList, place: RowPlace, form: str) -> Download:
    """Return the rows from a place on as a file; raises what the first page raises, while it can still be answered."""
    first = await rows.page(place, PAGE_ROWS)
    name = rows.invariant.name
    return Download(_csv(rows, first) if form == "csv" else _ndjson(rows, first), name, form)


async def _pages(rows: RowList, first: RowPage) -> AsyncIterator[RowPage]:
    page, looks = first, first.looks
    yield page
    while page.next is not None and looks < MOST_LOOKS:
        page = await rows.page(page.next, PAGE_ROWS)
        looks += page.looks
        yield page


async def _ndjson(rows: RowList, first: RowPage) -> AsyncIterator[str]:
    given, following = 0, first.next
    async for page in _pages(rows, first):
        given, following = given + len(page.rows), page.next
        yield "".join(_json(row) + "\n" for row in page.rows)
    token = None if following is None else following.token(rows.invariant.name)
    yield _json({"end": token is None, "rows": given, "next": token}) + "\n"


async def _csv(rows: RowList, first: RowPage) -> AsyncIterator[str]:
    given, following, head = 0, first.next, False
    async for page in _pages(rows, first):
        if page.rows and not head:
            head = True
            yield csv_line(list(page.rows[0]))
        given, following = given + len(page.rows), page.next
        yield "".join(csv_line(list(row.values())) for row in page.rows)
    if following is None:
        yield csv_line(["(end)", given])
    else:
        yield csv_line(["(not all: continue after)", following.token(rows.invariant.name)])


def _json(value: Row) -> str:
    return json.dumps(value, ensure_ascii=False, separators=(",", ":"))
