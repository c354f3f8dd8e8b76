from __future__ import annotations

import json
from pathlib import Path

from tests.support.actions import TOKEN
from tests.support.command import Where
from tests.support.runbook import BEFORE, RULES, Command, commands, paste, shows, shows_text
from tests.support.runtime import migrate
from tests.worker.conftest import Steward
from tests.worker.databases import script
from tooling.harness import HarnessError


def prints(steward: Steward, where: Where, command: Command) -> str:
    """Return what the command prints where that is not what is shown, else nothing."""
    if not command.sql:
        printed = paste(where, command)
        return "" if shows_text(command.printed, printed) else printed
    try:
        found: object = [{"results": steward.sql(command.sql), "success": True}]
    except HarnessError as error:
        found = {"error": {"text": str(error).removeprefix("D1_ERROR: ")}}
    return "" if shows(command.printed, found) else json.dumps(found, indent=1)


def test_every_command_prints_on_the_real_runtime_what_the_runbook_shows(empty: Steward, tmp_path: Path) -> None:
    script(empty, BEFORE)
    migrate(empty.harness)
    empty.rules(*RULES)
    where = Where(tmp_path, {"STEWARD_URL": empty.harness.url, "STEWARD_TOKEN": TOKEN})
    for command in commands():
        other = prints(empty, where, command)
        assert not other, f"{command.section}: {command.pasted}\n{other}"
