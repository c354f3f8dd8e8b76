"""A whole artifacts row as JSON, and back: what makes a merge undoable."""

from __future__ import annotations

from collections.abc import Sequence

import sql

_PAIRS = 15
"""D1 documents 32 arguments for a SQL function: 15 pairs and the JSON they are added to."""

_BLOB = "steward:blob:"
"""JSON holds no bytes: a BLOB is journalled as this mark and its hexadecimal digits."""

_REAL = "steward:real:"
"""JSON text may hold 15 digits of a REAL: it is journalled as this mark and the digits of SQLite's `quote`."""

_TEXT = "steward:text:"
"""A text that looks like a mark is journalled after this one."""


def whole_row(columns: Sequence[str], table: str) -> str:
    """Return the SQL expression of a JSON object with every column of `table`'s row."""
    expression = "'{}'"
    for start in range(0, len(columns), _PAIRS):
        pairs = [
            f"{_path(name)}, {journalled(f'{table}.{sql.quote(name)}')}" for name in columns[start : start + _PAIRS]
        ]
        expression = f"json_set({expression}, {', '.join(pairs)})"
    return expression


def journalled(value: str) -> str:
    """Return the SQL expression of a value as JSON can hold it, without a digit or a byte lost."""
    return (
        f"CASE typeof({value}) WHEN 'blob' THEN '{_BLOB}' || hex({value}) WHEN 'real' THEN '{_REAL}' || quote({value}) "
        f"WHEN 'text' THEN CASE WHEN {value} GLOB 'steward:*' THEN '{_TEXT}' || {value} ELSE {value} END "
        f"ELSE {value} END"
    )


def restored(columns: Sequence[str], source: str) -> str:
    """Return the SQL expressions that read those columns from the JSON object in `source`, in order."""
    return ", ".join(_read(f"{source} ->> {_path(name)}") for name in columns)


def restored_object(source: str) -> dict[str, str]:
    """Return the slots that read the bucket and the key of a journalled row from the JSON object in `source`."""
    return {name: restored([name], source) for name in ("r2_bucket", "r2_key")}


def _read(value: str) -> str:
    # The marks are of one length.
    rest = f"substr({value}, {len(_TEXT) + 1})"
    return (
        f"CASE WHEN {value} GLOB '{_BLOB}*' THEN unhex({rest}) WHEN {value} GLOB '{_REAL}*' THEN CAST({rest} AS REAL) "
        f"WHEN {value} GLOB '{_TEXT}*' THEN {rest} ELSE {value} END"
    )


def _path(column: str) -> str:
    """Return the JSON path of a column as a SQL literal."""
    return "'$.\"" + column.replace("'", "''") + "\"'"
