"""Real D1 takes a page and a classification under as many and as long rules as can be stored."""

from __future__ import annotations

import pytest

from tests.worker.conftest import Steward


@pytest.mark.parametrize("count", [300, 500])
def test_a_page_and_a_recovery_hold_under_rules_at_every_limit(steward: Steward, count: int) -> None:
    rules = [(number, f"raw/{number:04}/" + "é*" * 13 + "é", "t" * 200) for number in range(count - 1)]
    assert {len(pattern.encode()) for _, pattern, _ in rules} == {50}
    steward.sql("DELETE FROM source_type_rules")
    for start in range(0, count - 1, 100):
        values = ", ".join(f"({one[0]}, '{one[1]}', '{one[2]}')" for one in rules[start : start + 100])
        steward.sql(f"INSERT INTO source_type_rules (priority, pattern, source_type) VALUES {values}")
    steward.sql(f"INSERT INTO source_type_rules (priority, pattern, source_type) VALUES ({count}, 'raw/*', 'last')")
    steward.put(*(f"raw/{number:05}" for number in range(300)))
    report = steward.live()
    assert (report["inserted"], report["stopped_because"]) == (300, "end")
    steward.sql("INSERT INTO artifacts (r2_bucket, r2_key, source_type) VALUES ('artifacts', 'raw/x', 'unknown')")
    answer = steward.send("POST", "/recover", {"dry_run": False}).json()
    assert (answer["done"], answer["ok"]) == (True, True)
    assert steward.types()["raw/x"] == "last"
