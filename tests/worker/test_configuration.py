"""What a Worker that is not configured rightly does: each test starts it anew, so they are few."""

from __future__ import annotations

import json
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest

from tests.support.actions import TOKEN
from tests.support.runtime import migrate
from tests.worker.conftest import Steward
from tooling.harness import Config, Harness
from tooling.paths import ROOT

Start = Callable[..., Steward]


@pytest.fixture(scope="module")
def harness() -> Iterator[Harness]:
    harness = Harness()
    yield harness
    harness.close()


@pytest.fixture
def start(harness: Harness) -> Start:
    def started(**variables: object) -> Steward:
        harness.restart(Config(vars=variables))
        migrate(harness)
        return Steward(harness)

    return started


def test_without_a_token_every_protected_route_is_503_and_cron_works(start: Start) -> None:
    steward = start()
    for method, path in (("POST", "/backfill"), ("GET", "/runs"), ("GET", "/rules"), ("POST", "/pause")):
        reply = steward.send(method, path)
        assert (reply.status, reply.headers["content-type"]) == (503, "application/problem+json")
        assert reply.json()["setting"] == "STEWARD_TOKEN"
    assert steward.send("GET", "/healthz").status == 200
    assert steward.harness.scheduled() == "ok"


@pytest.mark.parametrize(
    ("variables", "named"),
    [
        ({"TICK_SECONDS": "soon"}, "TICK_SECONDS"),
        ({"BUCKETS": {"artifacts": "NOT_BOUND"}}, "NOT_BOUND"),
        ({"TICK_MAX_OBJECT": 5}, "TICK_MAX_OBJECT"),
    ],
)
def test_a_malformed_setting_is_503_by_http_and_logged_by_cron(
    start: Start, variables: dict[str, object], named: str
) -> None:
    steward = start(STEWARD_TOKEN=TOKEN, **variables)
    before = steward.state()
    reply = steward.send("GET", "/runs")
    assert (reply.status, reply.json()["setting"]) == (503, named)
    assert reply.json()["hint"]
    assert steward.send("GET", "/runs", token=None).status == 401
    assert steward.harness.scheduled() == "exception"
    lines = [json.loads(log.message) for log in steward.harness.logs() if log.message.startswith("{")]
    assert [(line["event"], line["setting"]) for line in lines] == [("tick_not_configured", named)]
    assert steward.state() == before


def test_failures_are_limited_whatever_address_is_said_and_a_right_token_is_not_kept_out(
    harness: Harness, tmp_path: Path
) -> None:
    # A loaded machine does not make 1,000 requests within the minute that the runtime counts by.
    lower = tmp_path / "wrangler.toml"
    lower.write_text((ROOT / "wrangler.toml").read_text(encoding="utf-8").replace("limit = 1000", "limit = 20"))
    for beside in ("src", "public", "python_modules", "pyproject.toml"):
        (tmp_path / beside).symlink_to(ROOT / beside)
    harness.restart(Config(vars={"STEWARD_TOKEN": TOKEN}, wrangler_toml=lower))
    migrate(harness)
    steward = Steward(harness)
    statuses = []
    for place in range(2 * 20 + 1):
        forged = {"Authorization": "Bearer wrong", "CF-Connecting-IP": f"192.0.2.{place}"}
        statuses.append(harness.fetch("GET", "/runs", forged).status)
    # The tests before this one failed to authenticate too, a few times.
    assert statuses[:10] == [401] * 10
    assert 429 in statuses
    assert steward.send("GET", "/runs").status == 200
