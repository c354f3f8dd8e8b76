"""What the domain needs of the platform, as Protocols.

`bindings` implements them on Cloudflare, the tests on sqlite3 and a sorted dict; one contract suite holds both
to the same behaviour. Implementations raise the `PlatformError`s of `errors`, never a foreign exception.
"""

from __future__ import annotations

from collections.abc import Awaitable, Callable, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime
from functools import cached_property
from typing import Protocol, overload

from errors import OverloadedError
from words import FlowState

Scalar = str | int | float | None
Row = dict[str, Scalar]


@dataclass(frozen=True)
class Held:
    """A text that stays on the platform's side: only the same platform's database can bind it."""

    text: object


Value = Scalar | Held


@dataclass(frozen=True)
class Statement:
    """One SQL statement and its `?1`, `?2`… parameters."""

    sql: str
    params: tuple[Value, ...] = ()


@dataclass(frozen=True)
class Result:
    """What one statement returned, and what it cost in rows (D1's `meta`)."""

    rows: list[Row] = field(default_factory=list)
    rows_read: int = 0
    rows_written: int = 0
    changes: int = 0
    duration_ms: float = 0.0


class Database(Protocol):
    """A D1 database."""

    async def batch(self, statements: Sequence[Statement]) -> list[Result]:
        """Run all statements in one transaction: all of them, or none."""
        ...

    async def bookmark(self) -> str | None:
        """Return D1's Time Travel bookmark of this moment, or None where there is none."""
        ...


@dataclass(frozen=True)
class ListRequest:
    """One R2 `list` call. `cursor` continues a listing, else it starts after key `start_after`.

    Objects after key `until` are left out of the answer, which then says that nothing follows.
    """

    prefix: str
    limit: int
    cursor: str | None = None
    start_after: str | None = None
    until: str | None = None


PAGE_OBJECTS = 1000
"""R2 lists at most this many objects a call."""

GROUP = 32
"""SQL finds an object of a page by its place: passing over whole groups takes it few steps."""


@dataclass(frozen=True)
class PagePart:
    """Listed objects as one JSON text, small enough to bind as one D1 value.

    It is an array of arrays of `GROUP` objects `{key, size, uploaded}`, the last one of those that are left.
    """

    objects: str | Held
    count: int
    first_key: str
    last_key: str


@dataclass(frozen=True)
class Span:
    """What is known of listed objects before there is a text of them."""

    count: int
    first_key: str
    last_key: str


@dataclass(frozen=True)
class LateParts(Sequence[PagePart]):
    """Parts whose texts are made when they are first asked for: until then the next page is already being listed."""

    span: Span
    make: Callable[[], Sequence[PagePart]]

    @cached_property
    def made(self) -> Sequence[PagePart]:
        """The parts."""
        return self.make()

    @overload
    def __getitem__(self, at: int) -> PagePart: ...
    @overload
    def __getitem__(self, at: slice) -> Sequence[PagePart]: ...
    def __getitem__(self, at: int | slice) -> PagePart | Sequence[PagePart]:
        """Return one part, or some."""
        return self.made[at]

    def __len__(self) -> int:
        """Return how many parts there are."""
        return len(self.made)


@dataclass(frozen=True)
class Page:
    """The answer to a `list` call: the objects in key order, in one part or more, and how to continue."""

    parts: Sequence[PagePart]
    truncated: bool
    cursor: str | None
    beyond: bool = False
    """Whether objects after the `until` of the request were seen, and left out."""

    @property
    def span(self) -> Span | None:
        """The objects, without their texts; None where there are none."""
        if isinstance(self.parts, LateParts):
            return self.parts.span
        if not self.parts:
            return None
        return Span(sum(part.count for part in self.parts), self.parts[0].first_key, self.parts[-1].last_key)


class Bucket(Protocol):
    """An R2 bucket."""

    async def has(self, key: str) -> bool:
        """Tell whether there is an object of this key."""
        ...

    async def list_page(self, request: ListRequest) -> Page:
        """List up to `request.limit` (1…1000) objects in UTF-8 byte order of their keys."""
        ...


class KeyValue(Protocol):
    """A KV namespace: eventually consistent, so a read may return a value that is a minute old."""

    async def get(self, key: str) -> str | None:
        """Return the value, or None where there is none."""
        ...

    async def put(self, key: str, value: str) -> None:
        """Store the value."""
        ...


class Clock(Protocol):
    """Wall time. In production it stands still between I/O: look at it after an awaited call."""

    def now(self) -> datetime:
        """Return the time now, in UTC."""
        ...

    async def sleep(self, seconds: float) -> None:
        """Let `seconds` pass."""
        ...


class Poster(Protocol):
    """Outgoing HTTP."""

    async def send(self, method: str, url: str, body: str, headers: Mapping[str, str], timeout_seconds: float) -> int:
        """Make the request and return the status; raise PlatformError where there is no answer in time."""
        ...


class Flows(Protocol):
    """The durable flows of this Worker, each an instance of the Workflow."""

    async def start(self, instance: str, params: Mapping[str, Scalar]) -> None:
        """Start the instance; one of that name which is there already, in any state, is left as it is."""
        ...

    async def state(self, instance: str) -> FlowState:
        """Return how the instance stands, "absent" where there is none of that name."""
        ...


class Steps(Protocol):
    """The engine that an instance runs on. It may leave at any moment and begin again: what a step returned is kept."""

    async def do(self, name: str, work: Callable[[], Awaitable[Row]]) -> Row:
        """Return what the step of that name returned, or do it; one that fails is done again, later and later.

        It may be done and its answer lost: then it is done again. Raises what it raised the last time.
        """
        ...

    async def sleep(self, name: str, seconds: int) -> None:
        """Let `seconds` pass, during which nothing needs to run."""
        ...


@dataclass(frozen=True)
class Delivery:
    """A batch of messages of a queue, each as JSON of an object with its `body`; without one, it was no JSON."""

    queue: str
    together: str | None
    """All messages as one JSON array; None where one of them keeps it from being made."""
    each: Callable[[], Sequence[str]]
    """Returns them one by one."""


@dataclass(frozen=True)
class Asker:
    """Who asked for a run: the person or program that is said to, and the name of the token it came with."""

    actor: str | None
    token_name: str | None


NOBODY = Asker(None, None)
"""Who asks for a tick, or a slice of a flow."""


@dataclass
class Asked:
    """How much an invocation has asked of the platform: each SQL statement, and each call, counts as one."""

    calls: int = 0
    most: int | None = None
    """What work may ask; a few more are left for how a run ends. None: nothing is refused."""

    def take(self, count: int = 1, *, closing: bool = False) -> None:
        """Count; raises OverloadedError, before anything is asked, where that would be too much."""
        if not closing:
            self.refuse_beyond(count)
        self.calls += count

    def refuse_beyond(self, count: int) -> None:
        """Raise OverloadedError where so many calls are not left."""
        if self.most is not None and not self.has(count):
            message = f"One call may ask the platform {self.most + CLOSING} times, and this one would ask more."
            hint = "Call again, with less to do; or see PLAN_LIMITS (docs/configuration.md)."
            raise OverloadedError(message, hint=hint)

    def has(self, count: int) -> bool:
        """Tell whether so many calls are left."""
        return self.most is None or self.calls + count <= self.most


CLOSING = 5
"""Queries and calls that are left to close a run, free its lease and say how it ended."""


@dataclass(frozen=True)
class Ports:
    """Everything a run may touch, and for whom."""

    database: Database
    buckets: Mapping[str, Bucket]
    store: KeyValue
    clock: Clock
    poster: Poster
    flows: Flows | None = None
    """None where passes are walked by the ticks alone."""
    asker: Asker = NOBODY
    asked: Asked | None = None
    """What counts the calls through these ports; None where nothing does."""
