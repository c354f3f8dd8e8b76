"""The two ways out: data on stdout, and everything else on stderr."""

from __future__ import annotations

import json
import sys
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field

from rich.console import Console
from rich.table import Table
from rich.text import Text

from steward.errors import CliError
from steward.harmless import shown

UNBOUNDED = 100_000
"""Columns of a pipe: what reads it has lines, not a width."""

STYLES = {
    "holds": "green",
    "ok": "green",
    "succeeded": "green",
    "complete": "green",
    "violated": "bold red",
    "wrong": "bold red",
    "failed": "bold red",
    "abandoned": "bold red",
    "warning": "yellow",
    "stopped": "yellow",
    "not_checked": "yellow",
    "not checked": "yellow",
}


def _out() -> Console:
    return Console(width=None if sys.stdout.isatty() else UNBOUNDED, highlight=False, markup=False, emoji=False)


def _err() -> Console:
    return Console(
        stderr=True, width=None if sys.stderr.isatty() else UNBOUNDED, highlight=False, markup=False, emoji=False
    )


@dataclass
class Screen:
    """Prints for a person, or with `as_json` for a machine.

    Lines are wrapped by the terminal and not here: a command to paste must stay one line.
    """

    as_json: bool = False
    out: Console = field(default_factory=_out)
    err: Console = field(default_factory=_err)

    def json(self, document: object) -> None:
        """Print the document as JSON: in ASCII, so that no key of a bucket reaches a terminal as it is."""
        text = json.dumps(document, indent=2, ensure_ascii=True).replace("\x7f", "\\u007f")
        self.out.file.write(text + "\n")

    def line(self, text: str, style: str = "") -> None:
        """Print a line of our own words for a person; what is from outside comes through `shown`."""
        self.out.print(Text(text, style=style), soft_wrap=True)

    def table(self, heads: Sequence[str], rows: Iterable[Sequence[object]]) -> None:
        """Print a table for a person, numbers to the right."""
        listed = [list(row) for row in rows]
        table = Table(box=None, pad_edge=False, header_style="bold", padding=(0, 2, 0, 0), show_header=any(heads))
        for index, head in enumerate(heads):
            numbers = any(isinstance(row[index], int) and not isinstance(row[index], bool) for row in listed)
            table.add_column(head, justify="right" if numbers else "left", overflow="fold")
        for row in listed:
            table.add_row(*map(_cell, row))
        with self.out.capture() as printed:
            self.out.print(table)
        self.out.file.writelines(line.rstrip() + "\n" for line in printed.get().splitlines())

    def facts(self, facts: Mapping[str, object]) -> None:
        """Print names and values, one pair a line."""
        width = max(map(len, facts))
        for name, value in facts.items():
            self.out.print(Text.assemble((name.ljust(width), "bold"), "  ", _cell(value)), soft_wrap=True)

    def say(self, text: str) -> None:
        """Say something about the work, on stderr."""
        self.err.print(Text(f"steward: {text}"), soft_wrap=True)

    def complain(self, error: CliError) -> None:
        """Say on stderr what failed and what to do."""
        self.err.print(Text.assemble("steward: ", (str(error), "bold red")), soft_wrap=True)
        if error.hint:
            self.err.print(Text(f"         {error.hint}"), soft_wrap=True)


def _cell(value: object) -> Text:
    text = shown(value)
    return Text(text, style=STYLES.get(text, ""))
