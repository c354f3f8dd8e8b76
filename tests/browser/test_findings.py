"""A finding in hand: acknowledged with a name and a note, snoozed, and the rows to look at elsewhere."""

from __future__ import annotations

import subprocess

from tests.browser.conftest import Operator
from tests.support.actions import TOKEN


def broken(operator: Operator, name: str) -> None:
    """Check, and sign in as Zoë, who came to look at what is broken."""
    operator.steward.post("/check", mode="full")
    operator.page.go(operator.steward.harness.url)
    operator.page.label("Token").fill(TOKEN)
    operator.page.label("Your name, for the record (optional)").fill("Zoë")
    operator.page.role("button", "Sign in").click()
    operator.wait_for_data()
    assert "As Zoë" in operator.page.css("#session").text
    [number] = [one["id"] for one in operator.steward.get("/findings")["findings"] if one["invariant"] == name]
    operator.open(f"#/findings/{number}")


def test_a_finding_is_acknowledged_snoozed_and_taken_back(operator: Operator) -> None:
    page = operator.page
    broken(operator, "no_orphan_datapoints")
    page.css("#finding-note").fill("the import of <b>Monday</b>")
    page.role("button", "Acknowledge").click()
    page.css("#item .reason").having("Acknowledged").wait()
    page.role("button", "Snooze").click()
    page.css("#item .reason").having("Snoozed until").wait()
    page.role("button", "Take it back").click()
    page.css("#item .reason").wait_gone()
    said = page.css("#item .said li").texts
    assert ["Zoë" in one and "token of operator" in one for one in said] == [True] * 3
    assert "took that back" in said[0]
    assert "snoozed it until" in said[1]
    assert "<b>Monday</b>" in said[2]
    latest = operator.steward.get("/findings?open=true&invariant=no_orphan_datapoints")["findings"][0]
    assert [one["actor"] for one in latest["history"]] == ["Zoë"] * 3


def test_a_note_that_is_being_typed_stays_while_checks_go_by(operator: Operator) -> None:
    page = operator.page
    broken(operator, "no_orphan_datapoints")
    page.css("#finding-note").fill("half a thought")
    operator.steward.post("/check", mode="full")
    page.role("button", "Refresh").click()
    page.css("#runs .line").having("#3").do("waitFor", {"state": "attached"})
    assert page.css("#finding-note").do("inputValue") == "half a thought"


def test_a_refused_word_is_shown_in_place(operator: Operator, refusals: list[str]) -> None:
    refusals.append("status of 409")
    page = operator.page
    broken(operator, "no_orphan_datapoints")
    operator.steward.harness.d1("UPDATE steward_findings SET resolved_at = '2026-11-29T12:00:00.000Z'")
    page.role("button", "Acknowledge").click()
    assert "was resolved" in page.css("#item .problem").wait().text


def test_all_rows_are_shown_page_by_page_and_copied_for_elsewhere(operator: Operator) -> None:
    page, harness = operator.page, operator.steward.harness
    harness.d1("DELETE FROM datapoints")
    guards = [row["name"] for row in harness.d1("SELECT name FROM sqlite_schema WHERE type = 'trigger'").rows]
    harness.d1_batch((f'DROP TRIGGER "{name}"', ()) for name in guards)
    harness.d1(
        "WITH RECURSIVE n (i) AS (SELECT 1 UNION ALL SELECT i + 1 FROM n WHERE i < 250)"
        " INSERT INTO datapoints (id, artifact_id) SELECT i, 1000000 + i FROM n"
    )
    operator.sign_in()
    operator.open("#/invariants/no_orphan_datapoints")
    rows = page.css("#item tbody tr")
    assert rows.count == 100
    page.role("button", "More rows").click()
    page.css("#item").having("200 so far").wait()
    page.role("button", "More rows").click()
    page.css("#item").having("250 in all").wait()
    assert rows.count == 250
    page.role("button", "Copy as SQL").click()
    page.css("#copied").having("SQL").wait()
    text = str(page.evaluate("navigator.clipboard.readText()"))
    assert len(harness.d1(text.rstrip(";")).rows) == 250
    page.role("button", "Copy as steward").click()
    page.css("#copied").having("steward").wait()
    assert page.evaluate("navigator.clipboard.readText()") == "steward rows no_orphan_datapoints"
    page.role("button", "Copy as curl").click()
    page.css("#copied").having("curl").wait()
    command = str(page.evaluate("navigator.clipboard.readText()"))
    environment = {"STEWARD_TOKEN": TOKEN, "PATH": "/usr/bin:/bin"}
    ran = subprocess.run(  # noqa: S603  # the very text that a person would paste
        ["/bin/sh", "-c", command], env=environment, capture_output=True, text=True, check=True
    )
    assert '{"end":true,"rows":250,"next":null}' in ran.stdout
    page.role("button", "All, as CSV").click()
    page.css("#announcer").having("no_orphan_datapoints.csv is downloaded").do("waitFor", {"state": "attached"})
