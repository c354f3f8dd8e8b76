"""A list as a file to keep: CSV or NDJSON, made page by page, so that its length costs no memory.

An answer that breaks off looks like one that ended. So the last line says whether all rows are there; where it is
missing, or says otherwise, they are not.
"""

from __future__ import annotations

import csv
import io
from collections.abc import AsyncIterator, Callable, Sequence

from starlette.responses import Response
from starlette.types import Receive, Scope, Send

from json_text import compact
from missing.listing import Listed, Listing
from missing.places import Place
from runs.costs import asked_of

PAGE_ROWS = 1000
MOST_PAGES = 200
"""An invocation may ask D1 1,000 queries (d1/platform/limits), and a page takes one for itself and each reference."""

MEDIA_TYPES = {"csv": "text/csv; charset=utf-8", "ndjson": "application/x-ndjson"}

FORMULA = ("=", "+", "-", "@", "\t", "\r", "\n", "\uff1d", "\uff0b", "\uff0d", "\uff20")
"""What a spreadsheet may take for the beginning of a formula (OWASP, CSV injection); the last four are full-width."""

Lines = Callable[[Sequence[Listed]], str]


class Download(Response):
    """An answer that is sent as it is made. Starlette's own needs task groups, and would send what nobody reads."""

    def __init__(self, parts: AsyncIterator[str], name: str, form: str) -> None:
        super().__init__(media_type=MEDIA_TYPES[form])
        del self.headers["content-length"]
        self.headers["content-disposition"] = f'attachment; filename="{name}.{form}"'
        self._parts = parts

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:  # noqa: ARG002  # ASGI's
        """Send the parts."""
        await send({"type": "http.response.start", "status": self.status_code, "headers": self.raw_headers})
        if scope["method"] != "HEAD":
            async for part in self._parts:
                await send({"type": "http.response.body", "body": part.encode(), "more_body": True})
        await send({"type": "http.response.body", "body": b"", "more_body": False})


async def download(listing: Listing, after: Place, name: str, form: str) -> Download:
    """Return the list from `after` on as a file; raises what the first page raises, while it can still be answered."""
    lines = _csv(listing) if form == "csv" else _ndjson
    end = _csv_end if form == "csv" else _ndjson_end
    head = csv_line([*listing.kind.columns, "cited", *names(listing)]) if form == "csv" else ""
    first = await listing.page(after, PAGE_ROWS)

    async def parts() -> AsyncIterator[str]:
        rows, page = len(first.rows), first
        yield head + lines(page.rows)
        for _ in range(MOST_PAGES - 1):
            if page.next is None or not _may_ask(listing):
                break
            page = await listing.page(page.next, PAGE_ROWS)
            rows += len(page.rows)
            yield lines(page.rows)
        yield end(rows, page.next)

    return Download(parts(), name, form)


def _may_ask(listing: Listing) -> bool:
    """Tell whether the invocation has the queries of a further page."""
    asked = asked_of(listing.database)
    return asked is None or asked.has(1 + len(listing.references))


def names(listing: Listing) -> list[str]:
    """Return the names of the references that are counted."""
    return [one.name for one in listing.references]


def readable(one: Listed) -> dict[str, object]:
    """Return a row as JSON."""
    return {**one.row, "cited": sum(one.cited.values()), "cited_by": dict(one.cited)}


def _ndjson(rows: Sequence[Listed]) -> str:
    return "".join(ndjson_line(readable(one)) for one in rows)


def _ndjson_end(rows: int, after: Place | None) -> str:
    return ndjson_line({"end": after is None, "rows": rows, "next": None if after is None else after.token()})


def _csv(listing: Listing) -> Lines:
    columns = listing.kind.columns

    def lines(rows: Sequence[Listed]) -> str:
        cells = ([*(one.row[name] for name in columns), sum(one.cited.values()), *one.cited.values()] for one in rows)
        return "".join(map(csv_line, cells))

    return lines


def _csv_end(rows: int, after: Place | None) -> str:
    return csv_end(rows, None if after is None else after.token())


def ndjson_line(value: object) -> str:
    """Return a line of NDJSON."""
    return compact(value) + "\n"


def csv_end(rows: int, after: object) -> str:
    """Return the last line of a CSV file: how many rows it has, or what to continue after where they are not all."""
    return csv_line(["(end)", rows] if after is None else ["(not all: continue after)", after])


def csv_line(cells: Sequence[object]) -> str:
    """Return a line of CSV (RFC 4180): every text quoted, and none that a spreadsheet would compute."""
    line = io.StringIO()
    csv.writer(line, quoting=csv.QUOTE_NONNUMERIC, lineterminator="\r\n").writerow([_cell(cell) for cell in cells])
    return line.getvalue()


def _cell(value: object) -> object:
    if value is None:
        return ""
    return f"'{value}" if isinstance(value, str) and value.startswith(FORMULA) else value
