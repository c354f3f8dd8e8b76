"""The cloud bench on the real runtime of this machine: the very folder and configuration it would deploy."""

from __future__ import annotations

import re
from datetime import UTC, datetime
from pathlib import Path

import pytest

from bench.cloud.measure import Table, measure
from bench.cloud.package import packed
from bench.cloud.stand import Stand, engines, new_name
from bench.cloud.wrangler import EVENTS
from tests.support.cloud_account import LocalAccount

OBJECTS = 300
ENGINE = engines()[-1]  # a workflow where there is one: ticks start it, so cron has its part in both
LISTS = [("R2 list of 1,000", f"{streams} at once") for streams in (1, 3, 6)]
BATCHES = [("D1 batch, SELECT 1", f"{lanes} at once") for lanes in (1, 3, 6)]
ROWS = [
    ("D1", "served by"),
    *LISTS,
    *BATCHES,
    ("D1 batch, 1,000 rows new", "1 at once"),
    ("D1 batch, 1,000 rows unchanged", "1 at once"),
    ("D1 statements an invocation", "one a batch"),
    ("D1 statements an invocation", "100 a batch"),
    ("D1 counts a batch of N as", ""),
    ("event → consumer", "20 of 20"),
    (f"a pass by {ENGINE}", "5 runs"),
]


class Meanwhile:
    """What happens in an account while the bench waits: the cron fires, and events reach the queue's consumer."""

    def __init__(self, account: LocalAccount, name: str) -> None:
        self._account, self._name = account, name

    def __call__(self, _seconds: float) -> None:
        """Let it happen."""
        harness = self._account.harness
        events = [
            {"action": "PutObject", "object": {"key": one["key"]}, "eventTime": datetime.now(UTC).isoformat()}
            for one in harness.r2_list(EVENTS)
        ]
        assert harness.queue(self._name, events) == "ok"
        assert harness.scheduled() == "ok", harness.logs()[-3:]


@pytest.fixture
def account(tmp_path: Path) -> LocalAccount:
    return LocalAccount(tmp_path)


def test_every_figure_is_taken_and_nothing_is_left(account: LocalAccount) -> None:
    found, harness, name = Table(), account.harness, new_name()
    try:
        with packed() as folder:
            stand = Stand(account, name, folder, sleep=Meanwhile(account, name))
            stand.make()
            measure(stand, found, OBJECTS, (ENGINE,))
            assert [row[:2] for row in found.rows] == ROWS
            assert re.fullmatch(r"[\d.]+ s, [\d,]+ objects a second of work", found.rows[-1][2])
            assert harness.d1("SELECT count(*) AS n FROM artifacts").rows == [{"n": OBJECTS * 9 // 10}]
            stand.site.bench("forget")
            assert harness.d1("SELECT count(*) AS n FROM artifacts").rows == [{"n": 0}]
            assert harness.kv_list() == []
            assert stand.remove() == {}
            assert account.parts == set()
    finally:
        harness.close()
