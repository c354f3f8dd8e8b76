"""The arithmetic of the measurement at a distance: its ranges, what is asked of whom, and what is held."""

import pytest

from backfill.cursor import decode
from backfill.ranges import abut, complete
from bench.backfill import Pair
from bench.distance import (
    AHEAD,
    ALONE,
    BEYOND,
    DISTANCES,
    LANES,
    OURS,
    SEQUENTIAL,
    Away,
    boundaries,
    javascript_jobs,
    least,
    our_job,
    pairs,
    sizes_of,
    tell,
)
from bench.subject import keys
from bench.verdicts import Results

AT = ["raw/b", "raw/d"]
FAR = Away(150, 20)


@pytest.mark.parametrize("lanes", range(1, 7))
def test_the_ranges_hold_equally_many_keys_and_every_one(lanes: int) -> None:
    listed = list(keys(24_000))
    held = [
        sum((after or "") < key and (until is None or key <= until) for key in listed)
        for after, until in pairs(boundaries(listed, lanes))
    ]
    assert held == [24_000 // lanes] * lanes


def test_both_workers_are_given_the_same_ranges() -> None:
    token = our_job(5000, AT)["cursor"]
    ranges = decode(str(token), "artifacts", "")
    assert abut(ranges)
    assert not complete(ranges)
    job = javascript_jobs(5000, FAR, AT)[LANES]
    assert job["ranges"] == [(one.after, one.until) for one in ranges]
    assert job["lanes"] == len(ranges)


def test_only_ours_may_be_left_to_cut_the_bucket_itself() -> None:
    assert "cursor" not in our_job(5000)
    assert javascript_jobs(5000, FAR, AT)[AHEAD]["ranges"] == [(None, None)]


def test_every_way_may_walk_beyond_the_last_object_at_the_same_distance() -> None:
    jobs = javascript_jobs(5000, FAR, AT)
    assert {job["max_objects"] for job in [*jobs.values(), our_job(5000)]} == {5000 + BEYOND}
    assert [job["away"] for job in jobs.values()] == [{"r2_ms": 150, "d1_ms": 20}] * 3


@pytest.mark.parametrize("text", ["150", "150/20/3", "-1/20", "150/-1", "a/b", "", "1.5/2"])
def test_what_is_no_distance_is_refused(text: str) -> None:
    with pytest.raises(ValueError, match=r"."):
        Away.read(text)


def test_a_distance_is_read_as_it_is_told() -> None:
    assert [Away.read(str(away).removesuffix(" ms")) for away in DISTANCES] == list(DISTANCES)


def test_what_is_promised_at_which_distance() -> None:
    promised = {(way, away): least(way, away) for way in (OURS, ALONE, SEQUENTIAL, AHEAD, LANES) for away in DISTANCES}
    assert {what: figure for what, figure in promised.items() if figure} == {
        (SEQUENTIAL, Away(0, 0)): 1.0,
        (SEQUENTIAL, FAR): 4.0,
        (LANES, FAR): 0.95,
        (LANES, Away(50, 10)): 0.95,
    }


@pytest.mark.parametrize(("sequential", "failed"), [(4.0, False), (3.9, True)])
def test_a_ratio_is_the_median_of_the_rounds_ratios_and_held(sequential: float, *, failed: bool) -> None:
    ours = [Pair(1.0, 1.0), Pair(2.0, 2.0), Pair(1.0, 1.0), Pair(1.0, 1.0), Pair(4.0, 4.0)]
    found = {OURS: ours, SEQUENTIAL: [Pair(sequential * one.first, 4 * one.unchanged) for one in ours], LANES: ours}
    results = Results()
    tell(results, "some", FAR, found)
    assert results.failed is failed
    assert [what for what, *_ in results.held] == [
        f"{way}, {kind}, some" for kind in ("first pass", "unchanged pass") for way in (SEQUENTIAL, LANES)
    ]


@pytest.mark.parametrize(("asked", "measured"), [([2000, 20_000, 100_000], [20_000, 100_000]), ([500, 2000], [2000])])
def test_a_short_pass_is_measured_only_where_no_longer_one_is_asked_for(asked: list[int], measured: list[int]) -> None:
    assert sizes_of(asked) == measured
