"""A sum that proves that the intervals of keys a pass looked at follow each other, in whatever order they were taken.

Each interval adds the number of its end and takes away that of its beginning; what follows each other cancels out. An
interval that was left out, or taken twice, leaves its numbers in the sum.
"""

from __future__ import annotations

import hashlib

MODULUS = 2**64

START, END = "start", "end"


def number(key: str | None, *, if_open: str) -> int:
    """Return the number of a key; of None, which is the beginning or the end of all keys."""
    text = if_open if key is None else f"key {key}"
    return int.from_bytes(hashlib.sha256(text.encode()).digest()[:8])


def interval(after: str | None, until: str | None) -> int:
    """Return what the interval of keys after `after` up to `until` adds to the sum."""
    return (number(until, if_open=END) - number(after, if_open=START)) % MODULUS


WHOLE = interval(None, None)
"""The sum of a complete pass."""
