"""Each thing has its address: it can be sent, and back and forward work."""

from __future__ import annotations

import json

from tests.browser.conftest import Operator


def title(operator: Operator) -> str:
    return str(operator.page.do("title"))


def test_an_address_that_was_sent_opens_what_it_names(operator: Operator) -> None:
    page = operator.page
    operator.steward.post("/check", mode="full")
    page.go(f"{operator.steward.harness.url}/#/runs/2")
    page.label("Token").fill("a-token-of-the-tests")
    page.role("button", "Sign in").click()
    page.css("#item-title").having("Run 2").wait()
    page.css("#item .skeleton").wait_gone()
    assert "check" in page.css("#item").text
    assert not page.css("#columns").do("isVisible")
    assert "Run 2" in title(operator)
    page.role("button", "Copy the address").click()
    page.css("#copied").having("copied").wait()
    assert str(page.evaluate("navigator.clipboard.readText()")).endswith("/#/runs/2")


def test_back_and_forward_lead_through_what_was_looked_at(operator: Operator) -> None:
    page = operator.page
    operator.steward.post("/check", mode="full")
    operator.sign_in()
    page.css("#invariants summary").having("no_orphan_datapoints").click()
    page.css("#invariants").role("link", "All rows that break it").click()
    page.css("#item-title").having("no_orphan_datapoints").wait()
    page.do("goBack")
    page.css("#columns").wait()
    page.css("#sections").role("link", "Runs").click()
    page.css("#runs-title:focus").do("waitFor")
    page.css("#run-2 summary").first.click()
    page.css("#run-2").role("link", "The page of run 2").click()
    page.css("#item-title").having("Run 2").wait()
    page.do("goBack")
    page.do("goBack")
    page.do("goForward")
    page.do("goForward")
    page.css("#item-title").having("Run 2").wait()
    page.css("#item-back").click()
    page.css("#runs-title:focus").do("waitFor")


def test_every_panel_has_an_address_that_leads_to_it(operator: Operator) -> None:
    page = operator.page
    operator.sign_in()
    shown = "[...document.querySelectorAll('#sections a:not([hidden])')]"
    links: list[str] = page.evaluate(f"{shown}.map((one) => one.getAttribute('href'))")
    assert len(links) > 10
    for link in links:
        page.evaluate(f"location.hash = {json.dumps(link)}")
        page.css(f"#{link.removeprefix('#/')}-title:focus").do("waitFor")


def test_a_pass_has_a_page_with_its_classes(operator: Operator) -> None:
    page = operator.page
    operator.steward.post("/recover", dry_run=False, max_deletes=10_000)
    operator.steward.post("/resume")
    assert operator.steward.harness.scheduled() == "ok"
    operator.sign_in()
    page.css("#past-passes summary").click()
    page.css("#past-passes").role("link", "Pass 1").click()
    page.css("#item-title").having("Pass 1").wait()
    page.css("#item .legend").wait()
    assert "in all" in page.css("#item").text


def test_what_is_not_there_is_said_in_place(operator: Operator, refusals: list[str]) -> None:
    refusals.append("status of 404")
    page = operator.page
    operator.sign_in()
    for address in ("#/runs/999", "#/findings/999", "#/passes/999", "#/invariants/nothing", "#/runs/%E0%A4%A"):
        operator.open(address)
        page.css("#item .problem").wait()
    page.evaluate("location.hash = '#/nothing/7'")
    page.css("#columns").wait()


def test_an_address_of_markup_is_text(operator: Operator, refusals: list[str]) -> None:
    refusals.append("status of 404")
    operator.sign_in()
    operator.open("#/invariants/%3Cimg%20src%3Dx%20onerror%3D%22document.title%3D1%22%3E")
    operator.page.css("#item .problem").wait()
    assert "<img src=x" in operator.page.css("#item-title").text
    assert operator.page.evaluate("document.querySelectorAll('img').length") == 0


def test_the_tab_says_the_state_and_what_runs(operator: Operator) -> None:
    page = operator.page
    operator.steward.post("/check", mode="full")
    operator.sign_in()
    icon = "document.getElementById('icon').getAttribute('href')"
    assert page.evaluate(icon) == "page/icon-bad.svg"
    assert title(operator) == "✕ broken · staging · artifact-steward"
    operator.steward.harness.d1(
        "INSERT INTO steward_runs (kind, mode, trigger, status, started_at, expires_at, request, counts)"
        " VALUES ('recovery', 'live', 'http', 'running', '2026-11-29T12:00:00.000Z', '9999', '{}', ?1)",
        [
            json.dumps(
                {"step": "dedupe", "steps": [{"name": "pause", "before": 0, "after": 1, "changed": 1, "sample": []}]}
            )
        ],
    )
    page.role("button", "Refresh").click()
    page.css("#running li").first.wait()
    assert "dedupe" in page.css("#running").text
    assert title(operator).startswith("✕ broken, run 3 at work")
    # It moves by itself: neither the button nor the clock's 15 seconds are needed.
    operator.open("#/runs/3")
    operator.steward.harness.d1(
        "UPDATE steward_runs SET counts = ?1 WHERE id = 3", [json.dumps({"step": "classify", "steps": []})]
    )
    page.css("#item .busy").having("classify").do("waitFor", {"timeout": 8000})
    operator.steward.harness.d1(
        "UPDATE steward_runs SET status = 'succeeded', finished_at = '2026-11-29T12:01:00.000Z' WHERE id = 3"
    )
    page.css("#item .state").having("succeeded").do("waitFor", {"timeout": 8000})
    page.css("#running").wait_gone()


def test_the_environment_is_seen(operator: Operator) -> None:
    operator.sign_in()
    assert operator.page.css("#environment").text == "staging"
    style = "getComputedStyle(document.getElementById('environment'))"
    colours = [operator.page.evaluate(f"{style}.{name}") for name in ("backgroundColor", "color")]
    assert colours == ["rgb(255, 213, 79)", "rgb(0, 0, 0)"]


def test_plans_are_shown_where_the_worker_has_them(operator: Operator) -> None:
    page = operator.page
    plan = {
        "id": 7,
        "kind": "recovery",
        "state": "made",
        "digest": "abc\u202e",
        "made_at": "2026-11-29T12:00:00.000Z",
        "made_by": "anna",
        "expires_at": "2026-11-30T12:00:00.000Z",
        "approved_by": None,
        "approved_at": None,
        "items": 3,
        "totals": {"rows": 3},
        "forecast": {"rows_written": 9},
        "complete": True,
    }
    page.answer_with("/openapi.json", 200, {"paths": {"/plans": {}}})
    page.answer_with("/plans", 200, {"plans": [plan]})
    page.answer_with("/plans/7", 200, plan)
    page.answer_with("/plans/7/items", 200, {"items": [{"item": 1, "about": ["a\u202e"]}], "next": None})
    operator.sign_in()
    page.css("#to-plans").click()
    page.css("#plans").role("link", "Plan 7").click()
    page.css("#item-title").having("Plan 7").wait()
    page.css("#item .skeleton").wait_gone()
    shown = page.css("#item").text
    assert all(
        word in shown for word in ("recovery", "by anna", "abc\\u202e", '"rows_written": 9', "The first of 3 items")
    )
    page.answer_with("/openapi.json", 200, {"paths": {}})
    page.do("reload")
    operator.wait_for_data()
    page.css("#plans").wait_gone()


def test_a_plan_is_approved_and_applied(operator: Operator) -> None:
    page, steward = operator.page, operator.steward
    operator.repair_by_hand()
    steward.post("/recover", dry_run=True)
    operator.sign_in()
    page.css("#to-plans").click()
    page.css("#plans").role("link", "Plan 1").click()
    page.css("#item").having("first of").wait()
    page.role("button", "Approve…").click()
    page.role("button", "Approve").click()
    page.css("#item .facts").having("by operator").wait()
    assert steward.get("/plans/1")["state"] == "approved"
    page.role("button", "Apply…").click()
    page.css("#dialog-must").click()
    page.role("button", "Apply").click()
    page.css("#item .done").having("is applied").wait()
    assert steward.get("/plans/1")["state"] == "applied"
    doubled = "SELECT count(*) - count(DISTINCT r2_bucket || '/' || r2_key) AS n FROM artifacts"
    assert steward.harness.d1(doubled).rows[0]["n"] == 0
