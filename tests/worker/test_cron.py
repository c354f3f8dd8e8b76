from __future__ import annotations

import json
from typing import Any

from backfill.cursor import encode
from backfill.ranges import Position, whole
from tests.support.actions import numbered, walked
from tests.worker.conftest import Steward

KEY = "backfill:artifacts:"


def stored(steward: Steward) -> dict[str, object]:
    value: dict[str, object] = json.loads(steward.harness.kv_get(KEY) or "null")
    return value


def test_ticks_walk_on_from_the_cursor_in_kv(steward: Steward) -> None:
    steward.put(*numbered(250))
    for done in (100, 200, 250):
        run = steward.tick()
        assert (run["status"], steward.count()) == ("succeeded", done)
        counts = stored(steward)["counts"]
        assert isinstance(counts, dict)
        assert counts["scanned"] == done
    assert stored(steward)["completed_at"]
    assert "scanned" not in walked(steward.tick())


def test_between_ticks_kv_says_where_the_pass_stands(steward: Steward) -> None:
    steward.put(*numbered(250))
    steward.tick()
    value = stored(steward)
    assert (value["last_key"], value["completed_at"]) == ("raw/00099", None)
    assert value["cursor"]
    assert value["pass_started_at"]


def test_a_tick_is_in_the_list_of_runs_with_its_counts_and_cost(steward: Steward) -> None:
    steward.put(*numbered(5))
    run = steward.tick()
    assert (run["kind"], run["mode"], run["trigger"], run["status"]) == ("tick", "live", "cron", "succeeded")
    assert walked(run)["inserted"] == 5
    # One for the page, and a second look at the end.
    assert run["cost"]["r2_lists"] == 2
    assert steward.send("GET", f"/runs/{run['id']}").json() == run


def test_a_restart_in_mid_pass_goes_on_where_the_pass_stands(steward: Steward) -> None:
    steward.put(*numbered(250))
    steward.tick()
    steward.harness.restart()
    assert steward.count() == 100
    report = walked(steward.tick())
    assert (report["inserted"], report["unchanged"]) == (100, 0)
    assert walked(steward.tick())["complete"] is True
    assert steward.count() == 250


def test_a_manual_run_with_resume_takes_the_pass_from_cron_and_hands_it_back(steward: Steward) -> None:
    steward.put(*numbered(250))
    steward.tick()
    assert steward.live(resume=True, max_objects=30)["start_after"] == "raw/00129"
    steward.tick()
    assert steward.count() == 230
    assert stored(steward)["last_key"] == "raw/00229"


def test_a_stored_cursor_that_r2_no_longer_knows_is_not_taken_for_the_end(steward: Steward) -> None:
    steward.put(*numbered(150))
    steward.tick()
    # Local R2 answers a cursor it does not know with an empty page that looks like the end.
    value = {**stored(steward), "cursor": encode("artifacts", "", whole(Position("!!!not-a-cursor", "raw/00099")))}
    steward.harness.kv_put(KEY, json.dumps(value))
    report = walked(steward.tick())
    assert (report["inserted"], report["complete"]) == (50, True)


def test_a_value_in_kv_that_cannot_be_read_is_logged_and_the_pass_starts_over(steward: Steward) -> None:
    steward.put(*numbered(20))
    steward.harness.kv_put(KEY, "not json")
    assert walked(steward.tick())["inserted"] == 20
    events = [json.loads(log.message)["event"] for log in steward.harness.logs()]
    assert "progress_unreadable" in events


def test_a_paused_tick_does_not_backfill_and_goes_on_after_resume(steward: Steward) -> None:
    steward.put(*numbered(20))
    assert steward.send("POST", "/pause", {"reason": "moving house"}).json()["paused"] is True
    assert "operator" in steward.tick()["counts"]["backfill"]["not_walked"]
    assert steward.send("POST", "/backfill", {"dry_run": False}).json()["reason"] == "paused"
    assert steward.count() == 0
    steward.send("POST", "/resume")
    steward.tick()
    assert steward.count() == 20


def test_a_tick_that_finds_live_work_under_way_is_skipped(steward: Steward) -> None:
    steward.put("raw/a")
    steward.sql("UPDATE steward_control SET lease_token = 'another', lease_run = 7, lease_until = '9999'")
    assert steward.harness.scheduled() == "ok"
    assert steward.count() == 0
    assert steward.send("GET", "/runs").json()["runs"] == []
    assert [json.loads(log.message)["event"] for log in steward.harness.logs()] == ["tick_skipped"]


def test_a_failed_tick_fails_for_the_platform_too_and_is_on_record(steward: Steward) -> None:
    steward.sql("DELETE FROM source_type_rules")
    steward.sql("INSERT INTO source_type_rules VALUES (1, 'raw/*', 'unknown')")
    steward.put("raw/a")
    assert steward.harness.scheduled() == "exception"
    [run] = steward.send("GET", "/runs?kind=tick").json()["runs"]
    assert run["status"] == "failed"
    assert "source_type_rules" in run["error"]


def test_a_rule_that_plain_sql_stored_wrong_fails_the_tick_by_name_and_frees_its_lease(steward: Steward) -> None:
    steward.put("raw/1")
    steward.sql("INSERT INTO source_type_rules VALUES ('high', 'old/*', 'old')")
    for _ in range(2):
        assert steward.harness.scheduled() == "exception"
        run = steward.send("GET", "/runs?kind=tick&limit=1").json()["runs"][0]
        assert run["status"] == "failed"
        assert "'high', of the rule 'old/*'" in run["error"]
    refused = steward.send("GET", "/rules")
    assert (refused.status, refused.json()["reason"]) == (409, "rules")


def test_a_run_number_of_thousands_of_digits_is_a_404_problem(steward: Steward) -> None:
    answer = steward.send("GET", "/runs/" + "1" * 5000)
    assert (answer.status, answer.headers["content-type"]) == (404, "application/problem+json")


def test_several_ranges_at_once_insert_every_object_once(steward: Steward) -> None:
    steward.put(*numbered(250))
    ranges = tuple(whole()[0].split(["raw/00060", "raw/00120", "raw/00180"]))
    request = {"dry_run": False, "max_objects": 20_000, "cursor": encode("artifacts", "", ranges)}
    report = steward.send("POST", "/backfill", request).json()
    assert (report["scanned"], report["inserted"], report["truncated"]) == (250, 250, False)
    assert (report["pages"], report["cost"]["r2_lists"]) == (4, 4)
    assert steward.count() == 250


def test_a_row_whose_object_is_gone_is_told_after_two_passes_and_a_look(steward: Steward) -> None:
    keys = numbered(90)
    steward.put(*keys)
    assert walked(steward.tick())["complete"] is True
    steward.harness.r2_delete([keys[7], keys[89]])
    report: dict[str, Any] = {}
    for _ in range(2):
        # A pass is due a day after the last one, and two that must agree are an hour apart.
        steward.harness.kv_delete(KEY)
        steward.sql(
            "UPDATE steward_passes SET started_at = strftime('%Y-%m-%dT%H:%M:%fZ', started_at, '-2 days'),"
            " completed_at = strftime('%Y-%m-%dT%H:%M:%fZ', completed_at, '-2 days')"
        )
        steward.sql(
            "UPDATE steward_missing SET seen_in = strftime('%Y-%m-%dT%H:%M:%fZ', seen_in, '-2 days'),"
            " first_pass = strftime('%Y-%m-%dT%H:%M:%fZ', first_pass, '-2 days')"
        )
        report = steward.tick()
    assert report["counts"]["missing"]["artifacts"] == {"asked": 2, "gone": 2, "there": 0, "left": 0}
    found = steward.sql("SELECT r2_key FROM steward_missing WHERE verified_at IS NOT NULL ORDER BY r2_key")
    assert [row["r2_key"] for row in found] == [keys[7], keys[89]]
    assert steward.count() == 90
    checked = steward.send("POST", "/check", {"mode": "fast"}).json()["invariants"]
    [present] = [one for one in checked if one["name"] == "objects_present"]
    assert (present["outcome"], present["violations"]) == ("violated", 2)
