"""JSON as text: ours has no spaces; what comes from outside is read in bounded depth, in linear time, as UTF-8 only."""

from __future__ import annotations

import json
import re

MAX_DEPTH = 16
"""No value of ours is half as deep. Some thousand levels overflow the stack of Python in WebAssembly and kill it."""

_STRING = re.compile(rb'"(?:[^"\\]|\\.)*(?:"|\\?\Z)', re.DOTALL)
"""A text, up to its closing quote or, where it has none, the end: no start is tried in vain, so the time is linear."""


def compact(value: object) -> str:
    """Return a value as JSON without spaces."""
    return json.dumps(value, ensure_ascii=False, separators=(",", ":"))


def depth(raw: bytes) -> int:
    """Return how deeply the brackets outside of texts are nested."""
    level = deepest = 0
    for bracket in re.sub(rb"[^][{}]", b"", _STRING.sub(b"", raw)):
        level += 1 if bracket in b"[{" else -1
        deepest = max(deepest, level)
    return deepest


def decoded(raw: bytes) -> object:
    """Return the JSON value in `raw`.

    Raises ValueError where it is no JSON, nested too deeply, gives a field twice, or holds what JSON or UTF-8 cannot:
    NaN, Infinity, a lone surrogate, a number of some thousand digits.
    """
    if depth(raw) > MAX_DEPTH:
        raise ValueError("it is nested too deeply")
    value: object = json.loads(raw.decode(), object_pairs_hook=_unique, parse_constant=_no_constant)
    # A lone surrogate is valid JSON but no text that R2 or D1 could hold.
    json.dumps(value, ensure_ascii=False).encode()
    return value


def _unique(pairs: list[tuple[str, object]]) -> dict[str, object]:
    found = dict(pairs)
    if len(found) != len(pairs):
        raise ValueError("a field is given twice")
    return found


def _no_constant(name: str) -> object:
    raise ValueError(f"{name} is not JSON")
