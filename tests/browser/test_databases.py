"""Several databases behind one page: which one it is about, how all stand, and one that gives no answer."""

from __future__ import annotations

from collections.abc import Iterator

import pytest

from tests.support.actions import TOKEN
from tests.support.fakes import MIGRATIONS
from tests.support.real_schemas import CLEAN
from tooling.browser import Browser, Page
from tooling.harness import Config, Harness

FIRST, SECOND = CLEAN[:2]
UNREACHED = {"name": "nowhere", "database": "NOWHERE", "BUCKETS": {"x": "NOWHERE_R2"}}
CONFIG = Config(
    vars={"STEWARD_TOKEN": TOKEN, "BACKFILL_MODE": "live", "PROFILES": [FIRST.profile, SECOND.profile, UNREACHED]},
    d1=(FIRST.binding, SECOND.binding),
    r2=(f"{FIRST.binding}_R2", f"{SECOND.binding}_R2"),
)


@pytest.fixture(scope="module")
def two() -> Iterator[Harness]:
    """Start a Worker of two databases, and of a third whose binding is missing."""
    with Harness(CONFIG) as harness:
        for schema in (FIRST, SECOND):
            harness.d1_batch(((text, ()) for text in schema.statements()), binding=schema.binding)
            harness.apply_migrations(MIGRATIONS, binding=schema.binding)
        yield harness


@pytest.fixture
def page(two: Harness, browser: Browser) -> Iterator[Page]:
    """Give a test the page, signed in."""
    page = browser.open()
    page.go(two.url)
    page.label("Token").fill(TOKEN)
    page.role("button", "Sign in").click()
    page.css("#databases table").wait()
    yield page
    assert page.events("error") == []


def test_every_database_has_a_line_also_one_that_gives_no_answer(page: Page) -> None:
    first, second, unreached = page.css("#databases tbody tr").texts
    assert (FIRST.name in first, "media" in first) == (True, True)
    assert SECOND.name in second
    assert "the binding is missing" in unreached


def test_another_database_is_chosen_and_every_request_is_about_it(page: Page) -> None:
    page.label("Database").do("selectOption", SECOND.name)
    page.css("#databases table").wait()
    page.css("section[aria-busy]").first.wait_gone()
    assert page.label("Database").do("inputValue") == SECOND.name
    asked = [url for url in page.events("request") if url.endswith("/summary") or "/summary?" in url]
    assert asked[-1].endswith(f"/summary?profile={SECOND.name}")
    assert page.evaluate("location.search") == f"?profile={SECOND.name}"


def test_the_columns_of_rows_are_called_what_the_database_calls_them(two: Harness, page: Page) -> None:
    headers = {"Authorization": f"Bearer {TOKEN}", "Content-Type": "application/json"}
    assert two.fetch("POST", f"/check?profile={SECOND.name}", headers, '{"mode": "full"}').status == 200
    page.label("Database").do("selectOption", SECOND.name)
    page.css("#databases table").wait()
    page.css("section[aria-busy]").first.wait_gone()
    page.evaluate("location.hash = '#/invariants/one_artifact_per_object'")
    page.css("#item .skeleton").first.wait_gone()
    page.css("#item th").having(SECOND.tables["r2_key"]).wait()
    heads = page.css("#item th").texts
    assert SECOND.tables["artifacts"] in heads
    assert not {"r2_key", "artifacts"} & {*heads}
