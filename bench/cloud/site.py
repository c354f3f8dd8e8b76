"""The deployed Worker, asked over HTTP with the bench's token."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

import httpx

from bench.cloud.account import AccountError

OK = 200
CALL_SECONDS = 300


@dataclass(frozen=True)
class Site:
    """One Worker at its address."""

    url: str
    token: str

    def bench(self, route: str, **given: object) -> Any:  # noqa: ANN401  # as JSON has it
        """Ask the bench's own route."""
        return self.ask("POST", f"/bench/{route}", given)

    def ask(self, method: str, path: str, body: object = None) -> Any:  # noqa: ANN401  # as JSON has it
        """Return the body of an answer; raise AccountError for any but 200."""
        headers = {"Authorization": f"Bearer {self.token}"}
        try:
            answer = httpx.request(method, self.url + path, headers=headers, json=body, timeout=CALL_SECONDS)
        except httpx.HTTPError as error:
            raise AccountError(f"{method} {path} had no answer: {error}") from error
        if answer.status_code != OK:
            raise AccountError(f"{method} {path} answered {answer.status_code}: {answer.text[:300]}")
        return answer.json()
