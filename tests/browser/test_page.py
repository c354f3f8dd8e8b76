"""A person on call and the page, in a real browser against the real Worker."""

from __future__ import annotations

import json
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest

from tests.browser.conftest import ARTEFACTS, HOSTILE, KEYS, Operator
from tests.support.actions import TOKEN
from tests.support.events import notification
from tooling.browser import View
from tooling.sample import ATTIC_RULE

UNAUTHORISED = "status of 401"


def test_the_page_may_run_nothing_but_its_own_files(operator: Operator) -> None:
    reply = operator.steward.harness.fetch("GET", "/")
    policy = dict(part.strip().split(" ", 1) for part in reply.headers["content-security-policy"].split(";"))
    assert policy["default-src"] == "'none'"
    assert {policy[name] for name in ("script-src", "style-src", "connect-src", "img-src")} == {"'self'"}
    assert (policy["require-trusted-types-for"], policy["trusted-types"]) == ("'script'", "'none'")
    operator.sign_in()
    assert operator.page.evaluate("document.querySelectorAll('script:not([src]), style').length") == 0


def outcomes(operator: Operator) -> dict[str, str]:
    """Return the words that the page shows for each invariant."""
    names = operator.page.css("#invariants .title").texts
    states = operator.page.css("#invariants .line .state").texts
    return {name: state.split(maxsplit=1)[-1].strip() for name, state in zip(names, states, strict=True)}


def test_a_wrong_token_is_told_and_the_right_one_is_kept_for_the_tab(operator: Operator, refusals: list[str]) -> None:
    refusals.append(UNAUTHORISED)
    page = operator.page
    page.go(operator.steward.harness.url)
    page.label("Token").fill("wrong")
    page.role("button", "Sign in").click()
    assert "does not accept this token" in page.css("#sign-in-problem .problem").wait().text
    assert page.evaluate("sessionStorage.length + localStorage.length") == 0
    page.label("Token").fill(TOKEN)
    page.role("button", "Sign in").click()
    operator.wait_for_data()
    page.do("reload")
    operator.wait_for_data()
    assert page.evaluate("localStorage.length + document.cookie.length") == 0
    page.role("button", "Sign out").click()
    page.css("#sign-in").wait()
    assert page.evaluate("sessionStorage.length") == 0


def test_a_token_that_stops_working_leads_back_to_the_sign_in(operator: Operator, refusals: list[str]) -> None:
    refusals.append(UNAUTHORISED)
    operator.sign_in()
    page = operator.page
    page.evaluate("sessionStorage.setItem('steward-token', 'old')")
    page.do("reload")
    assert "no longer accepted" in page.css("#sign-in-problem .problem").wait().text


def test_sign_in_by_keyboard_alone(operator: Operator) -> None:
    page = operator.page
    page.go(operator.steward.harness.url)
    page.css("#sign-in").wait()
    page.do("locator", "#token:focus")
    page.press(*TOKEN, "Enter")
    operator.wait_for_data()
    assert page.evaluate("document.activeElement.id") == "verdict"
    page.press("Tab")
    outline = "getComputedStyle(document.activeElement).outlineStyle"
    assert page.evaluate(f"document.activeElement !== document.body && {outline}") == "solid"
    # The first stop of the page is the way past the navigation.
    page.do("reload")
    operator.wait_for_data()
    page.press("Tab")
    assert page.evaluate("document.activeElement.textContent") == "Skip to the content"
    page.press("Enter")
    assert page.evaluate("document.activeElement.id") == "main"


def test_before_the_first_check_it_says_so_and_a_check_shows_what_is_broken(operator: Operator) -> None:
    operator.sign_in()
    operator.headline("Not checked yet")
    operator.page.role("button", "Check in full").click()
    operator.headline("4 invariants are broken")
    broken = {name for name, count in operator.sample.violations().items() if count}
    assert {name for name, word in outcomes(operator).items() if word == "violated"} == broken
    shown = operator.page.css("#invariants .line").having("no_orphan_datapoints").text
    assert f"{operator.sample.violations()['no_orphan_datapoints']} violations" in shown
    assert "broken" in operator.page.do("title")
    line = operator.page.css("#invariants summary").having("no_orphan_datapoints")
    line.click()
    inside = operator.page.css("#invariants li").having("no_orphan_datapoints").text
    assert "POST /recover points it at the winner" in inside
    assert "datapoints.artifact_id" in inside


def test_a_dirty_database_is_recovered_through_the_dialog_and_turns_green(operator: Operator) -> None:
    page = operator.page
    operator.steward.post("/check", mode="full")
    operator.repair_by_hand()
    operator.sign_in()
    operator.headline("4 invariants are broken")
    add_the_attic_rule(operator)

    page.css("#recover-dry").click()
    dry = page.css("#recovery .done").wait().text
    assert ": items, forecast, approval" in dry
    rows = "SELECT count(*) AS n FROM artifacts"
    before = operator.steward.harness.d1(rows).rows[0]["n"]
    losers = operator.steward.harness.d1(
        "SELECT count(*) - count(DISTINCT r2_bucket || '/' || r2_key) AS n FROM artifacts"
    ).rows[0]["n"]
    assert f"would delete {losers} duplicate rows and leave none" in dry

    page.css("#recovery summary").having("Options").click()
    page.css("#max-groups").fill("5")
    page.role("button", "Live recovery…").click()
    confirm = page.role("button", "Recover live")
    confirm.wait()
    assert f"max_deletes: {losers}" in page.css("dialog .must").text
    confirm.do("click", {"force": True})
    page.role("button", "Cancel").click()
    page.css("dialog").wait_gone()
    assert operator.steward.harness.d1(rows).rows[0]["n"] == before

    page.role("button", "Live recovery…").click()
    page.css("#dialog-must").click()
    confirm.click()
    assert "everything holds" in page.css("#recovery .done").having("Recovered").wait().text
    operator.headline("All is well, with a warning")
    assert {name for name, word in outcomes(operator).items() if word == "violated"} == {"no_directory_citations"}
    assert operator.steward.harness.d1(rows).rows[0]["n"] == before - losers
    calls = operator.steward.get("/runs?kind=recovery")["runs"]
    live = [run for run in calls if run["mode"] == "live"]
    assert len(live) > 1
    assert live[-1]["request"]["max_deletes"] == losers
    assert not live[0]["counts"]["steps"][0].get("error")


def add_the_attic_rule(operator: Operator) -> None:
    """Write a rule, see what it would do, and save it."""
    page = operator.page
    operator.part("rules").role("button", "Add a rule").click()
    fields = operator.part("rules").css("li").do("count")
    for label, value in (("Pattern", ATTIC_RULE.pattern), ("Type", ATTIC_RULE.source_type)):
        page.label(f"{label} of rule {fields}").fill(value)
    operator.part("rules").role("button", "Preview").click()
    preview = operator.part("rules").css("tr").having("archive").wait().text
    assert [word for word in preview.split() if word.isdigit()] == ["0", "4"]
    page.role("button", "Save…").click()
    page.role("button", "Save the rules").click()
    operator.part("rules").css(".done").wait()
    assert "archive" in [rule["source_type"] for rule in operator.steward.get("/rules")["rules"]]


def test_a_live_recovery_is_taken_back_from_its_run(operator: Operator) -> None:
    page = operator.page
    rows = "SELECT id FROM artifacts ORDER BY id"
    before = operator.steward.harness.d1(rows).rows
    deletes = len(before)
    run = operator.steward.post("/recover", dry_run=False, max_deletes=deletes)["run_id"]
    assert operator.steward.harness.d1(rows).rows != before
    operator.sign_in()
    page.css(f"#run-{run} summary").first.click()
    page.css(f"#run-{run}").role("button", "Undo…").click()
    page.role("button", "Undo").click()
    assert "restored" in page.css("#runs .done").wait().text
    assert operator.steward.harness.d1(rows).rows == before


def test_a_refused_live_backfill_shows_its_problem_in_place(operator: Operator, refusals: list[str]) -> None:
    refusals.append("status of 409")
    page = operator.page
    operator.sign_in()
    page.label("Prefix").first.fill("pages/")
    page.role("button", "Live backfill…").click()
    page.role("button", "Backfill live").wait()
    assert "scanned" in page.css("dialog .counts").text
    page.role("button", "Backfill live").click()
    problem = page.css("#backfill .problem").wait().text
    assert "(409)" in problem
    assert "unique index" in problem
    assert "Recovery restores it" in problem
    assert page.css("#backfill .passes").text


def test_a_pass_under_way_shows_its_ranges_its_rate_and_the_time_left(operator: Operator) -> None:
    page, harness = operator.page, operator.steward.harness
    counts = dict.fromkeys(("scanned", "inserted", "upgraded", "unchanged", "unclassified", "skipped", "refused"), 0)
    counted = [json.dumps({**counts, "scanned": many, "unclassified_sample": []}) for many in (3000, 6000)]
    ranges = [[None, "pages/100", "pages/099", False], ["pages/100", HOSTILE, None, False], [HOSTILE, None, "z", True]]
    began = datetime.now(UTC) - timedelta(seconds=100)
    harness.d1(
        "INSERT INTO steward_passes"
        " (r2_bucket, r2_prefix, started_at, saved_at, ranges, counts, previous, copies, fence)"
        " VALUES ('artifacts', '', ?1, ?1, ?2, ?3, ?4, 0, 0)",
        [began.isoformat(timespec="milliseconds"), json.dumps({"ranges": ranges, "chain": "0", "errors": 0}), *counted],
    )
    operator.sign_in()
    assert page.css("#backfill .strip li").count == 3
    cells = page.css("#backfill .strip").text
    assert "the first key to pages/100: up to pages/099" in cells
    assert ": not begun" in cells
    assert "to the last: done" in cells
    assert "\u202e" not in cells
    told = page.css("#backfill .passes").text
    assert "objects a second" in told
    assert "left at that pace" in told


def test_a_wrong_rule_is_shown_at_its_field(operator: Operator, refusals: list[str]) -> None:
    refusals.append("status of 422")
    page = operator.page
    operator.sign_in()
    page.label("Type of rule 2").fill("unknown")
    operator.part("rules").role("button", "Preview").click()
    assert "rules[1].source_type" in operator.part("rules").css(".problem").wait().text
    assert page.label("Type of rule 2").do("getAttribute", "aria-invalid") == "true"


def test_when_the_worker_does_not_answer_the_page_says_so_and_stays(operator: Operator, refusals: list[str]) -> None:
    refusals += ["ERR_FAILED", "status of 503"]
    page = operator.page
    operator.steward.post("/check", mode="fast")
    operator.sign_in()
    operator.headline("invariants are broken")
    page.answer_with("/summary", 0)
    page.role("button", "Refresh").click()
    operator.headline("The state is not known")
    assert "could not be reached" in page.css("#trouble .problem").text
    assert page.css("#invariants .line").count > 0
    hint = "Apply the migrations."
    problem: dict[str, Any] = {"type": "about:blank", "title": "Not available", "status": 503}
    page.answer_with("/summary", 503, {**problem, "detail": "no such table", "hint": hint, "setting": "DB"})
    page.role("button", "Refresh").click()
    assert hint in page.css("#trouble .problem").having("no such table").wait().text
    page.answer_with("/summary", None)
    page.role("button", "Refresh").click()
    operator.headline("invariants are broken")


def test_a_first_load_that_fails_is_no_blank_page(operator: Operator, refusals: list[str]) -> None:
    refusals.append("ERR_FAILED")
    page = operator.page
    operator.sign_in()
    for path in ("/summary", "/findings", "/rules", "/runs"):
        page.answer_with(path, 0)
    page.do("reload")
    operator.headline("The state is not known")
    assert page.role("heading", "Invariants").count == 1


def test_a_key_with_markup_in_it_shows_as_text(operator: Operator) -> None:
    harness = operator.steward.harness
    harness.d1("INSERT INTO artifacts (id, r2_bucket, r2_key) VALUES (90001, 'artifacts', ?1)", [HOSTILE])
    harness.d1("UPDATE artifacts SET source_type = 'other' WHERE source_type = 'unknown' AND id <> 90001")
    operator.steward.post("/check", mode="full")
    operator.sign_in()
    operator.page.css("#invariants summary").having("no_unknown_source_type").click()
    shown = HOSTILE.replace("\u202e", "\\u202e")
    assert shown in operator.page.css("#invariants li").having("no_unknown_source_type").text
    assert operator.page.evaluate("document.querySelectorAll('img').length") == 0
    assert operator.page.do("title") != "1"


def test_pausing_asks_for_a_reason_and_resuming_ends_it(operator: Operator) -> None:
    page = operator.page
    operator.sign_in()
    page.role("button", "Pause…").click()
    page.label("Why, for the next person").fill("moving <b>the bucket</b>")
    page.press("Enter")
    assert "moving <b>the bucket</b>" in page.css("#notices li").having("paused by operator").wait().text
    page.role("button", "Resume the schedule").click()
    page.css("#notices li").having("paused by operator").wait_gone()
    assert operator.steward.get("/summary")["pause"]["paused_by"] is None


def test_a_refresh_keeps_the_focus_the_open_rows_and_the_draft(operator: Operator) -> None:
    page = operator.page
    operator.steward.post("/check", mode="full")
    operator.sign_in()
    page.css("#invariants summary").having("no_orphan_datapoints").click()
    page.label("Type of rule 1").fill("a draft")
    page.css("#runs summary").first.do("focus")
    operator.steward.post("/check", mode="fast")
    page.evaluate("document.querySelector('#refresh').click()")
    page.css("#runs .line").having("#3").wait()
    assert page.evaluate("document.activeElement.closest('details').id") == "run-2"
    assert page.css("#invariants details[open]").count == 1
    assert page.label("Type of rule 1").do("inputValue") == "a draft"


def test_the_page_keeps_itself_up_to_date(operator: Operator) -> None:
    operator.sign_in()
    operator.steward.post("/check", mode="fast")
    operator.page.css("#verdict .headline").having("broken").do("waitFor", {"timeout": 25_000})


def test_runs_are_shown_by_kind_and_opened_by_link(operator: Operator) -> None:
    page = operator.page
    operator.steward.post("/check", mode="fast")
    operator.steward.post("/backfill", max_objects=10)
    operator.sign_in()
    page.css(".kinds").role("link", "backfill").click()
    page.css("#run-2").wait_gone()
    assert page.css("#runs .line").count == 1
    page.evaluate("location.hash = '#run/1'")
    page.css("#item-title").having("Run 1").wait()
    page.css("#item .skeleton").wait_gone()
    assert page.evaluate("location.hash") == "#/runs/1"
    assert "Result" in page.css("#item").text
    page.do("goBack")
    page.css("#run-3").wait()
    assert page.evaluate("location.hash") == "#/runs?kind=backfill"


def missing_told(operator: Operator) -> None:
    """Recover, and walk the bucket until two passes have told which rows have no object."""
    steward = operator.steward
    steward.post("/recover", dry_run=False, max_deletes=10_000)
    steward.post("/resume")
    for _ in range(12):
        assert steward.harness.scheduled() == "ok"
        if steward.get("/missing?limit=1")["missing"]:
            return
    raise AssertionError(steward.last_tick())


def test_the_classes_of_the_last_pass_add_up_and_missing_rows_are_shown(operator: Operator) -> None:
    page = operator.page
    operator.sign_in()
    assert "No pass is complete yet" in page.css("#objects .result").text
    missing_told(operator)
    page.evaluate("document.querySelector('#refresh').click()")
    page.css("#objects .stack").wait()
    latest = next(one for one in operator.steward.get("/passes")["passes"] if one["completed_at"])
    *parts, total = [int(text.replace(",", "")) for text in page.css("#objects .legend dd").texts]
    assert total == sum(parts) == latest["counts"]["scanned"] + latest["counts"]["missing"]
    assert f"{total} in all" in page.css("#objects .stack").do("getAttribute", "aria-label")
    gone = [row["r2_key"] for row in operator.steward.get("/missing?limit=20")["missing"]]
    assert page.css("#objects td:first-child").texts == gone
    without = {row.r2_key for row in operator.sample.artifacts} - set(KEYS) - operator.sample.objects.keys()
    assert page.css("#objects h3 .sum").text == str(len(without))
    page.css("#objects summary").having("The certificate").click()
    assert "certified" in page.css("#objects h3 .state").text
    assert '"why_not": []' in page.css("#objects pre").text


def test_missing_rows_are_downloaded_as_files(operator: Operator) -> None:
    page = operator.page
    missing_told(operator)
    operator.sign_in()
    page.role("button", "Missing, as CSV").click()
    page.css("#announcer").having("missing.csv is downloaded").do("waitFor", {"state": "attached"})
    page.role("button", "as NDJSON").click()
    page.css("#announcer").having("missing.ndjson is downloaded").do("waitFor", {"state": "attached"})


def test_a_file_that_breaks_off_is_not_taken_for_a_whole_one(operator: Operator) -> None:
    page = operator.page
    operator.sign_in()
    page.answer_with("/missing", 200, {"rows": 1})
    page.role("button", "Missing, as CSV").click()
    assert "The file is not complete" in page.css("#objects .problem").wait().text


def test_events_show_their_lag_and_what_was_not_applied(operator: Operator) -> None:
    operator.sign_in()
    assert "No event has come yet" in operator.part("events").text
    harness = operator.steward.harness
    for queue, bodies in (
        ("artifact-events", [notification("pages/new.md", at="2026-11-22T12:00:00.000Z", bucket=HOSTILE), "no JSON"]),
        ("artifact-events-dead", [notification("pages/dead.md")]),
    ):
        assert harness.queue(queue, bodies) == "ok"
    operator.page.role("button", "Refresh").click()
    shown = operator.page.css("#events .facts").wait().text
    assert "Dead letters" in shown
    assert "Lag" in shown
    operator.page.css("#events summary").having("3 messages not applied").wait().click()
    letters = operator.page.css("#events table").wait().text
    assert all(
        word in letters for word in ("given up", "no notification", "another bucket", "no JSON", "pages/dead.md")
    )
    assert "onerror" not in operator.page.evaluate("document.title")


def test_a_prefix_that_lists_more_than_a_folder_is_told(operator: Operator) -> None:
    page = operator.page
    operator.sign_in()
    page.css("#backfill-prefix").fill("pages")
    page.role("button", "Dry backfill").click()
    assert "The prefix 'pages' also lists 'pages2/…'." in page.css("#backfill .result .reason").wait().text


VIEWS = [
    View(width, height, dark=dark) for width, height in ((1280, 900), (375, 812), (360, 740)) for dark in (False, True)
]


@pytest.mark.parametrize("view", VIEWS, ids=lambda view: f"{view.width}-{'dark' if view.dark else 'light'}")
def test_it_fits_and_reads_well(operator: Operator, view: View) -> None:
    page = operator.page
    steward = operator.steward
    name = f"{view.width}-{'dark' if view.dark else 'light'}"
    page.go(steward.harness.url)
    page.css("#sign-in").wait()
    assert unreadable(operator) == []
    page.screenshot(ARTEFACTS / f"sign-in-{name}.png")
    steward.post("/check", mode="full")
    operator.sign_in()
    page.css("#invariants summary").having("no_orphan_datapoints").click()
    page.css("#run-2 summary").first.click()
    page.role("button", "Dry backfill").click()
    page.css("#backfill .done").wait()
    assert unreadable(operator) == []
    assert page.evaluate("document.documentElement.scrollWidth <= innerWidth")
    page.screenshot(ARTEFACTS / f"dirty-{name}.png")
    page.role("button", "Live recovery…").click()
    page.css("dialog .must").wait()
    page.screenshot(ARTEFACTS / f"dialog-{name}.png", full=False)
    page.css("#dialog-must").click()
    page.role("button", "Recover live").click()
    page.css("#recovery .reason").having("Done, but").wait()
    assert unreadable(operator) == []
    assert page.evaluate("document.documentElement.scrollWidth <= innerWidth")
    page.screenshot(ARTEFACTS / f"recovered-{name}.png")
    missing_told(operator)
    page.do("reload")
    page.css("#objects .stack").wait()
    page.css("#objects summary").having("The certificate").click()
    assert unreadable(operator) == []
    assert page.evaluate("document.documentElement.scrollWidth <= innerWidth")
    page.screenshot(ARTEFACTS / f"objects-{name}.png")


def unreadable(operator: Operator) -> list[str]:
    """Return the visible texts whose contrast is below WCAG AA (4.5, or 3 where large)."""
    found: list[str] = operator.page.evaluate(CONTRAST)
    return found


CONTRAST = """(() => {
  const canvas = new OffscreenCanvas(1, 1).getContext("2d", { willReadFrequently: true });
  const rgb = (colour) => { canvas.clearRect(0, 0, 1, 1); canvas.fillStyle = colour; canvas.fillRect(0, 0, 1, 1);
    return [...canvas.getImageData(0, 0, 1, 1).data]; };
  const light = ([r, g, b]) => [r, g, b].map((v) => v / 255)
    .map((v) => (v <= 0.03928 ? v / 12.92 : ((v + 0.055) / 1.055) ** 2.4))
    .reduce((sum, v, i) => sum + v * [0.2126, 0.7152, 0.0722][i], 0);
  const ground = (element) => { for (let at = element; at; at = at.parentElement) {
    const colour = rgb(getComputedStyle(at).backgroundColor); if (colour[3] === 255) return colour; }
    return [255, 255, 255]; };
  const found = new Set();
  const walker = document.createTreeWalker(document.body, NodeFilter.SHOW_TEXT);
  while (walker.nextNode()) {
    const element = walker.currentNode.parentElement;
    if (!walker.currentNode.data.trim() || !element.checkVisibility() || element.closest("option, noscript")) continue;
    const style = getComputedStyle(element);
    const [a, b] = [light(rgb(style.color)), light(ground(element))].sort((x, y) => y - x);
    const size = parseFloat(style.fontSize);
    const large = size >= 24 || (size >= 18.66 && style.fontWeight >= 700);
    const ratio = (a + 0.05) / (b + 0.05);
    const words = walker.currentNode.data.trim();
    if (ratio < (large ? 3 : 4.5)) found.add(`${words.slice(0, 40)}: ${ratio.toFixed(2)}`);
  }
  return [...found];
})()"""
