"""What D1 notes of a pass: where it stood before the pages that are sent at once, and what each of them moved."""

from __future__ import annotations

import json
from itertools import pairwise

import pytest
from hypothesis import given
from hypothesis import strategies as st

from backfill.chain import MODULUS, WHOLE, interval
from backfill.counts import NUMBERS, Counts
from backfill.passes import Pass, noted
from backfill.ranges import Position, Range, Ranges, advanced, joined, texts, whole
from ports import Row

KEYS = [f"{number:02}" for number in range(30)]
HERE = Range("c", "m", Position(None, "f"))


def page(stood_at: str | None, last_key: str, lone_rows: int = 0) -> dict[str, object]:
    """Return a page of one inserted object, as it is noted."""
    counted = {**dict.fromkeys(NUMBERS, 0), "scanned": 1, "inserted": 1}
    noted_page = {**counted, "unclassified_sample": [None], "newer_sample": [None], "lone_rows": lone_rows, "marked": 0}
    return {**noted_page, "stood_at": stood_at, "last_key": last_key}


def row(ranges: Ranges, pages: list[dict[str, object]], chain: int = 0) -> Row:
    """Return the row of a pass."""
    place = {"ranges": texts(ranges), "chain": str(chain), "errors": 0}
    return {
        "started_at": "2026-11-30T00:00:00.000Z",
        "completed_at": None,
        "ranges": json.dumps(place),
        "counts": json.dumps({"scanned": 5, "inserted": 5, "unclassified_sample": [], "newer_sample": []}),
        "page": json.dumps(pages),
        "previous": None,
        "marks": None,
        "copies": 0,
    }


def done(found: Pass) -> list[tuple[str | None, str | None]]:
    """Return the keys that are done, as what they come after and the last one."""
    return [(one.after, one.last_key) for one in joined(found.ranges) if one.last_key != one.after]


@given(
    cuts=st.sets(st.sampled_from(KEYS[1:]), min_size=1, max_size=5).map(sorted),
    before=st.integers(0, 5),
    data=st.data(),
)
def test_pages_in_any_order_and_cuts_made_since_give_the_same_pass(
    cuts: list[str], before: int, data: st.DataObject
) -> None:
    # Some of the cuts were made before the pages were sent, the others while they were on their way.
    ends: list[str | None] = [None, *cuts, None]
    ranges = tuple(whole()[0].split(cuts[:before]))
    pages = [page(low, f"{low or ''}+") for low, _ in pairwise(ends) if data.draw(st.booleans())]
    found = noted(row(ranges, data.draw(st.permutations(pages))))
    assert done(found) == [(one["stood_at"], one["last_key"]) for one in pages]
    assert found.counts == Counts(scanned=5 + len(pages), inserted=5 + len(pages))
    assert found.chain == sum(interval(low, last) for low, last in done(found)) % MODULUS


def test_a_page_beside_which_rows_lie_without_an_object_is_still_to_be_walked() -> None:
    found = noted(row(tuple(whole()[0].split(["m"])), [page(None, "a", lone_rows=1), page("m", "n")]))
    assert done(found) == [("m", "n")]
    assert found.counts.scanned == 6


def test_what_an_earlier_version_noted_had_moved_the_ranges_already() -> None:
    old = {name: value for name, value in page(None, "a").items() if name not in ("stood_at", "last_key")}
    ranges = (Range(None, None, Position(None, "b")),)
    assert done(noted(row(ranges, [old, old], WHOLE))) == [(None, "b")]
    assert noted(row(ranges, [old, old])).counts.scanned == 7
    assert noted(row(ranges, [old, {**old, "lone_rows": 1}])).counts.scanned == 5


@pytest.mark.parametrize(("stood_at", "last_key"), [("b", "d"), ("f", "n"), ("m", "n"), ("d", "e")])
def test_keys_that_no_range_has_to_do_are_no_page_of_it(stood_at: str, last_key: str) -> None:
    with pytest.raises(ValueError, match="ranges stand at"):
        advanced([HERE], stood_at, last_key)


def test_the_range_that_ends_where_another_begins_is_not_moved_in_its_place() -> None:
    at_its_end = Range(None, "m", Position(None, "m"))
    assert advanced([at_its_end, Range("m")], "m", "p") == (at_its_end, Range("m", None, Position(None, "p")))
