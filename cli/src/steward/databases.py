"""What the Worker answers about its databases. A test holds each of these to its component of `/openapi.json`."""

from __future__ import annotations

from typing import TypedDict


class Proposal(TypedDict):
    """A table that may hold the keys of objects, and what the settings would say of it."""

    table: str
    tables: dict[str, str]
    children: list[str]
    references: list[str]
    sampled: int
    found: int
    notes: list[str]


class Proposals(TypedDict):
    """The answer of `GET /profiles/proposals`."""

    proposals: list[Proposal]


class ProfileState(TypedDict):
    """How the database of a profile stands."""

    paused_by: str | None
    pause_reason: str | None
    lease_run: int | None
    open_errors: int
    open_warnings: int
    last_tick: int | None
    last_tick_status: str | None
    last_tick_at: str | None
    last_pass_ended_at: str | None


class Profile(TypedDict):
    """One database of the Worker."""

    name: str | None
    database: str
    table: str
    buckets: list[str]
    backfill_mode: str
    state: ProfileState | None
    error: str | None


class Profiles(TypedDict):
    """The answer of `GET /profiles`."""

    profiles: list[Profile]
