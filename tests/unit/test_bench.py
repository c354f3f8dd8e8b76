"""The arithmetic and the verdicts of the measurements: a figure that is printed must be able to be wrong."""

import json
import re
from pathlib import Path

import pytest

from bench import dedupe, memory
from bench.backfill import expect_counts
from bench.kept import keep
from bench.money import DAYS, STORAGE_GB_MONTH, Measured, forecast
from bench.profile import Passage, columns, parts, waits
from bench.rounds import ROUNDS, interleaved, ratio
from bench.start import EMPTY, JAVASCRIPT, OURS, Start, pythons_part
from bench.subject import Timed, expected_types
from bench.verdicts import TOO_FEW, Results
from forecast.prices import PRICES
from tooling.paths import ROOT


def test_fewer_than_five_rounds_hold_no_time_and_still_hold_a_count() -> None:
    results = Results(ROUNDS - 1)
    results.hold_timed("a time", 1, "≥ 2", holds=False)
    assert results.held[-1][-1] == TOO_FEW
    assert not results.failed
    results.hold("a count", 1, "2", holds=False)
    assert results.failed


def test_five_rounds_hold_a_time() -> None:
    results = Results(ROUNDS)
    results.hold_timed("a time", 1, "≥ 2", holds=False)
    assert results.failed


def test_every_round_begins_with_another_way() -> None:
    order: list[str] = []
    ways = {name: lambda name=name: order.append(name) for name in "ABC"}
    interleaved(ways, 3, "ways")
    assert "".join(order) == "ABCBCACAB"


def test_a_ratio_is_told_by_rounds_and_by_medians() -> None:
    found = ratio([2.0, 9.0, 1.0], [1.0, 3.0, 2.0])
    assert (found.median, found.medians) == (2.0, 1.0)


def test_a_part_that_is_not_measured_anew_is_kept(tmp_path: Path) -> None:
    path = tmp_path / "results.json"
    for part in ("memory", "costs", "memory"):
        results = Results()
        results.keep("figure", part)
        keep(path, part, f"make bench ARGS='{part}'", results)
    parts_kept = json.loads(path.read_text())["parts"]
    assert {name: one["figures"] for name, one in parts_kept.items()} == {
        "memory": {"figure": "memory"},
        "costs": {"figure": "costs"},
    }
    assert all(one["at"] and one["command"] and one["commit"] for one in parts_kept.values())


DOORS = [
    ("whole", 10.0, 20.0),
    ("JSON", 10.5, 10.6),
    ("R2 list", 11.0, 13.0),
    ("JSON", 13.0, 13.5),
    ("D1 batch", 14.0, 18.0),
    ("R2 list", 17.0, 17.5),
    ("D1, once a run", 18.5, 19.0),
]


def test_the_parts_of_a_profile_sum_to_the_whole() -> None:
    found = parts(10.25, DOORS)
    assert sum(found.values()) == pytest.approx(10.25)
    assert found == pytest.approx(
        {
            "R2 list": 2.0,
            "JSON": 0.5,
            "language": 0.5,
            "D1 batch": 3.5,
            "D1 batch and R2 list": 0.5,
            "once a run": 3.0,
            "HTTP, outside the Worker": 0.25,
        }
    )


def test_what_overlaps_is_told_as_one_part_of_a_page() -> None:
    found = columns(Passage(10.25, parts(10.25, DOORS)))
    assert found == pytest.approx({"R2 list": 2.0, "JSON": 0.5, "D1 batch": 3.5, "at once": 0.5, "language": 0.5})


def test_what_lanes_wait_for_sums_to_the_time_between_the_first_list_and_the_last_batch() -> None:
    found = waits(parts(10.25, DOORS))
    assert found == pytest.approx({"R2 alone": 2.0, "D1 alone": 3.5, "R2 and D1": 0.5, "neither": 1.0})


def test_a_door_that_nothing_passed_is_an_error_and_not_a_zero() -> None:
    with pytest.raises(RuntimeError, match="JSON"):
        parts(10.25, [door for door in DOORS if door[0] != "JSON"])


@pytest.mark.parametrize("wrong", ["scanned", "inserted", "unchanged", "unclassified"])
def test_a_pass_that_did_something_else_is_refused(wrong: str) -> None:
    body = {"scanned": 10, "inserted": 9, "upgraded": 0, "unchanged": 0, "unclassified": 1, "skipped": 0}
    expect_counts(Timed(1.0, body), 10, "inserted", 9)
    with pytest.raises(RuntimeError, match="a pass counted"):
        expect_counts(Timed(1.0, {**body, wrong: body[wrong] + 1}), 10, "inserted", 9)


def test_the_expected_types_leave_one_key_in_ten_out() -> None:
    assert expected_types(1000) == {"report": 500, "page": 200, "table": 200}


def test_a_recovery_that_left_or_lost_a_row_is_refused() -> None:
    left = {"artifacts": 80, "duplicates": 0, "datapoints": 100, "orphans": 0}
    dedupe.expect(dedupe.Total(merged=20), left, 100)
    for wrong, count in left.items():
        with pytest.raises(RuntimeError, match="are left"):
            dedupe.expect(dedupe.Total(merged=20), {**left, wrong: count + 1}, 100)
    with pytest.raises(RuntimeError, match="merged away"):
        dedupe.expect(dedupe.Total(merged=19), left, 100)


def _walk(references_a_page: int, resident_a_slice: int) -> list[dict[str, int]]:
    return [
        {
            "js_references": 50 + 2 * number + 100 * references_a_page * number,
            "python_objects": 31_000 + 22 * number,
            "bytes_in_use": 12_000_000,
            "wasm_heap": 31_457_280,
            "resident": 250_000_000 + resident_a_slice * number,
        }
        for number in range(11)
    ]


def test_memory_growth_leaves_out_what_requests_keep_and_what_the_control_grows_by() -> None:
    idle = {"js_references": 2.0, "python_objects": 22.0, "bytes_in_use": 0.0, "wasm_heap": 0.0}
    control = [{"resident": 160_000_000 + 9_000_000 * number} for number in range(11)]
    assert set(memory.growth(_walk(0, 9_000_000), idle, control).values()) == {0}
    leaked = memory.growth(_walk(1, 40_000_000), idle, control)
    assert (leaked["js_references"], leaked["resident"]) == (700, 7 * 31_000_000)
    assert all(leaked[name] > memory.ALLOWED[name][0] for name in ("js_references", "resident"))


def test_a_start_is_compared_by_what_python_adds_to_it() -> None:
    starts = {OURS: [Start(3.5, 0.1, 0.0)], EMPTY: [Start(2.5, 0.1, 0.0)], JAVASCRIPT: [Start(0.5, 0.1, 0.0)]}
    assert pythons_part(starts).median == 1.5


MEASURED = Measured(
    new={"lists": 1.0, "rows_read": 2904.0, "rows_written": 1800.0},
    unchanged={"lists": 1.0, "rows_read": 2004.0},
    tick={"rows_read": 130.0, "rows_written": 9.0, "kv_reads": 2.0, "kv_writes": 2.0},
    artifact_bytes=119.0,
    artifact_reads=3.0,
    datapoint_bytes=27.0,
    datapoint_reads=2.0,
)


def test_a_forecast_is_the_arithmetic_of_the_prices() -> None:
    found = forecast(MEASURED, 1_000_000)
    assert found.first_pass == pytest.approx(1000 * (4.50 + 2904 * 0.001 + 1800) / 1e6)
    assert found.unchanged_pass == pytest.approx(1000 * (4.50 + 2004 * 0.001) / 1e6)
    assert found.month_of_ticks == pytest.approx(96 * 30 * (130 * 0.001 + 9 + 2 * 0.5 + 2 * 5 + 0.30) / 1e6)
    assert found.month_of_checks == pytest.approx(30 * 3_000_000 * 0.001 / 1e6)
    assert found.month_of_storage == pytest.approx(0.119 * 0.75)


@pytest.mark.parametrize("objects", [1_000_000, 10_000_000, 100_000_000])
def test_a_month_has_no_more_passes_than_fit_into_it(objects: int) -> None:
    found = forecast(MEASURED, objects)
    assert found.pass_days == pytest.approx(objects / 1_920_000)
    assert found.passes_a_month * (found.pass_days + 1) == pytest.approx(DAYS)


PRICED = {
    "lists": "R2 class A operations",
    "heads": "R2 class B operations",
    "rows_read": "D1 rows read",
    "rows_written": "D1 rows written",
    "kv_reads": "KV reads",
    "kv_writes": "KV writes",
    "requests": "Worker requests",
}


def test_the_page_on_costs_has_the_prices_that_the_forecast_uses() -> None:
    page = (ROOT / "docs" / "costs.md").read_text(encoding="utf-8")
    written = {
        name: float(price)
        for name, label in PRICED.items()
        for price in re.findall(rf"^\| {label}[^|]*\| \$([\d.]+) \|", page, re.MULTILINE)
    }
    assert written == PRICES
    assert f"| D1 storage, a GB and month | ${STORAGE_GB_MONTH} |" in page


def test_what_does_not_fit_into_one_database_needs_more() -> None:
    assert [forecast(MEASURED, size * 1_000_000).databases for size in (1, 84, 85, 100, 200)] == [1, 1, 2, 2, 3]
