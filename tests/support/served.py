"""The application on a world of fakes, behind a real socket: the same code as in the Worker, without the runtime."""

from __future__ import annotations

import json
from collections.abc import Callable
from dataclasses import dataclass, field
from http.server import BaseHTTPRequestHandler, HTTPServer
from typing import Any, NamedTuple

from tests.support.actions import Api

_TURN_SECONDS = 0.02


class Asked(NamedTuple):
    """One request, in the order of their coming."""

    number: int
    method: str
    path: str
    body: Any
    with_token: bool


class Answered(NamedTuple):
    """An answer in the application's place; without a status the connection is cut."""

    status: int | None
    body: object = None


CUT = Answered(None)
Instead = Callable[[Asked], Answered | None]


@dataclass
class Served:
    """Serves while `turn` is called: by one thread, since a world's database belongs to it."""

    api: Api
    instead: Instead = lambda _asked: None
    """Looks at each request first, and may answer it."""
    asked: list[Asked] = field(default_factory=list)

    def __post_init__(self) -> None:
        served = self

        class Handler(BaseHTTPRequestHandler):
            def handle_any(self) -> None:
                content = self.rfile.read(int(self.headers.get("content-length") or 0))
                reply = served.answer(self.command, self.path, content, dict(self.headers.items()))
                if reply is not None:
                    status, kind, body = reply
                    self.send_response(status)
                    self.send_header("content-type", kind)
                    self.send_header("content-length", str(len(body)))
                    self.end_headers()
                    self.wfile.write(body)

            do_GET = do_POST = do_PUT = handle_any  # noqa: N815  # as the base class calls them

            def log_message(self, format: str, *args: object) -> None:  # noqa: A002  # the base class's name
                """Keep quiet."""

        self.server = HTTPServer(("127.0.0.1", 0), Handler)
        self.server.timeout = _TURN_SECONDS

    @property
    def url(self) -> str:
        """The address."""
        return f"http://127.0.0.1:{self.server.server_address[1]}"

    def turn(self) -> None:
        """Answer what is asked now, if anything is."""
        self.server.handle_request()

    def close(self) -> None:
        """Stop serving."""
        self.server.server_close()

    def answer(self, method: str, path: str, content: bytes, headers: dict[str, str]) -> tuple[int, str, bytes] | None:
        """Return status, type and body; None cuts the connection."""
        body = json.loads(content) if content else None
        asked = Asked(len(self.asked) + 1, method, path, body, "Authorization" in headers)
        self.asked.append(asked)
        other = self.instead(asked)
        if other is None:
            reply = self.api.send(method, path, content or None, headers)
            return reply.status_code, reply.headers["content-type"], reply.content
        if other.status is None:
            return None
        text = other.body if isinstance(other.body, str) else json.dumps(other.body)
        return other.status, "application/json", text.encode()
