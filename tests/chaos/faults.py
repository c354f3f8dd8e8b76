"""Let one platform call fail, chosen by its number, and look whether the work around it tells the truth.

Unlike a kill, a fault comes back to the caller, who may go on: the next call works again.
"""

from __future__ import annotations

from collections.abc import Awaitable, Callable
from dataclasses import dataclass, field, replace
from datetime import datetime, timedelta
from typing import NamedTuple, TypeVar

from errors import OverloadedError, PlatformError, TransientError
from ports import ListRequest, Page
from tests.support.fakes import DictBucket, ManualClock

T = TypeVar("T")


class Kind(NamedTuple):
    """How a call fails, and whether it was done all the same."""

    error: type[PlatformError]
    takes_effect: bool

    def __str__(self) -> str:
        return f"{self.error.__name__}{', done all the same' if self.takes_effect else ''}"


KINDS = [
    Kind(error, takes_effect)
    for error in (PlatformError, OverloadedError, TransientError)
    for takes_effect in (False, True)
]


@dataclass
class Fault:
    """Fails call number `at`, counted from 0, and lets every other one through. `calls` is how many there were."""

    at: int
    kind: Kind = KINDS[0]
    calls: int = 0

    async def passed(self, call: Callable[[], Awaitable[T]]) -> T:
        """Return the call's answer, or raise the fault."""
        self.calls += 1
        if self.calls - 1 != self.at:
            return await call()
        if self.kind.takes_effect:
            await call()
        raise self.kind.error(f"fault at call {self.at}")

    @property
    def struck(self) -> bool:
        """Whether there was a call of that number."""
        return self.calls > self.at


@dataclass
class ShortPages(DictBucket):
    """A bucket that answers at most `most` objects a page, so that a few objects make many pages."""

    most: int = 4

    async def list_page(self, request: ListRequest) -> Page:
        """List a short page; `truncated` is as true as ever."""
        return await super().list_page(replace(request, limit=min(request.limit, self.most)))


@dataclass
class StaleStore:
    """A KV that answers every read with the value from before the last minute, as KV may."""

    clock: ManualClock
    history: dict[str, list[tuple[datetime, str]]] = field(default_factory=dict)
    age: timedelta = timedelta(seconds=60)

    async def get(self, key: str) -> str | None:
        """Return the value as it was a minute ago."""
        past = self.clock.now() - self.age
        seen = [value for moment, value in self.history.get(key, []) if moment <= past]
        return seen[-1] if seen else None

    async def put(self, key: str, value: str) -> None:
        """Store the value, for those who read it later."""
        self.history.setdefault(key, []).append((self.clock.now(), value))
