"""A pass: a walk over a whole bucket and prefix, in as many slices as it takes; and its row in D1."""

from __future__ import annotations

import json
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field, replace
from datetime import datetime
from typing import Any, Protocol

import sql
from backfill import counts
from backfill.chain import MODULUS, interval
from backfill.counts import Counts
from backfill.ranges import START, Position, Ranges, advanced, everything_up_to, joined, read, texts, whole
from database.rows import number, optional_text, text
from json_text import compact
from log import timestamp
from ports import Row, Statement, Value
from runs.lease import Holder

MARKS = 256

LANE_PAGES = 5
"""Fewer pages are not worth a lane of their own: each one costs a listing more."""

KEPT_PASSES = 100
"""How many passes of a bucket and prefix are kept to look at."""


@dataclass(frozen=True)
class Marks:
    """Up to `MARKS` of the keys at which a pass's pages ended, evenly spaced: the next pass is cut at some of them."""

    keys: tuple[str, ...] = ()
    every: int = 1
    """Pages from one mark to the next."""
    since: int = 0
    """Pages since the last one."""

    def page(self, last_key: str) -> Marks:
        """Return the marks after one more page."""
        if self.since + 1 < self.every:
            return replace(self, since=self.since + 1)
        keys = (*self.keys, last_key)
        if len(keys) <= MARKS:
            return Marks(keys, self.every)
        return Marks(tuple(sorted(keys)[1::2]), 2 * self.every)

    def spread(self, count: int) -> list[str]:
        """Return so many of the keys, or all where there are fewer, from the first to the last."""
        keys = sorted(self.keys)
        few = min(count, len(keys))
        return [keys[place * (len(keys) - 1) // max(1, few - 1)] for place in range(few)]

    def cuts(self, parts: int) -> list[str]:
        """Return the keys that cut the bucket into so many even parts, or into fewer that are worth a lane."""
        keys = sorted(self.keys)
        parts = min(parts, len(keys) * self.every // LANE_PAGES)
        return [keys[place * len(keys) // parts - 1] for place in range(1, parts)]


@dataclass(frozen=True)
class Pass:
    """Where a pass stands."""

    pass_started_at: str
    ranges: Ranges = field(default_factory=whole)
    counts: Counts = field(default_factory=Counts)
    completed_at: str | None = None
    previous: Counts | None = None
    """The counts of the pass before, where there was one."""
    marks: Marks = field(default_factory=Marks)
    copies: int = 0
    """How many copies of it KV was given."""
    chain: int = 0
    """What the intervals of its pages add up to; see `backfill.chain`."""
    errors: int = 0
    """Slices that ended with an error."""
    certificate: Certified | None = None

    @property
    def position(self) -> Position:
        """Up to where everything is done; a complete pass has no such place."""
        return START if self.completed_at else everything_up_to(self.ranges)


class Certified(Protocol):
    """The certificate of a complete pass."""

    @property
    def certified(self) -> bool:
        """Whether nothing speaks against it."""
        ...

    def report(self) -> dict[str, object]:
        """Return it as JSON."""
        ...


@dataclass(frozen=True)
class Keeper:
    """Notes in D1 where a pass stands, under the lease of the run that walks."""

    run: Holder
    bucket: str
    prefix: str
    current: Pass
    """As the slice found it."""

    def before_page(self, stands: Pass, stood_at: str | None) -> dict[str, Value]:
        """Return what `passes/keep_page` takes of a page: where the pass, and the page's range, stand before it.

        The pass stands there before all pages that are sent at once.
        """
        return {**self._given(stands), "stood_at": stood_at}

    def statements(self, noted: Pass) -> list[Statement]:
        """Return the statements that note the pass as it stands."""
        marks = json.dumps([noted.marks.keys, noted.marks.every, noted.marks.since], ensure_ascii=False)
        given = {**self._given(noted), "bucket": self.bucket, "marks": marks, "completed_at": noted.completed_at}
        certificate = None if noted.certificate is None else compact(noted.certificate.report())
        keep = sql.statement("passes/keep_pass", **given, certificate=certificate)
        if not noted.completed_at:
            return [keep]
        old = sql.statement("passes/drop_old", bucket=self.bucket, prefix=self.prefix, kept=KEPT_PASSES - 1)
        return [keep, old, *self._verdicts(noted)]

    def _verdicts(self, noted: Pass) -> list[Statement]:
        """Return what a pass with a certificate says of the rows whose object it did not list."""
        if noted.certificate is None or not noted.certificate.certified:
            return []
        seen: dict[str, Value] = {"bucket": self.bucket, "seen_in": noted.pass_started_at}
        return [
            sql.statement("missing/certify", **seen),
            sql.statement("missing/settle", **seen, now=timestamp(self.run.clock.now())),
            sql.statement("missing/drop_settled", bucket=self.bucket),
        ]

    def _given(self, noted: Pass) -> dict[str, Value]:
        return {
            "prefix": self.prefix,
            "started_at": noted.pass_started_at,
            "ranges": _place(noted),
            "counts": compact(noted.counts.report()),
            "previous": None if noted.previous is None else compact(noted.previous.report()),
            "copies": noted.copies,
            "token": self.run.token,
            "fence": self.run.fence,
            "now": timestamp(self.run.clock.now()),
        }


def _place(noted: Pass) -> str:
    """Return where a pass stands, and what was seen on the way, as JSON."""
    return compact({"ranges": texts(joined(noted.ranges)), "chain": str(noted.chain), "errors": noted.errors})


def moment(text: str) -> str:
    """Return the text of a moment; raises ValueError for what is none, or has no time zone."""
    if datetime.fromisoformat(text).tzinfo is None:
        raise ValueError(f"{text!r} has no time zone")
    return text


def last_pass(bucket: str, prefix: str) -> Statement:
    """Return the statement that reads the latest pass."""
    return sql.statement("passes/last_pass", bucket=bucket, prefix=prefix)


def noted(row: Row) -> Pass:
    """Return the pass in a row of `passes/last_pass`; raises ValueError, KeyError or TypeError for what is none."""
    page, previous, marks = (optional_text(row, name) for name in ("page", "previous", "marks"))
    completed_at, place = optional_text(row, "completed_at"), json.loads(text(row, "ranges"))
    before = Pass(
        pass_started_at=moment(text(row, "started_at")),
        ranges=read(place["ranges"]),
        counts=counts.stored(json.loads(text(row, "counts"))),
        completed_at=None if completed_at is None else moment(completed_at),
        previous=None if previous is None else counts.stored(json.loads(previous)),
        marks=Marks() if marks is None else _marks(json.loads(marks)),
        copies=number(row, "copies"),
        chain=int(place["chain"]),
        errors=int(place["errors"]),
    )
    return before if page is None else _with_pages(before, json.loads(page))


def _with_pages(before: Pass, pages: Sequence[Mapping[str, Any]]) -> Pass:
    """Return the pass after the pages that `passes/keep_page` noted beside where it stood before them."""
    ranges, chain = before.ranges, before.chain
    for page in counts.walked(pages):
        # The version before this one moved the ranges in SQL.
        if "last_key" in page:
            ranges = advanced(ranges, page["stood_at"], page["last_key"])
            chain += interval(page["stood_at"], page["last_key"])
    return replace(before, ranges=ranges, chain=chain % MODULUS, counts=before.counts + counts.of_pages(pages))


def _marks(value: object) -> Marks:
    match value:
        case [list() as keys, int() as every, int() as since] if all(isinstance(key, str) for key in keys):
            return Marks(tuple(keys), every, since)
    raise ValueError(f"{value!r} are no marks")
