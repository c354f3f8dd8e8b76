from __future__ import annotations

import json
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pytest

from tests.support.actions import TOKEN
from tests.support.runtime import fresh, wipe
from tooling.harness import Config, Harness, Reply
from words import COUNTS

HERE = Path(__file__).parent
READER = "reader-0123456789abcdefghijklmnopqrstuv"
TOKENS = {"STEWARD_TOKEN": TOKEN, "STEWARD_TOKENS": f"ci:read:{READER}"}
CONFIG = Config(vars={**TOKENS, "BACKFILL_MODE": "live", "TICK_MAX_OBJECTS": 100})


def pytest_collection_modifyitems(items: Sequence[pytest.Item]) -> None:
    """Mark everything in this folder: it needs the real runtime."""
    for item in items:
        if item.path.is_relative_to(HERE):
            item.add_marker(pytest.mark.worker)


@dataclass(frozen=True)
class Steward:
    """The running Worker, spoken to as its operator does, and its platform from outside."""

    harness: Harness

    def send(
        self,
        method: str,
        path: str,
        body: object = None,
        *,
        raw: bytes | None = None,
        token: str | None = TOKEN,
        **headers: str,
    ) -> Reply:
        """Make a request: `body` as JSON, or exactly the bytes of `raw`."""
        content = json.dumps(body).encode() if body is not None else raw
        given = {} if token is None else {"Authorization": f"Bearer {token}"}
        if content is not None:
            given["Content-Type"] = "application/json"
        return self.harness.fetch(method, path, {**given, **headers}, content)

    def backfill(self, **request: object) -> dict[str, Any]:
        """Do one manual backfill that must succeed, and check that its counts add up."""
        reply = self.send("POST", "/backfill", request)
        assert reply.status == 200, reply.text
        report: dict[str, Any] = reply.json()
        assert report["scanned"] == sum(report[name] for name in COUNTS[1:])
        return report

    def live(self, **request: object) -> dict[str, Any]:
        """Do one manual live backfill."""
        return self.backfill(dry_run=False, **request)

    def tick(self) -> dict[str, Any]:
        """Fire the cron and return the tick's run."""
        assert self.harness.scheduled() == "ok", self.harness.logs()[-3:]
        run: dict[str, Any] = self.send("GET", "/runs?kind=tick&limit=1").json()["runs"][0]
        return run

    def put(self, *keys: str) -> None:
        """Store objects."""
        self.harness.r2_put((key, "body") for key in keys)

    def rules(self, *rules: tuple[int, str, str]) -> None:
        """Put these rules in place of all there are, by SQL: what is asked over HTTP is a run on record."""
        insert = "INSERT INTO source_type_rules (priority, pattern, source_type) VALUES (?1, ?2, ?3)"
        self.harness.d1_batch([("DELETE FROM source_type_rules", ()), *((insert, rule) for rule in rules)])

    def sql(self, statement: str, *params: str | float | None) -> list[dict[str, Any]]:
        """Run one statement on D1, as a writer outside the Worker would."""
        return self.harness.d1(statement, params).rows

    def types(self) -> dict[str, str]:
        """Return the source type of every key."""
        return {row["r2_key"]: row["source_type"] for row in self.sql("SELECT r2_key, source_type FROM artifacts")}

    def count(self) -> int:
        """Return the number of artifacts."""
        return int(self.sql("SELECT count(*) AS n FROM artifacts")[0]["n"])

    def state(self) -> object:
        """Return all that a refused request must leave as it is."""
        tables = [row["name"] for row in self.sql("SELECT name FROM sqlite_master WHERE type = 'table' ORDER BY name")]
        rows = {name: self.sql(f'SELECT * FROM "{name}"') for name in tables if not name.startswith("_cf")}
        return rows, {key: self.harness.kv_get(key) for key in self.harness.kv_list()}

    def let_the_lease_run_out(self) -> None:
        """Do what the passing of time does to a run that was killed."""
        self.sql("UPDATE steward_control SET lease_until = '2000-01-01T00:00:00.000Z'")
        self.sql("UPDATE steward_runs SET expires_at = '2000-01-01T00:00:00.000Z' WHERE status = 'running'")


@pytest.fixture(scope="session")
def running() -> Iterator[Harness]:
    """Start the Worker once for the whole suite."""
    with Harness(CONFIG) as harness:
        yield harness


@pytest.fixture
def empty(running: Harness) -> Steward:
    """Give a test the running Worker with nothing in it, not even tables."""
    wipe(running)
    running.clear_logs()
    return Steward(running)


@pytest.fixture
def steward(running: Harness) -> Steward:
    """Give a test the running Worker with a fresh database and two rules."""
    fresh(running)
    steward = Steward(running)
    steward.rules((10, "raw/*.pdf", "report"), (20, "raw/*", "raw"))
    running.clear_logs()
    return steward
