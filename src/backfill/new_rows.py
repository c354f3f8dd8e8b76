"""What a new row of `artifacts` needs of its table: every column filled, and fetched_at in the form it has there."""

from __future__ import annotations

from collections.abc import Sequence

from database.rows import number
from errors import RefusedError
from naming.names import WORDS, Names
from ports import Row
from runs.record import no_unique_index

FIRST_EPOCH = 100_000_000
"""Seconds of March 1973. Smaller numbers are something else: a year, a day such as 20240101, a place in a list."""


def moment_of(columns: Sequence[Row], form: Row) -> str:
    """Return the SQL expression of an object's upload time in the form that `artifacts.fetched_at` has.

    Numbers where the column is declared so and empty, or holds nothing else: in the unit of its largest value, by size.
    Else the text of ISO 8601, also where its numbers are too small for an epoch (before March 1973): what they mean is
    not known. `form` is the row of `schema/fetched_form`.
    """
    [declared] = [str(row["type"]).upper() for row in columns if row["name"] == "fetched_at"]
    dates, numbers, largest = number(form, "dates"), number(form, "numbers"), float(form["largest"] or 0)
    numeric = any(word in declared for word in ("INT", "REAL", "FLOA", "DOUB", "NUM", "DEC"))
    epochs = numbers == dates and largest >= FIRST_EPOCH if numbers else numeric and not dates
    if not epochs:
        return "uploaded"
    milliseconds = "CAST(round((julianday(uploaded) - 2440587.5) * 86400000) AS INTEGER)"
    unit = next((scale for limit, scale in _UNITS if largest > limit), " / 1000")
    return f"{milliseconds}{unit}"


_UNITS = ((1e17, " * 1000000"), (1e14, " * 1000"), (1e11, ""))
"""By the size of an epoch: nanoseconds, microseconds, milliseconds; else seconds."""


def refuse_unfilled(columns: Sequence[Row]) -> None:
    """Raise RefusedError where `artifacts` has a column that a new row must fill and this Worker knows nothing of."""
    needed = [row for row in columns if row["not_null"] and not row["has_default"] and not row["pk"]]
    unknown = [str(row["name"]) for row in needed if row["name"] not in WORDS]
    if unknown:
        table = Names.of_rows(columns).table
        message = f"{table}.{f', {table}.'.join(unknown)}: NOT NULL without a default, so no row can be inserted."
        raise RefusedError("schema", message, hint="Give the column a default, or allow NULL (docs/deploy.md).")


def unindexed(columns: Sequence[Row]) -> RefusedError:
    """Return the refusal of a live run where no unique index keeps it from inserting duplicates."""
    return no_unique_index(Names.of_rows(columns).said)
