from __future__ import annotations

import json
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path

import pytest

from tests.support.actions import TOKEN
from tests.support.runtime import migrate, wipe
from tooling.browser import Browser, Found, Page, View
from tooling.client import Steward
from tooling.harness import Config, Harness
from tooling.sample import Sample, make_sample
from tooling.sample_loader import create_dirty_database, insert, put_rules

HERE = Path(__file__).parent
ARTEFACTS = HERE.parents[1] / "test-artefacts"
CONFIG = Config(
    vars={
        "STEWARD_TOKEN": TOKEN,
        "BACKFILL_MODE": "live",
        "ENVIRONMENT": "staging:#ffd54f",
        "TICK_MAX_OBJECTS": 100,
        "PASS_INTERVAL_HOURS": 0,
        "MISSING_GRACE_HOURS": 0,
        "MISSING_LIMIT_PERCENT": 50,
    }
)
KEYS = [f"pages/{number:03}.{ending}" for number in range(64) for ending in ("md", "py", "json")]
HOSTILE = 'sample/<img src=x onerror="document.title=1">\u202e.md'
"""A key that is markup, and that would show its end backwards."""


def pytest_collection_modifyitems(items: Sequence[pytest.Item]) -> None:
    """Mark everything in this folder: it needs the real runtime and a browser."""
    for item in items:
        if item.path.is_relative_to(HERE):
            item.add_marker(pytest.mark.browser)


@dataclass(frozen=True)
class Operator:
    """A person with a browser before the page of a running Worker."""

    page: Page
    steward: Steward
    sample: Sample

    def open(self, address: str) -> None:
        """Go to an address of the page, and wait until what it names has come."""
        self.page.evaluate(f"location.hash = {json.dumps(address)}")
        self.page.css("#item .skeleton").first.wait_gone()

    def part(self, name: str) -> Found:
        """Return one section of the page."""
        return self.page.css(f"#{name}")

    def sign_in(self) -> None:
        """Sign in and wait until everything has arrived."""
        self.page.go(self.steward.harness.url)
        self.page.label("Token").fill(TOKEN)
        self.page.role("button", "Sign in").click()
        self.wait_for_data()

    def wait_for_data(self) -> None:
        """Wait until no section waits for its first data."""
        self.part("verdict").wait()
        self.page.css("section[aria-busy]").first.wait_gone()
        self.page.css(".skeleton").first.wait_gone()

    def headline(self, text: str) -> None:
        """Wait until the status says this."""
        self.page.css("#verdict .headline").having(text).wait()

    def repair_by_hand(self) -> None:
        """Do what recovery leaves to people: restore the lost rows."""
        insert(self.steward.harness, "artifacts", self.sample.lost)


@pytest.fixture(scope="session")
def running() -> Iterator[Harness]:
    """Start the Worker once for the whole suite."""
    with Harness(CONFIG) as harness:
        yield harness


@pytest.fixture(scope="session")
def browser() -> Iterator[Browser]:
    """Start the browser once for the whole suite."""
    with Browser() as browser:
        yield browser


@pytest.fixture
def view() -> View:
    """Say how the page is looked at; a test may parametrise it."""
    return View()


@pytest.fixture
def refusals() -> list[str]:
    """List the ends of the console's lines about refused requests that a test expects."""
    return []


@pytest.fixture
def operator(running: Harness, browser: Browser, view: View, refusals: list[str]) -> Iterator[Operator]:
    """Give a test the dirty sample and a browser, and hold the page to what it may never do."""
    wipe(running)
    sample = make_sample(KEYS)
    create_dirty_database(running, sample)
    migrate(running)
    running.r2_put((key, "body") for key in [*KEYS, *sample.objects, HOSTILE])
    steward = Steward(running, TOKEN)
    put_rules(steward)
    page = browser.open(view)
    yield Operator(page, steward, sample)
    elsewhere = [url for url in page.events("request") if not url.startswith(running.url + "/")]
    assert elsewhere == []
    assert page.events("error") == []
    told = [text for text in page.events("console") if not any(refusal in text for refusal in refusals)]
    assert told == []
