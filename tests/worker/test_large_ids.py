"""On D1, whose numbers are JavaScript's: ids beyond 2^53, bytes and long values in a table larger than one range."""

from __future__ import annotations

from typing import Any

import pytest

from database.key_ranges import RANGE_ROWS
from tests.support.databases import Shape, steps
from tests.worker.conftest import Steward
from tests.worker.databases import drop_guards, healed, install, numbers, recovered, script, verdicts

FIRST = 1_200_000_000_000_000_000
ROWS = RANGE_ROWS + 20_000


def test_a_table_of_large_ids_beyond_one_range_is_checked_to_its_end_and_none_is_rounded(empty: Steward) -> None:
    install(empty, Shape())
    drop_guards(empty)
    for first in range(0, ROWS, 90_000):
        script(
            empty,
            f"""
            INSERT INTO artifacts {numbers(90_000)}
            SELECT {FIRST + first} + i, 'artifacts', 'raw/' || (i + {first}), 'raw', NULL, NULL FROM n;
            INSERT INTO datapoints (id, artifact_id) {numbers(90_000)}
            SELECT {FIRST + first} + i, {FIRST + first} + i FROM n
            """,
        )
    script(empty, f"UPDATE datapoints SET artifact_id = {FIRST - 1} WHERE id = {FIRST + ROWS - 1}")
    assert empty.send("POST", "/guards").status == 200
    found = verdicts(empty, "full")
    orphans = found["no_orphan_datapoints"]
    reasons = {one["reason"] for one in found.values() if "reason" in one}
    assert reasons == {"No pass over artifacts is complete yet."}
    assert (orphans["outcome"], orphans["violations"]) == ("violated", 1)
    [row] = orphans["sample"]
    assert (row["row_key"], row["artifact_id"]) == (str(FIRST + ROWS - 1), str(FIRST - 1))
    assert found["one_artifact_per_object"]["outcome"] == "holds"


def whole_numbers(value: Any) -> list[int]:  # noqa: ANN401  # JSON
    """Return every whole number in a JSON value."""
    if isinstance(value, dict | list):
        parts = value.values() if isinstance(value, dict) else value
        return [one for part in parts for one in whole_numbers(part)]
    return [value] if isinstance(value, int) else []


def test_a_recovery_of_large_ids_shows_them_whole_in_every_answer(empty: Steward) -> None:
    install(empty, Shape(unique_index=False))
    drop_guards(empty)
    script(
        empty,
        f"""
        INSERT INTO artifacts VALUES ({FIRST + 1}, 'artifacts', 'x', 'report', '2026-01-01', NULL);
        INSERT INTO artifacts VALUES ({FIRST + 3}, 'artifacts', 'x', 'report', '2026-01-02', NULL);
        INSERT INTO artifacts VALUES ({FIRST + 5}, 'artifacts', 'nowhere', 'unknown', '2026-01-02', NULL);
        INSERT INTO datapoints (id, artifact_id) VALUES ({FIRST + 7}, {FIRST + 1}), ({FIRST + 9}, {FIRST + 11})
        """,
    )
    dry = recovered(empty)
    live = healed(empty)[-1]
    for report in (dry, live):
        assert steps(report)["classify"]["sample"][0]["id"] == str(FIRST + 5)
        assert steps(report)["orphans"]["sample"][0]["missing_id"] == str(FIRST + 11)
    assert steps(dry)["dedupe"]["sample"][0]["winner_id"] == str(FIRST + 3)
    assert steps(live)["dedupe"]["changed"] == 1
    script(empty, f"UPDATE datapoints SET artifact_id = {FIRST + 5} WHERE id = {FIRST + 7}")
    undone = empty.send("POST", f"/runs/{live['run_id']}/undo").json()
    assert undone["refused"][0]["row_key"] == str(FIRST + 7)
    assert undone["refused"][0]["points_at"] == str(FIRST + 5)
    paths = ("/summary", "/findings", "/runs?limit=50", "/rules")
    answers = [dry, live, undone, *(empty.send("GET", path).json() for path in paths)]
    assert [one for answer in answers for one in whole_numbers(answer) if one > 2**53] == []
    ids = [row["id"] for row in empty.sql("SELECT CAST(id AS TEXT) AS id FROM artifacts ORDER BY id")]
    assert ids == [str(FIRST + n) for n in (1, 3, 5)]


@pytest.mark.parametrize("mode", ["fast", "full"])
def test_long_and_odd_values_of_one_invariant_silence_no_other(empty: Steward, mode: str) -> None:
    install(empty, Shape(unique_index=False))
    odd = ("hex(zeroblob(900000))", "char(0) || hex(zeroblob(900000))", "zeroblob(1900000)", "9e999")
    for number, value in enumerate(odd * 6):
        url = f"'https://example.org/' || hex(zeroblob(60000)) || '{number}/'"
        script(
            empty,
            f"""
            INSERT INTO artifacts VALUES ({number}, 'artifacts', {value}, 'unknown', NULL, NULL);
            INSERT INTO datapoints (artifact_id, source_url) VALUES ({number}, {url})
            """,
        )
    found = verdicts(empty, mode)
    broken = {name: one["violations"] for name, one in found.items() if one["outcome"] == "violated"}
    expected = {"no_unknown_source_type": 24, "no_directory_citations": 24, "one_artifact_per_object": 4}
    assert {name: broken[name] for name in expected} == expected
    assert all(found[name]["sample"] for name in broken)
    assert len(empty.send("GET", "/findings").text) < 200_000
    kept = {one["invariant"] for one in empty.send("GET", "/findings?open=true").json()["findings"]}
    assert kept == broken.keys()
