"""How the local programs print: numbers with separators, plain tables, progress on a terminal only."""

import sys
from collections.abc import Iterable, Sequence
from typing import TypeVar

T = TypeVar("T")
_EVERY = 100


def number(value: object) -> str:
    """Return a value as a person reads it: 12,345; yes and no; a dash for nothing."""
    if value is None:
        return "-"
    if isinstance(value, bool):
        return "yes" if value else "no"
    return f"{value:,}" if isinstance(value, int) else str(value)


def table(heads: Sequence[str], rows: Iterable[Sequence[object]], indent: str = "  ") -> str:
    """Return the rows under their heads, numbers to the right."""
    rows = list(rows)
    columns = list(zip(*[[*map(number, row)] for row in rows], strict=True)) or [()] * len(heads)
    widths = [max(map(len, [head, *cells])) for head, cells in zip(heads, columns, strict=True)]
    right = [any(isinstance(row[index], int) for row in rows) for index in range(len(heads))]
    lines = [heads, ["-" * width for width in widths], *(list(map(number, row)) for row in rows)]
    return "\n".join(indent + _line(line, widths, right) for line in lines)


def _line(cells: Sequence[str], widths: Sequence[int], right: Sequence[bool]) -> str:
    placed = [
        cell.rjust(width) if to_right else cell.ljust(width)
        for cell, width, to_right in zip(cells, widths, right, strict=True)
    ]
    return "  ".join(placed).rstrip()


def counted(items: Sequence[T], what: str) -> Iterable[T]:
    """Yield the items; on a terminal, show how far it is."""
    for index, item in enumerate(items):
        if sys.stdout.isatty() and index % _EVERY == 0:
            print(f"\r  {number(index)} of {number(len(items))} {what}", end="\r", flush=True)
        yield item
