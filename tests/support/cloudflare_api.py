"""As much of Cloudflare's API as `wrangler` asks to make and remove what the cloud bench has, on this machine.

The paths and answers are those wrangler 4.164 reads; the error codes are the ones Cloudflare documents.
"""

from __future__ import annotations

import json
import re
import threading
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Any
from urllib.parse import parse_qs, urlsplit
from uuid import NAMESPACE_URL, UUID, uuid5

ACCOUNT = "0" * 32
Answer = tuple[int, object]
NOT_THERE = {
    "d1/database": (7404, "The database could not be found"),
    "r2/buckets": (10006, "The specified bucket does not exist."),
    "workers/scripts": (10007, "This Worker does not exist on your account."),
    "workflows": (10200, "workflow.not_found"),
    "event_notifications": (11015, "The event notification configuration does not exist."),
}


SAME_FOR_ALL: dict[str, object] = {
    "(GET|POST) workers/scripts/[^/]+/subdomain": {"enabled": True, "previews_enabled": True},
    "GET workers/scripts/[^/]+/deployments": {"deployments": []},
    "GET workers/scripts/[^/]+/settings": {"bindings": []},
    "GET workers/workers/[^/]+": {"subdomain": {"enabled": False, "previews_enabled": False}},
    "GET workers/subdomain": {"subdomain": "someone"},
    "POST d1/database/[^/]+/query": [{"results": [], "success": True, "meta": {}}],
    "GET /user": {"email": "someone@example.com"},
}
"""What wrangler asks besides; any other question is answered with an empty list."""


class CloudflareApi:
    """The names that there are of each kind, the accounts a login may see, and the error that everything gets."""

    def __init__(self) -> None:
        self.names: dict[str, set[str]] = {}
        self.accounts: list[dict[str, str]] = []
        self.refuses: tuple[int, str] | None = None

    def answer(self, method: str, path: str, query: dict[str, list[str]], body: dict[str, Any]) -> Answer:
        """Answer one request as the API does."""
        if self.refuses:
            return 409, self.refuses
        asked = f"{method} {path.removeprefix(f'/accounts/{ACCOUNT}/')}"
        for pattern, route in self._routes():
            if found := re.fullmatch(pattern, asked):
                return route(*found.groups(), query, body)
        return 200, next((same for pattern, same in SAME_FOR_ALL.items() if re.fullmatch(pattern, asked)), [])

    def _routes(self) -> list[tuple[str, Callable[..., Answer]]]:
        named = "d1/database|storage/kv/namespaces|r2/buckets|queues"
        return [
            (f"POST ({named})", self._create),
            ("PUT (workers/scripts)/([^/]+)", self._put),
            ("PUT (event_notifications)/r2/([^/]+)/.+", self._put),
            ("PUT (workflows)/([^/]+)", self._put),
            ("POST queues/([^/]+)/(consumers)", self._consume),
            ("GET (storage/kv/namespaces|queues)", self._listed),
            ("GET (d1/database)/([^/]+)", self._named),
            ("GET workers/(services)/([^/]+)", lambda _, name, *rest: self._named("workers/scripts", name, *rest)),
            (f"DELETE ({named}|workflows)/([^/]+)", self._delete),
            ("DELETE workers/(services)/([^/]+)", lambda _, name, *rest: self._delete("workers/scripts", name, *rest)),
            ("DELETE (event_notifications)/r2/([^/]+)/.+", self._delete),
            ("DELETE queues/[^/]+/(consumers)/([^/]+)", self._delete),
            ("GET /accounts", lambda *_: (200, self.accounts)),
            ("GET /memberships", lambda *_: (200, [{"account": one} for one in self.accounts])),
        ]

    def _create(self, kind: str, _query: object, body: dict[str, str]) -> Answer:
        name = body.get("name") or body.get("title") or body["queue_name"]
        self.names.setdefault(kind, set()).add(name)
        return 200, self._described(name)

    def _put(self, kind: str, name: str, *_: object) -> Answer:
        self.names.setdefault(kind, set()).add(name)
        return 200, {"id": name, "deployment_id": _id(name).hex, "startup_time_ms": 1}

    def _consume(self, queue_id: str, kind: str, *_: object) -> Answer:
        [name] = [name for name in self.names["queues"] if _id(name).hex == queue_id]
        return self._put(kind, name)

    def _listed(self, kind: str, query: dict[str, list[str]], _body: object) -> Answer:
        asked = query.get("name")
        names = [name for name in self.names.get(kind, ()) if asked in (None, [name])]
        return 200, [self._described(name) for name in names]

    def _named(self, kind: str, name: str, *_: object) -> Answer:
        if name not in self.names.get(kind, ()):
            return 404, NOT_THERE[kind]
        return 200, self._described(name)

    def _delete(self, kind: str, name_or_id: str, *_: object) -> Answer:
        names = self.names.get(kind, set())
        found = {name for name in names if name_or_id in (name, str(_id(name)), _id(name).hex)}
        if not found:
            return 404, NOT_THERE[kind]
        names -= found
        return 200, {}

    def _described(self, name: str) -> dict[str, object]:
        names = dict.fromkeys(("name", "title", "queue_name"), name)
        consumer = {"type": "worker", "script": name, "consumer_id": name}
        consumers = [consumer] if name in self.names.get("consumers", ()) else []
        return {**names, "uuid": str(_id(name)), "id": _id(name).hex, "queue_id": _id(name).hex, "consumers": consumers}


def _id(name: str) -> UUID:
    return uuid5(NAMESPACE_URL, name)


@contextmanager
def served(api: CloudflareApi) -> Iterator[str]:
    """Serve the API and lend its address."""

    class Handler(BaseHTTPRequestHandler):
        def _answer(self) -> None:
            text = self.rfile.read(int(self.headers.get("content-length") or 0))
            parts = urlsplit(self.path)
            is_json = self.headers.get("content-type", "").startswith("application/json") or text.startswith(b"{")
            body = json.loads(text) if is_json and text else {}
            status, result = api.answer(self.command, parts.path, parse_qs(parts.query), body)
            errors = []
            if isinstance(result, tuple):
                errors, result = [{"code": result[0], "message": result[1]}], None
            content = json.dumps({"success": not errors, "errors": errors, "messages": [], "result": result}).encode()
            self.send_response(status)
            self.send_header("content-type", "application/json")
            self.send_header("content-length", str(len(content)))
            self.end_headers()
            self.wfile.write(content)

        do_GET = do_POST = do_PUT = do_DELETE = _answer  # noqa: N815  # the names are the library's

        def log_message(self, *_: object) -> None:
            """Say nothing."""

    server = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
    thread = threading.Thread(target=server.serve_forever)
    thread.start()
    try:
        yield f"http://127.0.0.1:{server.server_port}"
    finally:
        server.shutdown()
        thread.join()
        server.server_close()
