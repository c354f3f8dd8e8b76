"""Ranges of keys: a pass is a set of them without gap or overlap, and complete only when every one is done.

Keys are compared as UTF-8 bytes, which is the order of Python's texts.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass, replace
from itertools import pairwise


@dataclass(frozen=True)
class Position:
    """Where a walk stands: R2's own cursor, if it still continues from there, and the last key that is done."""

    r2_cursor: str | None = None
    last_key: str | None = None


START = Position()


@dataclass(frozen=True)
class Range:
    """The keys after `after` up to and with `until`; None is open. What lies up to `position` is done."""

    after: str | None = None
    until: str | None = None
    position: Position = START
    done: bool = False
    """Whether a listing confirmed that nothing is left up to `until`."""

    @property
    def last_key(self) -> str | None:
        """The key up to which this range is done, which is `after` at its beginning."""
        return self.position.last_key if self.position.last_key is not None else self.after

    def split(self, keys: Iterable[str]) -> list[Range]:
        """Return the ranges that `keys` cut this one into; each key belongs to the range before it.

        Keys that are not between where the range stands and its end cut nothing.
        """
        low, high = self.last_key, self.until
        inside = sorted({key for key in keys if (low is None or key > low) and (high is None or key < high)})
        ends = [*inside, high]
        near = replace(self, until=ends[0])
        return [near, *(Range(first, last) for first, last in pairwise(ends))]

    def holds(self, stood_at: str | None, last_key: str) -> bool:
        """Tell whether the range stands there, and has keys to do up to this one."""
        return not self.done and self.last_key == stood_at and (self.until is None or last_key <= self.until)


Ranges = tuple[Range, ...]


def whole(position: Position = START) -> Ranges:
    """Return the one range of all keys, done up to `position`."""
    return (Range(position=position),)


def in_order(ranges: Iterable[Range]) -> Ranges:
    """Return the ranges in the order of their keys."""
    return tuple(sorted(ranges, key=lambda one: (one.after is not None, one.after or "")))


def advanced(ranges: Iterable[Range], stood_at: str | None, last_key: str) -> Ranges:
    """Return where ranges stand once the keys after `stood_at` up to `last_key` are done too.

    One that does not stand there yet was cut there since. Raises ValueError where no range holds those keys.
    """
    parts = [part for one in ranges for part in (one.split([stood_at]) if stood_at and not one.done else [one])]
    holding = [one for one in parts if one.holds(stood_at, last_key)]
    if len(holding) != 1:
        raise ValueError(f"{len(holding)} ranges stand at {stood_at!r} and go on to {last_key!r}")
    return tuple(replace(one, position=Position(None, last_key)) if one is holding[0] else one for one in parts)


def abut(ranges: Sequence[Range]) -> bool:
    """Tell whether the ranges cover all keys without gap or overlap."""
    if not ranges or ranges[0].after is not None or ranges[-1].until is not None:
        return False
    return all(one.until is not None and one.until == other.after for one, other in pairwise(ranges))


def complete(ranges: Sequence[Range]) -> bool:
    """Tell whether every key was walked: the ranges abut, and each one is done."""
    return abut(ranges) and all(one.done for one in ranges)


def joined(ranges: Sequence[Range]) -> Ranges:
    """Return the same in as few ranges as can tell it: what is done is the beginning of the range after it."""
    few: list[Range] = []
    for one in ranges:
        if few and few[-1].done:
            before = few.pop()
            few.append(replace(one, after=before.after, position=replace(one.position, last_key=one.last_key)))
        else:
            few.append(one)
    return tuple(few)


def within(few: Sequence[Range], more: Sequence[Range]) -> bool:
    """Tell whether everything that is done in `few` is done in `more`."""
    done = _done(more)
    return all(any(low <= first and last <= high for low, high in done) for first, last in _done(few))


def _done(ranges: Sequence[Range]) -> list[tuple[str, tuple[bool, str]]]:
    """Return what is done as the key that it begins after and the one that it ends with, of which the last is open."""
    ends = [(one.after or "", one.until if one.done else one.last_key, one.done) for one in joined(ranges)]
    return [(low, (high is None, high or "")) for low, high, done in ends if done or high is not None]


def everything_up_to(ranges: Sequence[Range]) -> Position:
    """Return the position up to which everything is done, with R2's cursor only where there is one range."""
    few = joined(ranges)
    return few[0].position if len(few) == 1 else Position(None, few[0].last_key)


def texts(ranges: Sequence[Range]) -> list[list[str | bool | None]]:
    """Return the ranges as JSON: after, until, last key, done. R2's cursors are left out: the last key is enough."""
    return [[one.after, one.until, one.position.last_key, one.done] for one in ranges]


def read(value: object) -> Ranges:
    """Return ranges from their JSON; raises ValueError for what is none, or has a gap."""
    found: list[Range] = []
    for item in value if isinstance(value, list) else []:
        match item:
            case [None | str() as after, None | str() as until, None | str() as last, bool() as done]:
                found.append(Range(after, until, Position(None, last), done))
            case _:
                raise ValueError(f"{item!r} is not a range")
    if not abut(found) or not all(_orderly(one) for one in found):
        raise ValueError("the ranges have a gap, or are out of order")
    return tuple(found)


def kept(ranges: Sequence[Range]) -> Ranges:
    """Return the ranges as they are read once they were kept as JSON."""
    return read(texts(joined(ranges)))


def _orderly(one: Range) -> bool:
    keys = [key for key in (one.after, one.position.last_key, one.until) if key is not None]
    distinct = one.after is None or one.until is None or one.after < one.until
    return distinct and all(low <= high for low, high in pairwise(keys))
