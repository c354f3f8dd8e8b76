from __future__ import annotations

import json
from typing import Any

from tests.support.runbook import BEFORE, RULES, Command, commands, shows
from tests.support.runtime import migrate
from tests.worker.conftest import Steward
from tests.worker.databases import script
from tooling.harness import HarnessError


def run(steward: Steward, command: Command) -> Any:  # noqa: ANN401  # JSON
    """Return what the command prints."""
    if command.sql:
        try:
            return [{"results": steward.sql(command.sql), "success": True}]
        except HarnessError as error:
            return {"error": {"text": str(error).removeprefix("D1_ERROR: ")}}
    method, path, body = command.request
    return steward.send(method, path, None if body is None else json.loads(body)).json()


def test_every_command_prints_on_the_real_runtime_what_the_runbook_shows(empty: Steward) -> None:
    script(empty, BEFORE)
    migrate(empty.harness)
    empty.rules(*RULES)
    for command in commands():
        printed = run(empty, command)
        assert shows(command.printed, printed), f"{command.section}: {command.line}\n{json.dumps(printed, indent=1)}"
