"""The workflows' own lines, run by a shell: what they ask for, and when they fail."""

from __future__ import annotations

import json
import re
import textwrap
from dataclasses import replace

import pytest

from tests.cli.conftest import Operator
from tests.support.actions import numbered, rows
from tests.support.command import Ran, Started, installed
from tooling.paths import ROOT

INPUTS = {"DRY_RUN": "true", "MAX_OBJECTS": "1000", "R2_PREFIX": "", "CURSOR": "", "START_AFTER": ""}


def lines(workflow: str, step: str) -> str:
    """Return what a step runs."""
    text = (ROOT / ".github" / "workflows" / workflow).read_text()
    found = re.search(rf"- name: {step}\n.*?run: \|\n(( {{10}}[^\n]*\n)+)", text, re.DOTALL)
    assert found
    return textwrap.dedent(found[1])


def run(operator: Operator, step: str, **inputs: str) -> tuple[Ran, str]:
    """Run a step as GitHub does, and return how it ended and its summary."""
    home = operator.where.home
    summary = home / "summary.md"
    summary.unlink(missing_ok=True)
    given = {**operator.where.variables, **INPUTS, **inputs, "GITHUB_STEP_SUMMARY": str(summary)}
    where = installed(replace(operator.where, variables=given))
    script = f"cd {home}\n{lines('backfill.yml', step)}"
    ran = Started(where, script, program=("bash", "-e", "-o", "pipefail", "-c")).finish(operator.served.turn)
    return ran, summary.read_text()


def test_dry_it_reports_and_live_it_writes(operator: Operator) -> None:
    operator.put(*numbered(5), "other/x")
    ran, summary = run(operator, "Backfill")
    assert ran.code == 0, ran
    assert json.loads(summary.split("```")[1].removeprefix("json"))["inserted"] == 5
    assert rows(operator.world) == []
    inputs = {"R2_PREFIX": "raw/", "START_AFTER": "raw/00002", "MAX_OBJECTS": "1"}
    ran, _ = run(operator, "Backfill", DRY_RUN="false", **inputs)
    assert [row[1] for row in rows(operator.world)] == ["raw/00003"]
    ran, summary = run(operator, "Artifacts Summary")
    assert (ran.code, "backfill mode" in summary) == (0, True)


@pytest.mark.parametrize("inputs", [{"MAX_OBJECTS": "many"}, {"CURSOR": "not one of ours"}, {"R2_PREFIX": "x" * 2000}])
def test_what_is_wrong_fails_it(operator: Operator, inputs: dict[str, str]) -> None:
    ran, _ = run(operator, "Backfill", **inputs)
    assert ran.code == 2, ran
