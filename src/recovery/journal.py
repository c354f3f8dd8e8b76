"""A whole artifacts row as JSON, and back: what makes a merge undoable."""

from __future__ import annotations

from collections.abc import Sequence

import sql

_PAIRS = 15
"""D1 documents 32 arguments for a SQL function: 15 pairs and the JSON they are added to."""

_BLOB = "steward:blob:"
"""JSON holds no bytes: a BLOB is journalled as this mark and its hexadecimal digits."""


def whole_row(columns: Sequence[str], table: str) -> str:
    """Return the SQL expression of a JSON object with every column of `table`'s row."""
    expression = "'{}'"
    for start in range(0, len(columns), _PAIRS):
        pairs = [
            f"{_path(name)}, CASE typeof({table}.{sql.quote(name)}) WHEN 'blob' "
            f"THEN '{_BLOB}' || hex({table}.{sql.quote(name)}) ELSE {table}.{sql.quote(name)} END"
            for name in columns[start : start + _PAIRS]
        ]
        expression = f"json_set({expression}, {', '.join(pairs)})"
    return expression


def restored(columns: Sequence[str], source: str) -> str:
    """Return the SQL expressions that read those columns from the JSON object in `source`, in order."""
    return ", ".join(
        f"CASE WHEN {source} ->> {_path(name)} GLOB '{_BLOB}*' "
        f"THEN unhex(substr({source} ->> {_path(name)}, {len(_BLOB) + 1})) ELSE {source} ->> {_path(name)} END"
        for name in columns
    )


def _path(column: str) -> str:
    """Return the JSON path of a column as a SQL literal."""
    return "'$.\"" + column.replace("'", "''") + "\"'"
