"""One request, checked, with what it may use."""

from __future__ import annotations

from collections.abc import Awaitable, Callable
from dataclasses import dataclass
from typing import Any, Protocol

from starlette.responses import Response

from ports import Ports
from settings import Settings
from tokens import OPERATOR, Token
from words import ROLES, Role


class Environment(Protocol):
    """Where the Worker's configuration and platform come from."""

    def tokens(self) -> tuple[Token, ...]:
        """Return the bearer tokens, readable even where another setting is malformed."""
        ...

    def settings(self) -> Settings:
        """Return the settings, or raise ConfigError."""
        ...

    def ports(self, settings: Settings) -> Ports:
        """Return the platform, or raise ConfigError."""
        ...

    async def may_fail_again(self, client: str) -> bool:
        """Count a failed authentication of this client; False when it failed too often of late."""
        ...


@dataclass(frozen=True)
class Call:
    """One authenticated request, checked against its schemas, with what it may use."""

    settings: Settings
    ports: Ports
    body: dict[str, Any]
    query: dict[str, Any]
    path: dict[str, Any]
    connect: Callable[[Settings], Ports]
    """Returns the platform of another profile."""
    role: Role = "read"
    """What the token that it came with may do."""

    def may(self, needed: Role) -> bool:
        """Tell whether the token may do what needs this role."""
        return ROLES.index(self.role) >= ROLES.index(needed)

    @property
    def actor(self) -> str:
        """Who asks."""
        return self.ports.asker.actor or OPERATOR


Handler = Callable[[Call], Awaitable[Response]]
