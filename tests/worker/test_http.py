from __future__ import annotations

from typing import Any

import pytest

from backfill.cursor import encode
from backfill.ranges import Position, whole
from tests.support.actions import TOKEN, numbered
from tests.support.bad_input import BAD, Bad
from tests.worker.conftest import READER, Steward
from tooling.harness import Reply


def check_problem(reply: Reply, status: int) -> dict[str, Any]:
    """Hold an answer against RFC 9457 and return its members."""
    assert reply.status == status, reply.text
    assert reply.headers["content-type"] == "application/problem+json"
    found: dict[str, Any] = reply.json()
    assert found["status"] == status
    assert found["title"]
    assert found["detail"]
    assert TOKEN not in reply.text
    return found


def test_bad_input_is_answered_with_its_field_and_nothing_changes(steward: Steward, subtests: pytest.Subtests) -> None:
    steward.put(*numbered(3))
    before = steward.state()
    for bad in BAD:
        with subtests.test(bad.name):
            found = check_problem(send_bad(steward, bad), bad.status)
            assert found["field"] == bad.names
            assert found["hint"]
    assert steward.state() == before


def send_bad(steward: Steward, bad: Bad) -> Reply:
    headers = {"Authorization": f"Bearer {TOKEN}"}
    if bad.content_type is not None:
        headers["Content-Type"] = bad.content_type
    return steward.harness.fetch(bad.method, bad.path, headers, None if bad.method == "GET" else bad.body)


@pytest.mark.parametrize(
    "header", [None, "", "Bearer", "Bearer wrong", f"Basic {TOKEN}", f"Bearer {TOKEN}x", "Bearer \u00fc", TOKEN]
)
def test_a_wrong_missing_or_non_ascii_token_is_401_and_nothing_changes(steward: Steward, header: str | None) -> None:
    before = steward.state()
    headers = {"Content-Type": "application/json", **({} if header is None else {"Authorization": header})}
    for method, path in (("POST", "/backfill"), ("PUT", "/rules"), ("GET", "/runs")):
        reply = steward.harness.fetch(method, path, headers, None if method == "GET" else b"{}")
        check_problem(reply, 401)
        assert reply.headers["www-authenticate"] == "Bearer"
    assert steward.state() == before


def test_a_token_of_a_small_role_reads_and_is_refused_the_rest(steward: Steward) -> None:
    assert steward.send("GET", "/summary", token=READER).status == 200
    named = {"Authorization": f"Bearer {READER}", "Content-Type": "application/json", "X-Steward-Actor": "anna"}
    assert steward.harness.fetch("POST", "/backfill", named, b"{}").status == 200
    [run] = steward.send("GET", "/runs", token=READER).json()["runs"]
    assert (run["actor"], run["token_name"]) == ("anna", "ci")
    before = steward.state()
    for method, path, body in (("POST", "/backfill", {"dry_run": False}), ("PUT", "/rules", {"rules": []})):
        assert check_problem(steward.send(method, path, body, token=READER), 403)["role"] == "operate"
    assert steward.state() == before


def test_healthz_needs_no_token_and_says_nothing_else(steward: Steward) -> None:
    reply = steward.send("GET", "/healthz", token=None)
    assert (reply.status, reply.json()) == (200, {"status": "ok"})


def test_a_path_that_is_not_there_and_a_method_it_does_not_have_are_problems(steward: Steward) -> None:
    check_problem(steward.send("GET", "/nothing"), 404)
    reply = steward.send("GET", "/backfill")
    check_problem(reply, 405)
    assert reply.headers["allow"] == "POST"


def test_a_cursor_that_r2_does_not_know_is_never_taken_for_the_end(steward: Steward) -> None:
    steward.put(*numbered(10))
    token = encode("artifacts", "", whole(Position("!!!not-a-cursor", "raw/00003")))
    reply = steward.send("POST", "/backfill", {"cursor": token})
    # R2 may refuse it, which is a bad request, or answer an empty page, which is asked again by key.
    if reply.status == 200:
        assert reply.json()["scanned"] == 6
    else:
        found = check_problem(reply, 400)
        assert found["field"] == "cursor"
        assert "start_after" in found["hint"]


def test_rules_are_put_and_got_in_the_order_they_are_tried(steward: Steward) -> None:
    sent = [
        {"priority": 2, "pattern": "*", "source_type": "rest"},
        {"priority": 1, "pattern": "é😀*", "source_type": "accented"},
    ]
    assert steward.send("PUT", "/rules", {"rules": sent}).json() == {"rules": sent[::-1]}
    assert steward.send("GET", "/rules").json() == {"rules": sent[::-1]}


def test_a_manual_run_is_on_record_with_its_request_counts_and_cost(steward: Steward) -> None:
    steward.put(*numbered(10))
    report = steward.live(max_objects=4)
    run = steward.send("GET", f"/runs/{report['run_id']}").json()
    assert (run["kind"], run["mode"], run["trigger"], run["status"]) == ("backfill", "live", "http", "succeeded")
    assert (run["request"]["max_objects"], run["counts"]["cursor"]) == (4, report["cursor"])
    assert run["cost"]["r2_lists"] == report["cost"]["r2_lists"] == 1
