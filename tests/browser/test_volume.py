"""Far more of everything than fits on a page, with the oddest keys: it stays readable, and nothing leaves its box."""

from __future__ import annotations

import time
from collections.abc import Iterator
from dataclasses import replace

import pytest

from tests.browser.conftest import ARTEFACTS, CONFIG, Operator
from tests.browser.seeds import many
from tests.browser.test_accessible import OUTSIDE
from tests.browser.test_page import unreadable
from tests.support.actions import TOKEN
from tests.support.runtime import migrate, wipe
from tooling.browser import Browser, View
from tooling.client import Steward
from tooling.harness import Harness
from tooling.sample import make_sample

BUCKETS = ["artifacts", "archive \u202eevihcra", *(f"bucket-{number}" for number in range(7)), "b" * 63]
MOST_NODES = 25_000


@pytest.fixture(scope="module")
def full() -> Iterator[Harness]:
    """Start a Worker of ten buckets on a database that is full of everything."""
    variables = {**CONFIG.vars, "BUCKETS": dict.fromkeys(BUCKETS, "ARTIFACTS")}
    with Harness(replace(CONFIG, vars=variables)) as harness:
        wipe(harness)
        migrate(harness)
        many(harness, BUCKETS)
        Steward(harness, TOKEN).post("/check", mode="full")
        yield harness


@pytest.fixture
def operator(full: Harness, browser: Browser, view: View) -> Iterator[Operator]:
    """Give a test the full database and a browser."""
    page = browser.open(view)
    yield Operator(page, Steward(full, TOKEN), make_sample([]))
    assert page.events("error") == []
    assert page.events("console") == []


@pytest.mark.parametrize("view", [View(), View(320, 640), View(dark=True)], ids=["desk", "phone", "dark"])
def test_everything_at_once_fits_and_reads_well(operator: Operator, view: View) -> None:
    page = operator.page
    began = time.monotonic()
    operator.sign_in()
    assert time.monotonic() - began < 30
    page.css("#findings summary").having("As a table").click()
    page.css("#invariants summary").having("no_unknown_source_type").click()
    page.css("#runs .line").first.click()
    assert page.evaluate(OUTSIDE) == []
    assert unreadable(operator) == []
    assert page.evaluate("document.querySelectorAll('*').length") < MOST_NODES
    assert page.css("#rows .bars li").count == 40 * len(BUCKETS) + 1
    assert page.css(".rule-list li").count == 300
    page.screenshot(ARTEFACTS / f"full-{view.width}-{'dark' if view.dark else 'light'}.png")


def test_no_control_character_reaches_the_page(operator: Operator) -> None:
    page = operator.page
    operator.sign_in()
    page.css("#invariants summary").having("no_unknown_source_type").click()
    page.css("#runs .line").first.click()
    text = str(page.evaluate("document.body.innerText"))
    assert [hex(ord(sign)) for sign in text if sign in "\u202e\u0007\u2028\ufeff\u200d"] == []
    assert "\\u202e" in text
    operator.open("#/invariants/no_unknown_source_type")
    text = page.css("#item").text
    assert [hex(ord(sign)) for sign in text if sign in "\u202e\u0007\u2028\ufeff\u200d"] == []
    assert page.css("#item tbody tr").count == 60
    assert page.evaluate(OUTSIDE) == []


def test_the_oldest_of_ten_thousand_findings_and_of_a_hundred_thousand_runs_are_found(operator: Operator) -> None:
    page = operator.page
    operator.sign_in()
    assert page.css("#findings .timeline li").count < 30
    page.role("button", "Older findings").click()
    page.css("#findings .aside").having("of the newest 20").wait()
    page.role("button", "Older runs").click()
    for address in ("#/findings/1", "#/runs/1"):
        operator.open(address)
        page.css("#item .facts").first.wait()
        assert page.evaluate(OUTSIDE) == []
