"""The bindings of the Worker's environment as the ports of one profile."""

from __future__ import annotations

from typing import Any

from bindings.clock import SystemClock
from bindings.d1 import D1Database
from bindings.flows import WorkflowFlows
from bindings.http import FetchPoster
from bindings.kv import KvNamespace
from bindings.r2 import R2Bucket
from errors import ConfigError
from ports import Ports
from profiles.apart import apart
from settings import Settings


def platform(env: Any, settings: Settings) -> Ports:
    """Return the platform as ports; raises ConfigError naming a binding that is missing."""
    shared = Ports(
        database=D1Database(_binding(env, settings.database, "d1_databases")),
        buckets={name: R2Bucket(_binding(env, to, "r2_buckets")) for name, to in settings.buckets.items()},
        store=KvNamespace(_binding(env, "STATE", "kv_namespaces")),
        clock=SystemClock(),
        poster=FetchPoster(),
        flows=WorkflowFlows(_binding(env, "PASS", "workflows")) if settings.has_flows else None,
    )
    return apart(shared, settings)


def _binding(env: Any, name: str, table: str) -> Any:
    binding = getattr(env, name, None)
    if binding is None:
        raise ConfigError(name, "the binding is missing.", hint=f"Add it to wrangler.toml under [[{table}]].")
    return binding
