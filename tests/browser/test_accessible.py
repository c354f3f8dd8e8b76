"""Every view is for everybody: axe-core finds nothing serious at any width, zoom and colour scheme; keys are enough."""

from __future__ import annotations

import json
from typing import Any

import pytest

from tests.browser.conftest import ARTEFACTS, HOSTILE, Operator
from tests.browser.seeds import TYPES, history
from tests.browser.test_page import missing_told, unreadable
from tests.support.actions import TOKEN
from tooling.browser import View
from tooling.paths import NODE_MODULES

AXE = (NODE_MODULES / "axe-core" / "axe.min.js").read_text(encoding="utf-8")
WIDTHS = {"desk": (1280, 900, 1), "zoom-200": (640, 450, 2), "phone-320": (320, 640, 1)}
VIEWS = [
    pytest.param(View(width, height, dark=dark, scale=scale), id=f"{name}-{'dark' if dark else 'light'}")
    for name, (width, height, scale) in WIDTHS.items()
    for dark in (False, True)
]

OUTSIDE = """(() => {
  const clips = (element) => /auto|scroll|hidden|clip/.test(getComputedStyle(element).overflowX);
  const found = [];
  for (const element of document.querySelectorAll("body *")) {
    if (!element.checkVisibility() || element.closest("dialog:not([open]), option, .off-screen, .skip")) continue;
    const box = element.getBoundingClientRect();
    let edge = document.documentElement.clientWidth;
    for (let at = element.parentElement; at; at = at.parentElement) {
      if (clips(at)) { edge = Infinity; break; }
    }
    if (box.width && box.right > edge + 1) found.push(`${element.tagName}.${element.className}: ${box.right}`);
  }
  const { scrollWidth } = document.documentElement;
  if (scrollWidth > innerWidth) found.push(`the page: ${scrollWidth}`);
  return found.slice(0, 10);
})()"""
"""What stands out of the page, but for what its own box cuts or scrolls."""


def serious(operator: Operator) -> list[str]:
    """Return what axe finds that is serious or critical, and where."""
    page = operator.page
    if page.evaluate("typeof window.axe") == "undefined":
        page.evaluate(AXE)
    result: dict[str, Any] = page.evaluate("axe.run(document, { resultTypes: ['violations'] })")
    return [
        f"{one['id']} ({one['impact']}): {node['html'][:200]} {node['failureSummary'][:200]}"
        for one in result["violations"]
        if one["impact"] in ("serious", "critical")
        for node in one["nodes"][:5]
    ]


def holds(operator: Operator, view: View, name: str) -> None:
    """Hold what is shown now to everything that can be measured, and keep a picture of it."""
    told = f"{name}-{view.width}-{'dark' if view.dark else 'light'}"
    operator.page.screenshot(ARTEFACTS / f"{told}.png")
    assert (name, serious(operator)) == (name, [])
    assert (name, unreadable(operator)) == (name, [])
    assert (name, operator.page.evaluate(OUTSIDE)) == (name, [])


@pytest.mark.parametrize("view", VIEWS)
def test_axe_finds_nothing_serious_in_any_view(operator: Operator, view: View) -> None:
    page, steward = operator.page, operator.steward
    page.go(steward.harness.url)
    page.css("#sign-in").wait()
    holds(operator, view, "sign-in")
    steward.harness.d1("INSERT INTO artifacts (id, r2_bucket, r2_key) VALUES (90001, 'artifacts', ?1)", [HOSTILE])
    steward.post("/check", mode="full")
    history(steward.harness, TYPES)
    finding = steward.get("/findings?invariant=no_orphan_datapoints")["findings"][0]["id"]
    steward.post(f"/findings/{finding}/acknowledge", note="the import of Monday")
    operator.sign_in()
    page.css("#invariants summary").having("no_unknown_source_type").click()
    page.css("#run-2 summary").first.click()
    page.css("#findings summary").having("As a table").click()
    page.css("#history summary").first.click()
    page.role("button", "Dry backfill").click()
    page.css("#backfill .done").wait()
    page.css("#recover-dry").click()
    page.css("#recovery .done").wait()
    holds(operator, view, "overview")
    page.role("button", "Pause…").click()
    page.label("Why, for the next person").wait()
    holds(operator, view, "dialog")
    page.press("Escape")
    missing_told(operator)
    for address in ("invariants/no_unknown_source_type", f"findings/{finding}", "runs/2", "passes/1", "plans/1"):
        operator.open(f"#/{address}")
        holds(operator, view, address.replace("/", "-"))


FOCUSABLE = """(() => [...document.querySelectorAll(
    "a[href], button, input, select, textarea, summary, [tabindex='0']")]
  .filter((one) => one.checkVisibility() && !one.closest("dialog") && one.type !== "hidden")
  .map((one, index) => { one.dataset.stop ??= String(index); return one.dataset.stop; }))()"""
AT = """(() => { const at = document.activeElement; const style = getComputedStyle(at);
  return [at.dataset.stop ?? "", style.outlineStyle, at.tagName]; })()"""


def test_every_control_is_reached_by_keys_and_shows_that_it_is(operator: Operator) -> None:
    page = operator.page
    operator.steward.post("/check", mode="full")
    operator.sign_in()
    # A refresh would draw the list again while it is walked through.
    page.answer_with("/summary", 0)
    wanted: list[str] = page.evaluate(FOCUSABLE)
    assert len(wanted) > 40
    reached = [
        str(
            page.evaluate(
                "(() => { const skip = document.querySelector('.skip'); skip.focus(); return skip.dataset.stop; })()"
            )
        )
    ]
    for _ in range(len(wanted) + 20):
        page.press("Tab")
        stop, outline, tag = page.evaluate(AT)
        if tag == "BODY":
            break
        assert outline == "solid", (stop, tag)
        reached.append(stop)
    assert [one for one in wanted if one not in reached] == []
    page.answer_with("/summary", None)


def test_a_finding_is_acknowledged_by_keys_alone(operator: Operator) -> None:
    page = operator.page
    operator.steward.post("/check", mode="full")
    operator.sign_in()
    page.css("#findings .bar").first.do("focus")
    page.press("Enter")
    page.css("#item-title:focus").do("waitFor")
    page.css("#finding-note").wait()
    for _ in range(12):
        page.press("Tab")
        if page.evaluate("document.activeElement.id") == "finding-note":
            break
    page.press(*"mine", "Tab", "Enter")
    page.css("#item .reason").having("Acknowledged").wait()
    assert "mine" in page.css("#item .said").text
    page.do("goBack")
    page.css("#columns").wait()


@pytest.mark.parametrize("view", [View(calm=True), View(calm=False)], ids=["calm", "lively"])
def test_nothing_moves_for_who_prefers_that(operator: Operator, view: View) -> None:
    page = operator.page
    operator.sign_in()
    page.evaluate("""document.querySelector("#invariants .notes").innerText = "" """)
    page.evaluate("""{ const line = document.createElement("p"); line.className = "busy"; line.textContent = "At work…";
      document.querySelector("#invariants .notes").append(line); }""")
    moving = page.evaluate("document.getAnimations().filter((one) => one.playState === 'running').length")
    scrolls = page.evaluate("getComputedStyle(document.documentElement).scrollBehavior")
    assert (moving, scrolls) == ((0, "auto") if view.calm else (1, "smooth"))


def test_axe_is_seen_to_find_what_is_wrong(operator: Operator) -> None:
    operator.sign_in()
    operator.page.evaluate("document.querySelector('#refresh').textContent = ''")
    assert "button-name" in json.dumps(serious(operator))
    operator.page.evaluate("document.querySelector('#refresh').textContent = 'Refresh'")
    operator.page.evaluate("document.querySelector('#columns').style.width = '3000px'")
    assert operator.page.evaluate(OUTSIDE)
    assert TOKEN not in operator.page.evaluate("document.body.innerText")
