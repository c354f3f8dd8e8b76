"""Read the values of a row as the types that its statement promises."""

from __future__ import annotations

from ports import Row


def number(row: Row, name: str) -> int:
    """Return a whole number; SQL's NULL, as of a sum over no rows, is 0."""
    return int(row[name] or 0)


def text(row: Row, name: str) -> str:
    """Return a text."""
    return str(row[name])


def optional_text(row: Row, name: str) -> str | None:
    """Return a text, or None for NULL."""
    return None if row[name] is None else str(row[name])
