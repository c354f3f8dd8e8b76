"""Whether the Worker is there, speaks the interface that this command needs, and keeps strangers out."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

from steward.client import Client
from steward.doctor.line import Line
from steward.environments import Environment

ROUTES = (
    "GET /findings",
    "GET /findings/{finding_id}",
    "GET /invariants/{name}/rows",
    "GET /plans",
    "GET /plans/{plan_id}",
    "GET /plans/{plan_id}/items",
    "GET /rules",
    "GET /runs",
    "GET /runs/{run_id}",
    "GET /summary",
    "POST /backfill",
    "POST /check",
    "POST /findings/{finding_id}/acknowledge",
    "POST /findings/{finding_id}/snooze",
    "POST /findings/{finding_id}/wake",
    "POST /forget",
    "POST /guards",
    "POST /pause",
    "POST /plans/{plan_id}/approve",
    "POST /recover",
    "POST /resume",
    "POST /rules/preview",
    "POST /runs/{run_id}/undo",
    "PUT /rules",
)
"""What the commands ask for; a test holds this to what they send."""

LONG, VARIED = 32, 10
"""Characters of a strong token, and different ones among them: `openssl rand -hex 32` has 64 and about 16."""

_REFUSED = (401, 429)
"""Also 429: where there were many strangers of late, all of them are refused for a while."""


def reachable(client: Client) -> Iterator[Line]:
    """Look at what anyone may ask. Raises GoneError where nobody answers."""
    client.get("/healthz")
    yield Line("worker", "ok", "it answers")
    described: dict[str, Any] = client.get("/openapi.json")
    paths: dict[str, dict[str, Any]] = described["paths"]
    served = {f"{method.upper()} {path}" for path, methods in paths.items() for method in methods}
    missing = ", ".join(route for route in ROUTES if route not in served)
    if missing:
        hint = "Deploy the Worker, or install the command of the Worker's own version."
        yield Line("interface", "wrong", f"it does not serve {missing}", hint)
    else:
        yield Line("interface", "ok", f"it serves all that this command asks for ({described['info']['version']})")


def guarded(client: Client, environment: Environment) -> Iterator[Line]:
    """Look at the token: whether it is needed, and whether it can be guessed."""
    status = client.status_without_token("/summary")
    if status in _REFUSED:
        yield Line("authentication", "ok", "a request without a token is refused")
    else:
        yield Line(
            "authentication", "wrong", f"a request without a token got {status}", "It must get 401: look at it now."
        )
    yield _strength(environment.token)
    yield Line("rate limit", "not checked", "HTTP does not tell of AUTH_FAILURES", "Look at wrangler.toml.")


def _strength(token: str) -> Line:
    if len(token) >= LONG and len(set(token)) >= VARIED:
        return Line("token", "ok", f"{LONG} characters or more")
    hint = "openssl rand -hex 32 | npx wrangler secret put STEWARD_TOKEN"
    return Line("token", "wrong", f"short of {LONG} characters, or the same few again: it can be guessed", hint)
