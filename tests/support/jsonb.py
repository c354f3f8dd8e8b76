"""SQL's `jsonb` and `jsonb_extract` for SQLite before 3.45, which has no binary form of JSON."""

from __future__ import annotations

import json
import re
import sqlite3
from dataclasses import dataclass, field
from functools import lru_cache
from hashlib import sha256

_MOST_KEPT = 4
"""A statement reads one page, and holds it no longer than it runs."""


@dataclass
class _Documents:
    """The pages that were read; in SQL a digest stands for each, so that a look at one of its places costs no copy."""

    groups: dict[bytes, list[list[str]]] = field(default_factory=dict)

    def keep(self, text: str) -> bytes:
        """Read a page, and return what stands for it."""
        digest = sha256(text.encode()).digest()
        if digest not in self.groups:
            if len(self.groups) == _MOST_KEPT:
                del self.groups[next(iter(self.groups))]
            self.groups[digest] = [[json.dumps(one, ensure_ascii=False) for one in group] for group in json.loads(text)]
        return digest

    def at(self, digest: bytes, path: str) -> str | None:
        """Return the JSON at a path of two places, as in `$[3][17]`; None where there is none."""
        groups, (group, place) = self.groups[digest], _places(path)
        return groups[group][place] if group < len(groups) and place < len(groups[group]) else None


def give_jsonb(connection: sqlite3.Connection) -> None:
    """Let the statements of a connection call both functions."""
    documents = _Documents()
    connection.create_function("jsonb", 1, documents.keep, deterministic=True)
    connection.create_function("jsonb_extract", 2, documents.at, deterministic=True)


@lru_cache(maxsize=2000)
def _places(path: str) -> tuple[int, int]:
    first, second = re.findall(r"\[(\d+)\]", path)
    return int(first), int(second)
