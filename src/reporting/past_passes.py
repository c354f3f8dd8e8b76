"""The passes that are kept, as answers list them: what each counted, and what it proves of what it did not list."""

from __future__ import annotations

import json
from typing import Any

import sql
from backfill import counts
from backfill.counts import NUMBERS, Counts
from backfill.passes import noted
from database.batch import ask
from database.rows import number, optional_text, text
from errors import InputError
from ports import Database, Row
from reporting.passes import readable_ranges
from words import MAX_INTEGER


async def list_passes(
    database: Database, *, bucket: str | None = None, prefix: str | None = None, limit: int, before: int | None = None
) -> list[dict[str, object]]:
    """Return the newest passes first, of a bucket and prefix and older than `before` where given."""
    wanted = sql.statement("passes/list_passes", bucket=bucket, prefix=prefix, most=limit, before=before)
    return [_told(row) for row in await ask(database, wanted)]


async def read_pass(database: Database, pass_id: int) -> dict[str, object]:
    """Return one pass with its ranges and its certificate; raises InputError (404) where there is none."""
    rows = await ask(database, sql.statement("passes/read_pass", pass_id=min(pass_id, MAX_INTEGER)))
    if not rows:
        raise InputError("pass_id", f"There is no pass {pass_id}.", hint="GET /passes lists them.", status=404)
    [row] = rows
    found = noted(row)
    samples = {"unclassified_sample": found.counts.unclassified_sample, "newer_sample": found.counts.newer_sample}
    return {
        **_told(row),
        **{name: list(keys) for name, keys in samples.items()},
        "ranges": readable_ranges(found.ranges),
        "marks": len(found.marks.keys),
        "errors": found.errors,
        "certificate": _certificate(row),
    }


def _told(row: Row) -> dict[str, object]:
    certificate, previous, page = _certificate(row), optional_text(row, "previous"), optional_text(row, "page")
    counted = _counts(text(row, "counts"))
    if page is not None:
        counted += counts.of_pages(json.loads(page))
    return {
        "id": row["id"],
        "bucket": row["r2_bucket"],
        "prefix": row["r2_prefix"],
        **{name: row[name] for name in ("started_at", "saved_at", "completed_at")},
        "counts": {**_numbers(counted), "missing": None if certificate is None else certificate["missing"]},
        "previous": None if previous is None else _numbers(_counts(previous)),
        "certified": certificate is not None and bool(certificate["certified"]),
        "why_not": _why_not(row, certificate),
        "heads": number(row, "heads"),
    }


def _counts(stored: str) -> Counts:
    return counts.stored({"unclassified_sample": [], **json.loads(stored)})


def _numbers(counted: Counts) -> dict[str, int]:
    return {name: getattr(counted, name) for name in NUMBERS}


def _certificate(row: Row) -> dict[str, Any] | None:
    stored = optional_text(row, "certificate")
    found: dict[str, Any] | None = None if stored is None else json.loads(stored)
    return found


def _why_not(row: Row, certificate: dict[str, Any] | None) -> list[str]:
    if certificate is not None:
        return list(certificate["why_not"])
    if row["completed_at"] is None:
        return ["It is not complete."]
    if row["r2_prefix"]:
        return ["It covers a prefix, and not all of the bucket."]
    return ["A version that gave no certificates completed it."]
