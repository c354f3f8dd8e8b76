"""The Worker's HTTP interface: one request, its answer as data, and every refusal as an error with its exit code."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any, Self

import httpx

from steward import __version__
from steward.environments import Environment
from steward.errors import BusyError, CliError, GoneError, NotAuthenticatedError, RefusedError
from steward.exits import Exit
from steward.harmless import harmless, host
from steward.wording import in_commands

ANSWER_SECONDS = 180
"""A call of a recovery takes up to 100 s and then ends its last query, which D1 stops after 30 s."""

CONNECT_SECONDS = 10

_UNAUTHORIZED, _FORBIDDEN, _CONFLICT, _TOO_MANY = 401, 403, 409, 429


def _headers(environment: Environment) -> dict[str, str]:
    """Return what each request carries. A header holds ASCII: any other letter of a name becomes a question mark."""
    actor = " ".join(environment.actor.split()).encode("ascii", "replace").decode()
    known = {"Authorization": f"Bearer {environment.token}", "User-Agent": f"steward/{__version__}"}
    return {**known, "X-Steward-Actor": actor} if actor else known


class Client:
    """Speaks to one environment, about one profile. Redirects are not followed: the token is for its address alone."""

    def __init__(self, environment: Environment, profile: str | None = None) -> None:
        self._host = host(environment.url)
        self._http = httpx.Client(
            base_url=environment.url,
            headers=_headers(environment),
            params={} if profile is None else {"profile": profile},
            timeout=httpx.Timeout(ANSWER_SECONDS, connect=CONNECT_SECONDS),
        )

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_: object) -> None:
        self._http.close()

    def get(self, path: str, **query: object) -> Any:  # noqa: ANN401  # JSON: the caller names the answer's type
        """Return what is at a path; parameters that are None are left out."""
        return self.ask("GET", path, query=_known(query))

    def lines(self, path: str, **query: object) -> Iterator[bytes]:
        """Yield the lines of a file as they arrive. Raises CliError as `ask` does, GoneError also where it breaks off.

        A line ends with a line feed and nothing else: keys hold what else Python ends lines at.
        """
        rest = b""
        try:
            with self._http.stream("GET", path, params=_known(query)) as reply:
                if not reply.is_success:
                    reply.read()
                    self._read(reply)
                for part in reply.iter_bytes():
                    *whole, rest = (rest + part).split(b"\n")
                    yield from whole
        except httpx.HTTPError as error:
            raise self._gone(error) from None
        if rest:
            raise GoneError(f"The answer of {self._host} breaks off.", hint="Give the command again.")

    def post(self, path: str, **body: object) -> Any:  # noqa: ANN401  # likewise
        """Send the fields that are not None, and return the answer."""
        return self.ask("POST", path, {name: value for name, value in body.items() if value is not None})

    def ask(self, method: str, path: str, body: object = None, query: dict[str, str] | None = None) -> Any:  # noqa: ANN401  # likewise
        """Return the answer to one request. Raises CliError for any other status than 200."""
        try:
            reply = self._http.request(method, path, json=body, params=query)
        except httpx.HTTPError as error:
            raise self._gone(error) from None
        return self._read(reply)

    def status_without_token(self, path: str) -> int:
        """Return the status of a request that carries no token."""
        request = self._http.build_request("GET", path)
        del request.headers["Authorization"]
        try:
            return self._http.send(request).status_code
        except httpx.HTTPError as error:
            raise self._gone(error) from None

    def _gone(self, error: httpx.HTTPError) -> GoneError:
        reason = f"{self._host} gave no answer ({type(error).__name__})."
        return GoneError(reason, hint="Is the address right, and the Worker running?")

    def _read(self, reply: httpx.Response) -> Any:  # noqa: ANN401  # likewise
        try:
            body = reply.json()
        except ValueError:
            body = None
        if isinstance(body, dict) and reply.is_success:
            return body
        if not isinstance(body, dict) or not isinstance(body.get("detail"), str):
            return self._foreign(reply.status_code)
        raise _refusal(reply.status_code, body)

    def _foreign(self, status: int) -> None:
        """Raise what an answer means that is not the steward's own: a proxy's, or another program's."""
        message = f"{self._host} answered {status}, and not as a steward does."
        if status >= httpx.codes.INTERNAL_SERVER_ERROR:
            raise GoneError(message, hint="The platform answered in the Worker's place: try again.")
        if status == _TOO_MANY:
            raise BusyError(message, hint="Try again later.")
        raise CliError(message, hint="Is the address right?")


def _known(query: dict[str, object]) -> dict[str, str]:
    return {name: _parameter(value) for name, value in query.items() if value is not None}


def _parameter(value: object) -> str:
    return str(value).lower() if isinstance(value, bool) else str(value)


def _refusal(status: int, problem: dict[str, Any]) -> CliError:
    message = in_commands(harmless(str(problem["detail"])))
    hint = in_commands(harmless(str(problem.get("hint", ""))))
    run = f" (run {problem['run_id']})" if isinstance(problem.get("run_id"), int) else ""
    if status == _UNAUTHORIZED:
        return NotAuthenticatedError(message, hint="Is it the token of this environment?")
    if status == _FORBIDDEN:
        return NotAuthenticatedError(message, hint=hint)
    if status == _TOO_MANY or (status == _CONFLICT and problem.get("reason") == "busy"):
        return BusyError(message + run, hint=hint)
    if status == _CONFLICT:
        return RefusedError(f"{message} [{harmless(str(problem.get('reason')))}]", hint=hint)
    if "field" in problem:
        return CliError(f"{harmless(str(problem['field']))}: {message}", hint=hint, code=Exit.USAGE)
    return CliError(message + run, hint=hint)
