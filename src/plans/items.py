"""The items of a plan: what each would do, and the rows that it speaks of as they were, as text.

A row is a line of JSON that SQL makes: sqlite3 and D1 give the same text, and ids lose no digit on the way. The lines
of an item are in order, so the same rows make the same digest.
"""

from __future__ import annotations

import hashlib
import json
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

from json_text import compact
from words import PlanStep

About = tuple[str | int, ...]
"""What an item is about: a bucket and a key, or a table's column and the key of a row."""

Lines = Mapping[str, tuple[str, ...]]
"""The rows of an item, by where they are from: `rows` of artifacts, or the name of a reference."""


COUNTED = '{"counted":'


@dataclass(frozen=True)
class Item:
    """One thing that a plan would do."""

    step: PlanStep
    about: About
    lines: Lines = field(default_factory=dict)

    @property
    def counted(self) -> tuple[str, ...]:
        """Where the rows are from that are too many to be listed: one line says how many there are."""
        return tuple(name for name, lines in self.lines.items() if lines and lines[0].startswith(COUNTED))

    def rows(self, name: str) -> int:
        """Return how many rows it speaks of from there."""
        lines = self.lines.get(name, ())
        return int(json.loads(lines[0])["counted"]) if name in self.counted else len(lines)

    @property
    def weight(self) -> int:
        """How many rows it speaks of in all."""
        return sum(map(self.rows, self.lines))

    def counts(self) -> dict[str, int]:
        """Return what it adds to the totals of its plan."""
        if self.step == "forget":
            return {"forget": 1, "rows_deleted": self.weight}
        if self.step != "merge":
            return {self.step: 1}
        lost = self.rows("rows") - 1
        return {"merge": 1, "rows_deleted": lost, "children_moved": self.weight - lost - 1}

    def text(self) -> str:
        """Return the item as it is stored, and as the digest reads it."""
        return compact([self.step, self.about, self.lines])

    def shown(self) -> dict[str, object]:
        """Return the item as answers show it."""
        rows = {name: [json.loads(line) for line in lines] for name, lines in self.lines.items()}
        return {"step": self.step, "about": list(self.about), **rows}


def stored(texts: Iterable[str]) -> str:
    """Return the texts of items as one slice."""
    return f"[{','.join(texts)}]"


def read_items(slice_: str) -> list[Item]:
    """Return the items of a slice."""
    return [_read(value) for value in json.loads(slice_)]


def _read(value: Sequence[Any]) -> Item:
    step, about, lines = value
    return Item(step, tuple(about), {name: tuple(found) for name, found in lines.items()})


def sha256(text: str) -> str:
    """Return the SHA-256 of a text, in hexadecimal digits."""
    return hashlib.sha256(text.encode()).hexdigest()


def difference(planned: Lines, found: Lines | None) -> str:
    """Return what is not as it was planned, in a sentence."""
    if not found or not any(found.values()):
        return "changed since the plan: there is nothing to do for it any more."
    gone, new = _missing(planned, found), _missing(found, planned)
    words = [f"{what} {line}" for what, line in (("no longer there:", gone), ("there now:", new)) if line]
    return f"changed since the plan: {'; '.join(words)}."


def _missing(lines: Lines, others: Lines) -> str | None:
    """Return the first line that the others lack."""
    pairs = ((name, line) for name, found in lines.items() for line in found)
    return next((f"{name} {line}" for name, line in pairs if line not in others.get(name, ())), None)
