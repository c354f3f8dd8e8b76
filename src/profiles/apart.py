"""What a profile has of the platform that it shares with the others: names of its own.

A D1 database and its buckets are the profile's alone. KV and the engine of the flows are shared, so what it keeps there
carries its name. The profile of the binding `DB` has the names that a Worker without profiles gives.
"""

from __future__ import annotations

import hashlib
from collections.abc import Mapping
from dataclasses import dataclass, replace

from database.named import named
from ports import Flows, KeyValue, Ports, Scalar
from settings import Settings
from words import FlowState

FIRST_DATABASE = "DB"
PARAM = "profile"
"""The parameter of a flow that says whose pass it walks."""

_MARK_CHARACTERS = 5
"""With its hyphen it leaves the 58 characters that the name of an instance may have (`flow/instance.py`)."""


@dataclass(frozen=True)
class ApartStore:
    """A KV namespace in which every key of the profile begins with its name."""

    store: KeyValue
    profile: str

    async def get(self, key: str) -> str | None:
        """Return the value, or None where there is none."""
        return await self.store.get(self._own(key))

    async def put(self, key: str, value: str) -> None:
        """Store the value."""
        await self.store.put(self._own(key), value)

    def _own(self, key: str) -> str:
        # KV takes keys of up to 512 bytes, and `backfill/copies` uses them.
        own = f"profile:{self.profile}:{key}"
        return own if len(own.encode()) <= 512 else f"profile:{hashlib.sha256(own.encode()).hexdigest()}"  # noqa: PLR2004  # as said


@dataclass(frozen=True)
class ApartFlows:
    """A Workflow whose instances say whose pass they walk, and have a name of their own."""

    flows: Flows
    profile: str
    mark: str

    async def start(self, instance: str, params: Mapping[str, Scalar]) -> None:
        """Start the instance, unless it is there."""
        await self.flows.start(self.mark + instance, {**params, PARAM: self.profile})

    async def state(self, instance: str) -> FlowState:
        """Return how the instance stands."""
        return await self.flows.state(self.mark + instance)


def apart(ports: Ports, settings: Settings) -> Ports:
    """Return the platform of a profile: its database by the words, and what it shares under its own names."""
    own = replace(ports, database=named(ports.database, settings.tables))
    profile = settings.profile
    if profile is None:
        return own
    first = settings.database == FIRST_DATABASE
    mark = "" if first else hashlib.sha256(profile.encode()).hexdigest()[:_MARK_CHARACTERS] + "-"
    flows = None if own.flows is None else ApartFlows(own.flows, profile, mark)
    return replace(own, store=own.store if first else ApartStore(own.store, profile), flows=flows)
