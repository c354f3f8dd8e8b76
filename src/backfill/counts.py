"""How many objects were, or in a dry run would be, treated in which way."""

from __future__ import annotations

import json
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import asdict, dataclass, replace
from typing import Any, TypeGuard

from database.rows import number, text
from ports import Row
from words import COUNTS, SAMPLES

SAMPLE_KEYS = 20


@dataclass(frozen=True)
class Counts:
    """Every object that was scanned is in exactly one of the counts after the first; see `words.COUNTS`."""

    scanned: int = 0
    inserted: int = 0
    upgraded: int = 0
    unchanged: int = 0
    newer: int = 0
    """Uploaded after the moment that their rows tell: the row speaks of an older document."""
    unclassified: int = 0
    skipped: int = 0
    refused: int = 0
    undated: int = 0
    """Of the unchanged, those whose row has no date that could be compared."""
    unclassified_sample: tuple[str, ...] = ()
    newer_sample: tuple[str, ...] = ()

    @property
    def to_write(self) -> int:
        """The objects that are to be inserted or upgraded."""
        return self.inserted + self.upgraded

    def __add__(self, other: Counts) -> Counts:
        """Return the counts of both together."""
        sums = {name: getattr(self, name) + getattr(other, name) for name in NUMBERS}
        unclassified = (self.unclassified_sample + other.unclassified_sample)[:SAMPLE_KEYS]
        newer = (self.newer_sample + other.newer_sample)[:SAMPLE_KEYS]
        return Counts(**sums, unclassified_sample=unclassified, newer_sample=newer)

    def without(self, left: Counts) -> Counts:
        """Return the counts where what is `left` to be written, after the write, was refused."""
        return replace(
            self,
            inserted=self.inserted - left.inserted,
            upgraded=self.upgraded - left.upgraded,
            refused=self.refused + left.to_write,
        )

    def report(self) -> dict[str, object]:
        """Return the counts as every answer prints them."""
        return {**asdict(self), **{name: list(getattr(self, name)) for name in SAMPLES}}


NUMBERS = (*COUNTS, "undated")


def lone_rows(row: Row) -> int:
    """Return before how many objects of a page there are rows without one."""
    return number(row, "lone_rows")


def marked(row: Row) -> int:
    """Return how many marks of a missing object there are among the keys of a page."""
    return number(row, "marked")


def planned(row: Row) -> Counts:
    """Return the counts in the row of `plan_page`, which fills the samples up with nulls."""
    unclassified, newer = (_keys(json.loads(text(row, name))) for name in SAMPLES)
    return Counts(**{name: number(row, name) for name in NUMBERS}, unclassified_sample=unclassified, newer_sample=newer)


def walked(pages: Sequence[Mapping[str, Any]]) -> list[Mapping[str, Any]]:
    """Return the pages that `passes/keep_page` noted but those beside which rows lie that have no object.

    Those rows are to be looked at first, so such a page is still to be walked. Raises KeyError or TypeError for
    anything else.
    """
    if any(page["lone_rows"] and "last_key" not in page for page in pages):
        # The version before this one left all pages of a transaction to be walked then.
        return []
    return [page for page in pages if not page["lone_rows"]]


def of_pages(pages: Sequence[Mapping[str, Any]]) -> Counts:
    """Return the counts that `passes/keep_page` noted of the pages that are walked.

    Raises ValueError, KeyError or TypeError for anything else.
    """
    return sum((_of_page(page) for page in walked(pages)), Counts())


def _of_page(value: Mapping[str, Any]) -> Counts:
    numbers = {name: value[name] for name in NUMBERS}
    return stored({**numbers, **{name: list(_keys(value[name])) for name in SAMPLES}})


def _keys(sample: Iterable[str | None]) -> tuple[str, ...]:
    return tuple(key for key in sample if key is not None)


def stored(value: Mapping[str, Any]) -> Counts:
    """Return counts that were stored as JSON, by this version or one before it; raises ValueError for anything else."""
    unclassified, newer = value.get("unclassified_sample"), value.get("newer_sample", [])
    sums = {name: count for name, count in value.items() if name not in SAMPLES}
    if not _are_keys(unclassified) or not _are_keys(newer) or sums.keys() - set(NUMBERS):
        raise ValueError(f"{value!r} are not counts")
    if not all(isinstance(count, int) for count in sums.values()):
        raise ValueError(f"{value!r} are not counts")
    return Counts(**sums, unclassified_sample=tuple(unclassified), newer_sample=tuple(newer))


def _are_keys(sample: object) -> TypeGuard[list[str]]:
    return isinstance(sample, list) and all(isinstance(key, str) for key in sample)
