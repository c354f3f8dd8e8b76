"""The ports of one invocation on Cloudflare, from its raw bindings."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from bindings.clock import SystemClock
from bindings.d1 import D1Database
from bindings.flows import WorkflowFlows
from bindings.http import FetchPoster
from bindings.kv import KvNamespace
from bindings.r2 import R2Bucket
from ports import Ports
from runs.asked import counted
from settings import Settings


def platform(settings: Settings, binding: Callable[[str, str], Any]) -> Ports:
    """Return the ports, all calls through which are counted; `binding` gives a binding by its name and its table."""
    ports = Ports(
        database=D1Database(binding("DB", "d1_databases")),
        buckets={name: R2Bucket(binding(to, "r2_buckets")) for name, to in settings.buckets.items()},
        store=KvNamespace(binding("STATE", "kv_namespaces")),
        clock=SystemClock(),
        poster=FetchPoster(),
        flows=WorkflowFlows(binding("PASS", "workflows")) if settings.has_flows else None,
    )
    return counted(ports, settings.limits.queries)
