"""The night that docs/runbook.md tells of: its database, its commands, and what they print."""

from __future__ import annotations

import json
import re
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

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
    """A command of the runbook, and the JSON that it says is printed."""

    line: str
    section: str
    printed: Any

    @property
    def request(self) -> tuple[str, str, str | None]:
        """The method, path and body of a `steward` command."""
        found = re.fullmatch(r"steward (\w+) '?([^' ]+)'?(?: '(.*)')?", self.line, re.DOTALL)
        assert found, self.line
        return found[1], found[2], found[3]

    @property
    def sql(self) -> str | None:
        """The statement of a `sql` command."""
        found = re.fullmatch(r'sql "(.*)"', self.line, re.DOTALL)
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
        elif kind == "json":
            assert pending, text
            yield Command(pending, section, json.loads(text))
            pending = None


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
