"""Where to cut a range that nobody has walked: at keys that exist, found by listing one object here and there.

A probe asks for the first key after a text. The texts are spread evenly over what the keys may be, so what is found
cuts the range where its keys are, not where texts could be.
"""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Callable

LAST = chr(0x10FFFF)
"""No character comes after it."""

ASCII = 0x80
DIGITS = 4
"""The characters that a spread looks at after what all keys have in common."""

AT_ONCE = 5
"""Probes under way at once: a Worker waits for six connections, and a lane has one (workers/platform/limits)."""

ROUNDS = 3

Probe = Callable[[str], Awaitable[str | None]]
"""Returns the first key after a text, None where none follows."""


async def cuts(probe: Probe, low: str, until: str | None, wanted: int) -> list[str]:
    """Return up to `wanted` keys after `low` and before `until`, as evenly spread as a few probes find them."""
    ceiling = until if until is not None else await _ceiling(probe, low)
    found: set[str] = set()
    for _ in range(ROUNDS):
        points = spread(low, ceiling, max(wanted, min(AT_ONCE, 2 * wanted)))
        answers = await asyncio.gather(*(probe(point) for point in points))
        beyond = [point for point, key in zip(points, answers, strict=True) if not _inside(key, low, until)]
        found.update(key for key in answers if key is not None and _inside(key, low, until))
        if len(found) >= wanted or not beyond:
            break
        # Nothing follows the first of these points, so the keys lie before it.
        ceiling = beyond[0]
    return _evenly(sorted(found), wanted)


def _inside(key: str | None, low: str, until: str | None) -> bool:
    return key is not None and key > low and (until is None or key < until)


def _evenly(keys: list[str], wanted: int) -> list[str]:
    if len(keys) <= wanted:
        return keys
    return [keys[(place + 1) * len(keys) // (wanted + 1)] for place in range(wanted)]


async def _ceiling(probe: Probe, low: str) -> str:
    """Return a text that no key comes after: what `low` has in common with all keys after it, and then the last."""
    shared, beyond = 0, len(low)
    while shared < beyond:
        lengths = sorted({shared + 1 + (beyond - shared) * step // (AT_ONCE + 1) for step in range(AT_ONCE)})
        lengths = [length for length in lengths if length <= beyond]
        answers = await asyncio.gather(*(probe(low[:length] + LAST) for length in lengths))
        for length, key in zip(lengths, answers, strict=True):
            if key is not None:
                beyond = length - 1
                break
            shared = length
    return low[:shared] + LAST


def spread(low: str, high: str, count: int) -> list[str]:
    """Return `count` texts or fewer, in order, evenly between `low` and `high`, which is greater."""
    common = _common(low, high)
    base = ASCII if low.isascii() and (high.isascii() or high[common:] == LAST) else ord(LAST) + 1
    first, last = (_number(text[common : common + DIGITS], base) for text in (low, high))
    steps = (first + (last - first) * step // (count + 1) for step in range(1, count + 1))
    texts = (low[:common] + _text(number, base) for number in steps)
    return sorted({text for text in texts if low < text < high})


def fraction(low: str, at: str, high: str) -> float:
    """Return how far `at` lies from `low` to `high`, from 0 to 1, as far as the first characters tell."""
    common = _common(low, high)
    first, here, last = (_number(text[common : common + DIGITS], ord(LAST) + 1) for text in (low, at, high))
    return min(1.0, max(0.0, (here - first) / (last - first))) if last > first else 1.0


def _common(low: str, high: str) -> int:
    return next(
        (place for place, (a, b) in enumerate(zip(low, high, strict=False)) if a != b), min(len(low), len(high))
    )


def _number(text: str, base: int) -> int:
    number = 0
    for place in range(DIGITS):
        number = number * base + (min(ord(text[place]), base - 1) if place < len(text) else 0)
    return number


def _text(number: int, base: int) -> str:
    """Return the text of a number; control characters and surrogates, which no key needs, become their neighbours."""
    digits = []
    for _ in range(DIGITS):
        number, digit = divmod(number, base)
        digits.append(_sign(digit))
    return "".join(reversed(digits))


def _sign(digit: int) -> str:
    if digit < ord(" "):
        return " "
    return chr(0xD7FF) if 0xD800 <= digit <= 0xDFFF else chr(digit)  # noqa: PLR2004  # Unicode's surrogates
