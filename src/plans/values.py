"""How a value stands in a line: as the journal has it, but for a REAL, which versions of SQLite write in other digits.

A whole one is written as its digits, any other as a whole number over a power of two, which it is. What is too large or
too small for that is written as that SQLite does.
"""

from __future__ import annotations

from recovery.journal import journalled

_LARGEST = "9000000000000000000"
"""Below this a whole REAL is a whole number of 64 bits."""


def exact(value: str) -> str:
    """Return the SQL expression of a value as JSON can hold it, the same text on every SQLite."""
    whole = (
        f"WHEN {value} = CAST({value} AS INTEGER) AND abs({value}) < {_LARGEST} THEN CAST({value} AS INTEGER) || '.0'"
    )
    parts = " ".join(_fraction(value, bits) for bits in (20, 40, 52, 62))
    real = f"'steward:real:' || CASE {whole} {parts} ELSE quote({value}) END"
    return f"CASE WHEN typeof({value}) = 'real' THEN {real} ELSE {journalled(value)} END"


def _fraction(value: str, bits: int) -> str:
    product = f"{value} * {2**bits}.0"
    fits = f"abs({product}) < {_LARGEST} AND {product} = CAST({product} AS INTEGER)"
    return f"WHEN {fits} THEN CAST({product} AS INTEGER) || '/2^{bits}'"
