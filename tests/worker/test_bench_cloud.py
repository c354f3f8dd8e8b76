"""The cloud bench on the real runtime of this machine: the very folder and configuration it would deploy."""

from __future__ import annotations

import re
from datetime import UTC, datetime
from pathlib import Path

import pytest

from bench.cloud.__main__ import run
from bench.cloud.package import packed
from bench.cloud.stand import Stand, new_name
from bench.cloud.wrangler import EVENTS
from tests.support.cloud_account import LocalAccount

OBJECTS = 300
LISTS = [["R2 list of 1,000", f"{streams} at once"] for streams in (1, 3, 6)]
BATCHES = [["D1 batch, SELECT 1", f"{lanes} at once"] for lanes in (1, 3, 6)]
ROWS = [
    ["D1", "served by"],
    *LISTS,
    *BATCHES,
    ["D1 batch, 1,000 rows new", "1 at once"],
    ["D1 batch, 1,000 rows unchanged", "1 at once"],
    ["D1 statements an invocation", "one a batch"],
    ["D1 statements an invocation", "100 a batch"],
    ["D1 counts a batch of N as", "not known: single statements were not refused"],
    ["event → consumer", "20 of 20"],
    ["a pass by cron", "5 runs"],
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


def test_a_whole_run_takes_every_figure_and_leaves_nothing(account: LocalAccount) -> None:
    said: list[str] = []
    name = new_name()
    try:
        with packed() as folder:
            stand = Stand(account, name, folder, say=said.append, sleep=Meanwhile(account, name))
            assert run(stand, OBJECTS, ("cron",)) == 0, said
    finally:
        account.harness.close()
    assert account.parts == set()
    [printed] = [text for text in said if text.startswith("what ")]
    assert [re.split(r"  +", line)[:2] for line in printed.splitlines()[2:]] == ROWS
    assert "20 of 20" in printed
    assert re.search(r"a pass by cron +5 runs +[\d.]+ s, [\d,]+ objects a second of work$", printed)
