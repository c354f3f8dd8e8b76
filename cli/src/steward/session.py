"""What a command works with."""

from __future__ import annotations

from dataclasses import dataclass

from steward.client import Client
from steward.environments import Environment
from steward.errors import WaitError
from steward.harmless import harmless, host
from steward.screen import Screen
from steward.slices import Ended, Work


@dataclass(frozen=True)
class Session:
    """One environment, its client, and where to print."""

    environment: Environment
    client: Client
    screen: Screen

    def announce_live(self, what: str) -> None:
        """Say where a change is about to be made, so that production is not mistaken for staging."""
        self.screen.say(f"{what}, live, on {harmless(self.environment.name)} ({host(self.environment.url)})")

    def tell(self, ended: Ended, work: Work, again: str) -> None:
        """Say what ended long work early, and how it continues where something was done, or may have been."""
        if ended.error is not None:
            self.screen.complain(ended.error)
        if ended.early and (work.begun or ended.interrupted or isinstance(ended.error, WaitError)):
            self.screen.say(f"nothing is lost; to continue:\n  {again}")
