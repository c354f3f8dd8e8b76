"""Ask a locally running Worker as its operator would, with the token, in JSON."""

import json
from typing import Any, NamedTuple

from tooling.harness import Harness

OK = 200


class Answer(NamedTuple):
    """The status and the JSON body of an answer."""

    status: int
    body: dict[str, Any]


class UnexpectedAnswerError(Exception):
    """The Worker refused what was asked of it."""


class Steward:
    """The API of the Worker that `harness` runs."""

    def __init__(self, harness: Harness, token: str) -> None:
        self.harness = harness
        self.token = token

    def ask(self, method: str, path: str, body: object = None) -> Answer:
        """Send one request and return the answer, whatever its status."""
        headers = {"authorization": f"Bearer {self.token}", "content-type": "application/json"}
        reply = self.harness.fetch(method, path, headers, None if body is None else json.dumps(body))
        try:
            return Answer(reply.status, reply.json())
        except ValueError:
            raise UnexpectedAnswerError(
                f"{method} {path} answered {reply.status}, not JSON: {reply.text[:500]}"
            ) from None

    def get(self, path: str) -> dict[str, Any]:
        """Return the body of an answer that must be 200."""
        return _body("GET", path, self.ask("GET", path))

    def post(self, path: str, **body: object) -> dict[str, Any]:
        """Send the fields as JSON and return the body of an answer that must be 200."""
        return _body("POST", path, self.ask("POST", path, body))

    def put_rules(self, rules: list[dict[str, object]]) -> None:
        """Replace the rules."""
        _body("PUT", "/rules", self.ask("PUT", "/rules", {"rules": rules}))

    def last_tick(self) -> dict[str, Any]:
        """Return the run of the newest tick."""
        found: dict[str, Any] = self.get("/runs?kind=tick&limit=1")["runs"][0]
        return found


def _body(method: str, path: str, answer: Answer) -> dict[str, Any]:
    if answer.status != OK:
        detail = f"{answer.body.get('detail')} {answer.body.get('hint', '')}"
        raise UnexpectedAnswerError(f"{method} {path} answered {answer.status}: {detail.strip()}")
    return answer.body
