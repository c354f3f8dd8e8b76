"""The rows that break an invariant as a file, made page by page; its last line says whether all are there."""

from __future__ import annotations

from collections.abc import AsyncIterator

from api.downloads import Download, csv_end, csv_line, ndjson_line
from invariants.listing import MOST_LOOKS, RowList, RowPage
from invariants.row_place import RowPlace

PAGE_ROWS = 1000
LOOK_QUERIES = 3
"""What a look takes at most."""

SPARE_QUERIES = 16
"""What is asked before the first look: the schema, and what the passes say."""


async def row_file(rows: RowList, place: RowPlace, form: str, queries: int) -> Download:
    """Return the rows from a place on as a file, made with so many queries at most.

    Raises what the first page raises, while it can still be answered.
    """
    looks = max(1, (queries - SPARE_QUERIES) // LOOK_QUERIES)
    first = await rows.page(place, PAGE_ROWS, min(looks, MOST_LOOKS))
    name = rows.invariant.name
    pages = _pages(rows, first, looks - first.looks)
    return Download(_csv(name, pages) if form == "csv" else _ndjson(name, pages), name, form)


async def _pages(rows: RowList, first: RowPage, looks: int) -> AsyncIterator[RowPage]:
    page = first
    yield page
    while page.next is not None and looks > 0:
        page = await rows.page(page.next, PAGE_ROWS, min(looks, MOST_LOOKS))
        looks -= page.looks
        yield page


async def _ndjson(name: str, pages: AsyncIterator[RowPage]) -> AsyncIterator[str]:
    given, following = 0, None
    async for page in pages:
        given, following = given + len(page.rows), page.next
        yield "".join(map(ndjson_line, page.rows))
    token = None if following is None else following.token(name)
    yield ndjson_line({"end": token is None, "rows": given, "next": token})


async def _csv(name: str, pages: AsyncIterator[RowPage]) -> AsyncIterator[str]:
    given, following, head = 0, None, False
    async for page in pages:
        if page.rows and not head:
            head = True
            yield csv_line(list(page.rows[0]))
        given, following = given + len(page.rows), page.next
        yield "".join(csv_line(list(row.values())) for row in page.rows)
    yield csv_end(given, None if following is None else following.token(name))
