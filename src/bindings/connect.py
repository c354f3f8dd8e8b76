"""Turn the Worker's environment into settings and ports."""

from __future__ import annotations

import json
from typing import Any

from js import JSON, Object
from pyodide.ffi import JsProxy, to_js
from workers import import_from_javascript

from bindings.platform import platform
from errors import ConfigError
from ports import Asked, Ports
from settings import Settings, read_settings, read_tokens
from tokens import Token


class WorkerEnvironment:
    """The bindings and variables of this Worker, read afresh for every event."""

    def __init__(self, profile: str | None = None) -> None:
        self._env = import_from_javascript("cloudflare:workers").env
        self._profile = profile
        self._asked: Asked | None = None

    def tokens(self) -> tuple[Token, ...]:
        """Return the tokens, readable even where another setting is malformed; raises ConfigError where they are."""
        raw = (getattr(self._env, name, None) for name in ("STEWARD_TOKEN", "STEWARD_TOKENS"))
        return read_tokens(*map(_plain, raw))

    def settings(self) -> Settings:
        """Return the profile's settings, or the first one's; raises ConfigError naming what is unknown or malformed."""
        names = list(Object.keys(self._env))
        found = {name: getattr(self._env, name) for name in names}
        known = read_settings({name: _plain(value) for name, value in found.items() if _is_variable(value)})
        return known.of_profile(self._profile)

    def ports(self, settings: Settings) -> Ports:
        """Return the platform as ports; raises ConfigError naming a binding that is missing.

        All that an invocation asks is counted together, but for the ticks of several profiles: each counts its share.
        """
        if settings.tick_share > 1:
            return platform(self._binding, settings)
        ports = platform(self._binding, settings, self._asked)
        self._asked = ports.asked
        return ports

    async def may_fail_again(self, client: str) -> bool:
        """Count a failed authentication, of this client and of all; without the bindings there is no limit."""
        of_client = await self._counted("AUTH_FAILURES", client)
        return await self._counted("AUTH_FAILURES_TOTAL", "all") and of_client

    async def _counted(self, name: str, key: str) -> bool:
        limiter = getattr(self._env, name, None)
        if limiter is None:
            return True
        outcome = await limiter.limit(to_js({"key": key}, dict_converter=Object.fromEntries))
        return bool(outcome.success)

    def _binding(self, name: str, table: str) -> Any:
        binding = getattr(self._env, name, None)
        if binding is None:
            raise ConfigError(name, "the binding is missing.", hint=f"Add it to wrangler.toml under [[{table}]].")
        return binding


def _is_variable(value: Any) -> bool:
    """Tell a variable (text, number, table, list) from a binding (an object with a class of its own)."""
    if not isinstance(value, JsProxy):
        return True
    return str(Object.getPrototypeOf(value).constructor.name) in ("Object", "Array")


def _plain(value: Any) -> object:
    return json.loads(JSON.stringify(value)) if isinstance(value, JsProxy) else value
