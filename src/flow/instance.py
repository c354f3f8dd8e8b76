"""The instances of a flow: which pass one walks, and its name, which is the pass's.

The name follows from the pass alone, so starting a pass twice starts one instance.
"""

from __future__ import annotations

import hashlib
import re
from collections.abc import Mapping
from dataclasses import dataclass, replace

import sql
from log import timestamp
from ports import Clock, Row, Scalar, Statement

LONGEST_NAME = 64
"""Characters, of `^[a-zA-Z0-9_][a-zA-Z0-9-_]*$`: the least that any version of the engine takes (workflows/reference/
limits had 64; miniflare's workflows-shared/src/lib/validators.ts has 100)."""

_BUCKET_CHARACTERS, _DIGEST_CHARACTERS, _MOMENT_CHARACTERS = 20, 8, 18


@dataclass(frozen=True)
class Instance:
    """One instance of the flow of a pass: the first, or the successor of one that ended before the pass did."""

    bucket: str
    pass_started_at: str
    number: int = 1

    @property
    def name(self) -> str:
        """What the engine calls it."""
        digest = hashlib.sha256(f"{self.bucket}\n{self.pass_started_at}".encode()).hexdigest()[:_DIGEST_CHARACTERS]
        bucket = re.sub(r"[^A-Za-z0-9_]", "-", self.bucket)[:_BUCKET_CHARACTERS]
        moment = re.sub(r"[^0-9A-Za-z]", "", self.pass_started_at)[:_MOMENT_CHARACTERS]
        first = f"pass-{bucket}-{moment}-{digest}"
        return first if self.number == 1 else f"{first}-{self.number}"

    @property
    def params(self) -> dict[str, Scalar]:
        """What the engine hands to it."""
        return {"bucket": self.bucket, "pass_started_at": self.pass_started_at, "number": self.number}

    @classmethod
    def read(cls, params: Mapping[str, Scalar]) -> Instance:
        """Return the instance that was started with these params."""
        return cls(str(params["bucket"]), str(params["pass_started_at"]), int(params["number"] or 1))

    @property
    def successor(self) -> Instance:
        """The instance that goes on where this one ends."""
        return replace(self, number=self.number + 1)

    def naming(self, clock: Clock) -> Statement:
        """Return the statement that makes it the one that walks the pass."""
        return sql.statement("flow/name_instance", **self.params, now=timestamp(clock.now()))

    def handing_over(self, clock: Clock) -> Statement:
        """Return the statement that makes its successor the one that walks the pass, unless another does already."""
        return self._becoming(self.successor, clock)

    def seen(self, clock: Clock) -> Statement:
        """Return the statement that keeps that it is at work."""
        return self._becoming(self, clock)

    def _becoming(self, other: Instance, clock: Clock) -> Statement:
        return sql.statement("flow/see_instance", **self.params, becomes=other.number, now=timestamp(clock.now()))


def named(rows: list[Row], bucket: str, pass_started_at: str) -> Instance | None:
    """Return the instance that walks the pass, None where none was started."""
    for row in rows:
        if (row["bucket"], row["pass_started_at"]) == (bucket, pass_started_at):
            return Instance.read(row)
    return None
