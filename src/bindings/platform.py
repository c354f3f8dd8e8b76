"""The bindings of the Worker's environment as the ports of one profile."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from bindings.clock import SystemClock
from bindings.d1 import D1Database
from bindings.flows import WorkflowFlows
from bindings.http import FetchPoster
from bindings.kv import KvNamespace
from bindings.r2 import R2Bucket
from ports import Asked, Ports
from profiles.apart import apart
from runs.asked import counted
from settings import Settings


def platform(binding: Callable[[str, str], Any], settings: Settings, asked: Asked | None = None) -> Ports:
    """Return the platform as ports, all calls through which are counted: in `asked`, where an invocation has several.

    `binding` is given the name of a binding and its table of wrangler.toml, and raises ConfigError where it is missing.
    """
    shared = Ports(
        database=D1Database(binding(settings.database, "d1_databases")),
        buckets={name: R2Bucket(binding(to, "r2_buckets")) for name, to in settings.buckets.items()},
        store=KvNamespace(binding("STATE", "kv_namespaces")),
        clock=SystemClock(),
        poster=FetchPoster(),
        flows=WorkflowFlows(binding("PASS", "workflows")) if settings.has_flows else None,
    )
    return counted(apart(shared, settings), settings.limits.queries // settings.tick_share, asked)
