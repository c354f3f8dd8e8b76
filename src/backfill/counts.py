"""How many objects were, or in a dry run would be, treated in which way."""

from __future__ import annotations

import json
from collections.abc import Mapping, Sequence
from dataclasses import asdict, dataclass, replace
from typing import Any

from database.rows import number, text
from ports import Row
from words import COUNTS

SAMPLE_KEYS = 20


@dataclass(frozen=True)
class Counts:
    """Every object that was scanned is in exactly one of the counts after the first."""

    scanned: int = 0
    inserted: int = 0
    upgraded: int = 0
    unchanged: int = 0
    unclassified: int = 0
    skipped: int = 0
    refused: int = 0
    unclassified_sample: tuple[str, ...] = ()

    @property
    def to_write(self) -> int:
        """The objects that are to be inserted or upgraded."""
        return self.inserted + self.upgraded

    def __add__(self, other: Counts) -> Counts:
        """Return the counts of both together."""
        sums = {name: getattr(self, name) + getattr(other, name) for name in COUNTS}
        sample = (self.unclassified_sample + other.unclassified_sample)[:SAMPLE_KEYS]
        return Counts(**sums, unclassified_sample=sample)

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
        return {**asdict(self), "unclassified_sample": list(self.unclassified_sample)}


def planned(row: Row) -> Counts:
    """Return the counts in the row of `plan_page`."""
    return Counts(**{kind: number(row, kind) for kind in COUNTS}, unclassified_sample=_keys(row))


def _keys(row: Row) -> tuple[str, ...]:
    """Return the sample of keys, which the statement fills up with nulls."""
    return tuple(key for key in json.loads(text(row, "unclassified_sample")) if key is not None)


def of_pages(value: Sequence[Mapping[str, Any]]) -> Counts:
    """Return the counts that `passes/keep_page` noted of pages; raises ValueError for anything else."""
    samples = ([key for key in page["unclassified_sample"] if key is not None] for page in value)
    pages = (stored({**page, "unclassified_sample": sample}) for page, sample in zip(value, samples, strict=True))
    return sum(pages, Counts())


def stored(value: Mapping[str, Any]) -> Counts:
    """Return counts that were stored as JSON, by this version or one before it; raises ValueError for anything else."""
    sample = value.get("unclassified_sample")
    sums = {name: count for name, count in value.items() if name != "unclassified_sample"}
    if not isinstance(sample, list) or not all(isinstance(key, str) for key in sample) or sums.keys() - set(COUNTS):
        raise ValueError(f"{value!r} are not counts")
    if not all(isinstance(count, int) for count in sums.values()):
        raise ValueError(f"{value!r} are not counts")
    return Counts(**sums, unclassified_sample=tuple(sample))
