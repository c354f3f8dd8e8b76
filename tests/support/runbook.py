"""The night that docs/runbook.md tells of: its database, its commands, and what they print."""

from __future__ import annotations

import json
import re
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from tests.support.command import Started, Where, installed

RUNBOOK = Path(__file__).parents[2] / "docs" / "runbook.md"

BEFORE = """
  CREATE TABLE artifacts (
    id INTEGER PRIMARY KEY, r2_bucket TEXT NOT NULL, r2_key TEXT NOT NULL, source_type TEXT NOT NULL, fetched_at TEXT
  );
  CREATE TABLE datapoints (id INTEGER PRIMARY KEY, artifact_id INTEGER);
  INSERT INTO artifacts VALUES
    (101, 'artifacts', 'reports/2025/annual.pdf', 'report', '2026-01-10T08:00:00Z'),
    (102, 'artifacts', 'reports/2025/annual.pdf', 'unknown', '2026-03-02T09:30:00Z'),
    (103, 'artifacts', 'mail/0001.eml', 'unknown', NULL),
    (104, 'artifacts', 'mail/0001.eml', 'unknown', '2026-02-01T00:00:00Z'),
    (105, 'artifacts', 'scans/7.tiff', 'unknown', '2026-02-03T00:00:00Z'),
    (106, 'artifacts', 'reports/2024/annual.pdf', 'report', '2026-01-09T00:00:00Z');
  INSERT INTO datapoints VALUES (1, 101), (2, 102), (3, 103), (4, 106), (5, 90), (6, NULL)
"""
"""Statements that hold no semicolon of their own."""

RULES = ((10, "reports/*", "report"), (20, "mail/*", "mail"))


@dataclass(frozen=True)
class Command:
    """What is pasted, and what it is said to print: JSON of a statement, text of anything else."""

    pasted: str
    section: str
    printed: Any

    @property
    def sql(self) -> str | None:
        """The statement of a `sql` command."""
        found = re.fullmatch(r'sql "(.*)"', self.pasted, re.DOTALL)
        return found[1] if found else None


def commands() -> Iterator[Command]:
    """Return the commands of the runbook that print something, in order."""
    section = ""
    pending: str | None = None
    parts = re.compile(r"^## ([^\n]+)$|^```(\w+)\n(.*?)^```$", re.MULTILINE | re.DOTALL)
    for found in parts.finditer(RUNBOOK.read_text(encoding="utf-8")):
        heading, kind, text = found.groups()
        if heading:
            section = heading
        elif kind == "sh":
            pending = text.strip()
        elif kind in ("json", "text"):
            assert pending, text
            yield Command(pending, section, json.loads(text) if kind == "json" else text)
            pending = None


def paste(where: Where, command: Command, meanwhile: Callable[[], None] | None = None) -> str:
    """Run a command of the shell as a person at a terminal does, and return all that it printed."""
    started = Started(installed(where), command.pasted, program=("bash", "-c"))
    ran = started.finish(meanwhile) if meanwhile else started.finish()
    return ran.err + ran.out


def shows_text(printed: str, actual: str) -> bool:
    """Tell whether the lines shown are among those printed, in that order; `…` stands for any text."""
    rest = iter(actual.splitlines())
    return all(any(_same_line(line, other) for other in rest) for line in printed.splitlines() if line.strip())


def _same_line(printed: str, actual: str) -> bool:
    """Tell whether a line is the one shown, however wide the columns are."""
    pattern = ".*".join(map(re.escape, " ".join(printed.split()).split("…")))
    return re.fullmatch(pattern, " ".join(actual.split())) is not None


def shows(printed: Any, actual: Any) -> bool:  # noqa: ANN401  # JSON
    """Tell whether the answer is what the runbook shows of it: it may leave fields out, and `…` for any text."""
    if isinstance(printed, dict):
        return isinstance(actual, dict) and all(
            name in actual and shows(printed[name], actual[name]) for name in printed
        )
    if isinstance(printed, list):
        return isinstance(actual, list) and _in_order(printed, actual)
    if isinstance(printed, str) and "…" in printed:
        pattern = ".*".join(map(re.escape, printed.split("…")))
        return isinstance(actual, str) and re.fullmatch(pattern, actual, re.DOTALL) is not None
    return type(printed) is type(actual) and bool(printed == actual)


def _in_order(printed: list[Any], actual: list[Any]) -> bool:
    if not printed:
        return not actual
    rest = iter(actual)
    return all(any(shows(one, other) for other in rest) for one in printed)
