"""`steward` against the real Worker: what the runtime, D1, R2 and a real socket make of it."""

from __future__ import annotations

import json
import re
import shlex
import socket
import time
from collections.abc import Iterator
from contextlib import closing
from dataclasses import replace
from datetime import UTC, datetime
from pathlib import Path

import pytest

from tests.support.actions import TOKEN, numbered
from tests.support.command import Ran, Started, Where
from tests.support.described import RULES_GIVEN, printed, unlike
from tests.support.runbook import BEFORE, RULES
from tests.support.runtime import migrate
from tests.worker.conftest import CONFIG, Steward
from tests.worker.databases import script
from tooling.harness import Harness


@pytest.fixture
def where(running: Harness, tmp_path: Path) -> Where:
    return Where(tmp_path, {"STEWARD_URL": running.url, "STEWARD_TOKEN": TOKEN})


def steward_command(where: Where, *arguments: str, code: int = 0) -> Ran:
    ran = Started(where, *arguments).finish()
    assert ran.code == code, ran
    return ran


def test_every_command_prints_its_component(empty: Steward, where: Where) -> None:
    script(empty, BEFORE)
    migrate(empty.harness)
    empty.rules(*RULES)
    empty.put("mail/a", "scans/b.pdf", "other")
    for component, arguments in printed(datetime.now(UTC)):
        ran = Started(where, *arguments, "--json", stdin=RULES_GIVEN).finish()
        assert ran.code in (0, 3), (arguments, ran)
        assert unlike(component, json.loads(ran.out)) == [], arguments
    report = json.loads(steward_command(where, "doctor", "--json", code=3).out)
    states = {line["what"]: line["state"] for line in report["lines"]}
    assert {what: states[what] for what in ("D1", "KV", "R2 artifacts", "token", "cron")} == {
        "D1": "ok",
        "KV": "ok",
        "R2 artifacts": "ok",
        "token": "wrong",
        "cron": "wrong",
    }


def test_exit_codes(steward: Steward, where: Where) -> None:
    steward_command(where, "check", "--full")
    steward_command(where, "status")
    steward.put("raw/a")
    steward_command(where, "backfill", code=3)
    steward_command(where, "backfill", "--detailed-exitcode", code=2)
    steward_command(where, "undo", "999", code=2)
    steward_command(where, "pause", "INC-1")
    assert "[paused]" in steward_command(where, "backfill", "--live", code=6).err
    steward.sql("UPDATE steward_control SET lease_run = 1, lease_token = 'x', lease_until = '2999-01-01T00:00:00.000Z'")
    steward_command(where, "recover", "--live", code=5)
    steward_command(replace(where, variables={**where.variables, "STEWARD_TOKEN": "wrong"}), "status", code=4)
    steward_command(
        replace(where, variables={**where.variables, "STEWARD_URL": "http://127.0.0.1:1"}), "status", code=1
    )
    file = where.home / ".config" / "steward.toml"
    file.parent.mkdir()
    url = where.variables["STEWARD_URL"]
    file.write_text(f'[here]\nurl = "{url}"\ntoken = "{TOKEN}"\n[other]\nurl = "{url}"\ntoken = "wrong"\n')
    file.chmod(0o600)
    alone = Where(where.home, {})
    steward_command(alone, "summary", "--env", "here")
    steward_command(alone, "summary", "--env", "other", code=4)
    steward_command(alone, "summary", code=2)


def continued(where: Where, err: str) -> Ran:
    """Give the command that is said to continue."""
    return steward_command(where, *shlex.split(err.partition("to continue:")[2].strip().splitlines()[0])[1:], "--json")


def until_begun(started: Started) -> None:
    """Wait until the bar shows objects."""
    while not re.search(r"[1-9][\d,]* of [\d,]+ objects, [\d,]+/s, \d+ s left", started.seen()):
        assert started.process.poll() is None, started.seen()
        time.sleep(0.02)


def test_the_bar_moves_and_ctrl_c_leaves_work_that_continues(steward: Steward, where: Where) -> None:
    steward.put(*numbered(1000))
    started = Started(where, "backfill", "--live", "--max-objects", "1000", "--slice", "10", "--json", terminal=True)
    until_begun(started)
    started.interrupt()
    ran = started.finish()
    assert ran.code == 130
    done = json.loads(ran.out)
    assert 0 < done["scanned"] == steward.count() < 1000
    rest = json.loads(continued(where, ran.err).out)
    assert done["inserted"] + rest["inserted"] == steward.count() == 1000


@pytest.fixture
def own(tmp_path: Path) -> Iterator[Steward]:
    """A Worker of this test alone, on a port of its own that it keeps when it comes back."""
    with closing(socket.socket()) as probe:
        probe.bind(("127.0.0.1", 0))
        port = probe.getsockname()[1]
    with Harness(replace(CONFIG, port=port), state=tmp_path / "state") as harness:
        migrate(harness)
        yield Steward(harness)


def test_a_worker_that_goes_away_in_the_middle_is_waited_for(own: Steward, tmp_path: Path) -> None:
    own.rules((10, "raw/*", "raw"))
    own.put(*numbered(1000))
    where = Where(tmp_path, {"STEWARD_URL": own.harness.url, "STEWARD_TOKEN": TOKEN})
    command = ("backfill", "--live", "--max-objects", "1000", "--slice", "10", "--json")
    started = Started(where, *command, terminal=True)
    until_begun(started)
    own.harness.kill()
    own.harness.start()
    own.let_the_lease_run_out()
    ran = started.finish()
    assert ran.code == 0, ran
    assert "Trying again" in ran.err
    assert json.loads(ran.out)["scanned"] == own.count() == 1000
