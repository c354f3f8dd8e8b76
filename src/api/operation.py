"""What is known of one operation of the HTTP interface."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any

from api import schemas
from api.calls import Handler
from words import Role

JsonSchema = Mapping[str, Any]

FILES = ("text/csv", "application/x-ndjson")
"""The media types of a list that is also sent as a file."""


@dataclass(frozen=True)
class Operation:
    """One method on one path: what it takes, what it answers, and how it can refuse."""

    method: str
    path: str
    handler: Handler
    summary: str
    answer: str
    body: JsonSchema | None = None
    body_optional: bool = False
    query: JsonSchema = field(default_factory=lambda: schemas.NOTHING)
    refusals: tuple[int, ...] = ()
    example: object = None
    files: tuple[str, ...] = ()
    """The media types that it answers beside JSON."""
    least: Role | None = None
    """The role that it needs where that is not `read` for a GET and `operate` for the rest."""

    @property
    def role(self) -> Role:
        """What a token must be for, unless the request says `dry_run`."""
        return self.least or ("read" if self.method == "GET" else "operate")

    def needs(self, body: Mapping[str, Any]) -> Role:
        """Return the role that a request with this body needs; a dry run changes nothing but the row of its run."""
        return "read" if body.get("dry_run") is True else self.role

    @property
    def may_be_dry(self) -> bool:
        """Whether a request may say `dry_run`."""
        return "dry_run" in (self.body or {}).get("properties", {})
