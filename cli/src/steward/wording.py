"""The Worker speaks of requests, this command of commands: one is put for the other in what people read."""

from __future__ import annotations

import re

_COMMANDS = (
    (r"GET /runs\?kind=recovery", "steward runs --kind recovery"),
    (r"GET /runs/(\d+)", r"steward runs \1"),
    (r"GET /runs", "steward runs"),
    (r"GET /plans/(\d+)", r"steward plan \1"),
    (r"GET /plans", "steward plan"),
    (r"POST /plans/(\d+)/approve", r"steward approve \1"),
    (r"POST /runs/(\d+)/undo", r"steward undo \1"),
    (r"[Ss]end the dry request again", "run it dry again"),
    (r"Send the dry request: it makes a plan", "Run it dry: that makes a plan"),
    (r"name it as `plan`", "name it with --plan"),
    (r'Send "spread": true', "Use --spread"),
    (r"GET /summary", "steward summary"),
    (r"GET /findings", "steward findings"),
    (r"PUT /rules", "steward rules put FILE"),
    (r"POST /(check|recover|guards|resume)( \{\})?", r"steward \1"),
    (r"[Ss]end max_deletes: (\d+) with this request", r"use --max-deletes \1"),
    (r"[Ss]end max_deletes: (\d+)", r"use --max-deletes \1"),
    (r"Send max_deletes with what the plan says", "Use --max-deletes with what the plan says"),
)


def in_commands(text: str) -> str:
    """Return the Worker's text with its requests as commands."""
    for request, command in _COMMANDS:
        text = re.sub(request, command, text)
    return text
