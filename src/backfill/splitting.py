"""Where to cut a range that nobody has walked: at keys that exist, found by listing one object here and there.

A probe asks for the first key after a text. Between the text and that key lies nothing, and what is known to be empty
is left out where the next texts are spread. Texts are made of the kinds of characters that the known keys have at the
same place, so of dates come dates; a few probes come close to where the keys are.
"""

from __future__ import annotations

import asyncio
import string
from bisect import bisect_right
from collections.abc import Awaitable, Callable, Iterable, Iterator, Sequence
from dataclasses import dataclass, field

LAST = chr(0x10FFFF)
"""No character comes after it."""

PLACES = 10
"""The characters that a spread looks at after what both ends have in common."""

SAMPLE = 64
MANY = 24
"""Of so many keys, the characters that one place has in them are taken for all that it may have."""

KINDS = (string.digits, "abcdef", "ABCDEF", string.ascii_lowercase, string.ascii_uppercase)
"""Where a key has one of these characters, others may have any of them."""

ROUNDS = 5
"""Looks for keys before a range is left whole for now."""

Probe = Callable[[str], Awaitable[str | None]]
"""Returns the first key after a text, None where none follows."""


@dataclass
class KeySpace:
    """What probes have shown of the keys of a bucket."""

    gaps: list[tuple[str, str]] = field(default_factory=list)
    """Texts between which no key lies, in order and apart from each other."""
    keys: set[str] = field(default_factory=set)
    """Some of the keys, as many as tell how they are made."""

    def learn(self, text: str, key: str | None) -> None:
        """Note that `key` is the first one after `text`; None where none follows."""
        low, high = text, LAST if key is None else key
        if key is not None:
            self.note(key)
        apart = []
        for begin, end in self.gaps:
            if end < low or begin > high:
                apart.append((begin, end))
            else:
                low, high = min(low, begin), max(high, end)
        self.gaps = sorted([*apart, (low, high)])

    def end(self, low: str, high: str) -> str:
        """Return the text that no key before `high` comes after, as far as is known."""
        return next((max(low, begin) for begin, end in self.gaps if begin < high <= end), high)

    def note(self, key: str) -> None:
        """Note a key that was listed."""
        self.keys.add(key)
        if len(self.keys) > SAMPLE:
            self.keys = set(sorted(self.keys)[::2])

    def first_after(self, text: str) -> str | None:
        """Return the first key after a text in a gap, LAST where none follows; None where the text is in no gap."""
        return next((end for begin, end in self.gaps if begin <= text < end), None)

    def near_end(self, first: str, low: str, high: str) -> str:
        """Return the end of what is to be cut after `low`, of a range walked from `first` to there.

        That is `high`; but where what was walked is nothing on that scale, so would be what follows it up to a gap.
        """
        ends = [high, *(begin for begin, _ in reversed(self.gaps) if low < begin < high)]
        return next((end for end in ends if self.share(first, low, end) > 0), ends[-1])

    def spread(self, low: str, high: str, count: int) -> list[str]:
        """Return `count` texts or fewer, in order, that cut what may hold keys between these two evenly."""
        high = self.end(low, high)
        scale = Scale.between(low, high, self.keys)
        pieces = list(self._pieces(scale, low, high))
        total = sum(last - first for first, last in pieces)
        wanted = [total * step // (count + 1) for step in range(1, count + 1)]
        texts = (scale.text(_place(pieces, place)) for place in wanted)
        return sorted({text for text in texts if low < text < high})

    def share(self, low: str, at: str, high: str) -> float:
        """Return how much of what may hold keys between `low` and `high` comes before `at`, from 0 to 1."""
        high = self.end(low, high)
        scale = Scale.between(low, high, self.keys)
        before, whole = (
            sum(last - first for first, last in self._pieces(scale, low, end)) for end in (min(at, high), high)
        )
        return before / whole if whole > 0 else 1.0

    def _pieces(self, scale: Scale, low: str, high: str) -> Iterator[tuple[int, int]]:
        """Yield what lies between two texts and outside every gap, as numbers."""
        at = low
        for begin, end in self.gaps:
            if begin >= high:
                break
            if begin > at:
                yield scale.number(at), scale.number(begin)
            at = max(at, end)
        if at < high:
            yield scale.number(at), scale.number(high)


@dataclass(frozen=True)
class Scale:
    """Texts that begin alike as numbers in their order, as far as their first characters tell."""

    common: str
    places: tuple[str, ...]
    """The characters that keys have at each place after that, in order."""

    @classmethod
    def between(cls, low: str, high: str, keys: Iterable[str]) -> Scale:
        """Return the scale of the texts between these, among which there are some of the keys."""
        at = _common(low, high)
        known = [key[at : at + PLACES] for key in (low, *keys) if key.startswith(low[:at])]
        places = ([key[place] for key in known if place < len(key)] for place in range(PLACES))
        alphabets = (_alphabet(signs, first=not place) for place, signs in enumerate(places) if signs)
        return cls(low[:at], tuple("".join(sorted(alphabet)) for alphabet in alphabets))

    def number(self, text: str) -> int:
        """Return the number of a text; one that lies between two texts of the scale has that of the first."""
        rest = text[len(self.common) :] if text.startswith(self.common) else LAST * (text > self.common)
        number, after = 0, False
        for place, characters in enumerate(self.places):
            sign = rest[place : place + 1]
            index = len(characters) if after else bisect_right(characters, sign)
            number = number * len(characters) + max(0, index - 1)
            if not after and index and characters[index - 1] != sign:
                after = True
            elif not index:
                rest = ""
        return number

    def text(self, number: int) -> str:
        """Return the text of a number."""
        signs = []
        for characters in reversed(self.places):
            number, index = divmod(number, len(characters))
            signs.append(characters[index])
        return self.common + "".join(reversed(signs))


def _alphabet(signs: Sequence[str], *, first: bool) -> set[str]:
    """Return the characters that a place may have where some keys have these: what many have is all there is.

    But not at the first place that differs: it tells keys that were walked from those that were not.
    """
    characters = set(signs)
    if len(signs) >= MANY and not first:
        return characters
    return {sign for one in characters for sign in _others(one, characters)}


def _others(one: str, characters: set[str]) -> str:
    return next((kind for kind in KINDS if one in kind and _fits(characters, kind)), one)


def _fits(characters: set[str], kind: str) -> bool:
    """Tell whether the letters of a case are all of this kind: a text of hexadecimal digits has no others."""
    return kind.isdigit() or all(one in kind for one in characters if one.isalpha() and one.islower() == kind.islower())


async def cuts(probe: Probe, space: KeySpace, walked: tuple[str, str], until: str | None, wanted: int) -> list[str]:
    """Return up to `wanted` keys of a range after what was walked of it, as evenly spread as a few probes find them.

    Where the first ones find none, they look for what all keys of the range have in common, and then within that.
    """
    first, low = walked
    high = until if until is not None else LAST
    end = space.near_end(first, low, high)
    narrow = end < high or space.end(low, high) == LAST
    for _ in range(ROUNDS):
        if narrow:
            await _narrow(probe, space, low, end, wanted)
        before, end = end, space.near_end(first, low, high)
        if narrow and end < before:
            continue
        texts = space.spread(low, end, wanted)
        found = {key for key in await _asked(probe, space, texts) if key is not None and low < key < high}
        if found:
            return sorted(found)
        narrow = not narrow
    return []


async def _asked(probe: Probe, space: KeySpace, texts: Sequence[str]) -> list[str | None]:
    """Return the first key after each text, of R2 only where it is not known."""
    unknown = [text for text in texts if space.first_after(text) is None]
    for text, key in zip(unknown, await asyncio.gather(*(probe(text) for text in unknown)), strict=True):
        space.learn(text, key)
    return [None if key == LAST else key for key in map(space.first_after, texts)]


async def _narrow(probe: Probe, space: KeySpace, low: str, high: str, at_once: int) -> None:
    """Find how much of its beginning `low` has in common with all keys between it and `high`."""
    shared, beyond = _common(low, high), len(low)
    while shared < beyond:
        steps = ((beyond - shared) * step // (at_once + 1) for step in range(1, at_once + 1))
        lengths = sorted({shared + max(1, step) for step in steps})
        answers = await _asked(probe, space, [low[:length] + LAST for length in lengths])
        for length, key in zip(lengths, answers, strict=True):
            if key is not None and key < high:
                beyond = length - 1
                break
            shared = length


def _place(pieces: Sequence[tuple[int, int]], place: int) -> int:
    """Return the number that lies so far within the pieces."""
    for first, last in pieces:
        if place < last - first:
            return first + place
        place -= last - first
    return pieces[-1][1] if pieces else 0


def _common(low: str, high: str) -> int:
    return next(
        (place for place, (a, b) in enumerate(zip(low, high, strict=False)) if a != b), min(len(low), len(high))
    )
