"""Errors as `application/problem+json` (RFC 9457): what happened, to what field, and what to do."""

from __future__ import annotations

from collections.abc import Mapping

from starlette.exceptions import HTTPException
from starlette.requests import Request
from starlette.responses import JSONResponse, Response

from errors import ConfigError, InputError, LeaseLostError, RefusedError, StewardError, UnexpectedError

TITLES = {
    400: "Bad request",
    401: "Not authenticated",
    403: "Role too small",
    404: "Not found",
    405: "Method not allowed",
    409: "Refused now",
    413: "Body too large",
    415: "Wrong content type",
    422: "Wrong field",
    429: "Too many failures",
    500: "Unexpected error",
    503: "Not available",
}


class ProblemResponse(JSONResponse):
    """A JSON response of the problem type."""

    media_type = "application/problem+json"


def problem(
    status: int, detail: str, extra: Mapping[str, object], headers: dict[str, str] | None = None
) -> ProblemResponse:
    """Return a problem; members that are None or empty are left out."""
    body = {"type": "about:blank", "title": TITLES.get(status, "Error"), "status": status, "detail": detail}
    known = {name: value for name, value in extra.items() if value not in (None, "")}
    return ProblemResponse({**body, **known}, status_code=status, headers=headers)


async def steward_problem(_request: Request, error: Exception) -> Response:
    """Answer an error of our own tree."""
    assert isinstance(error, StewardError)  # noqa: S101  # registered for StewardError alone
    common: dict[str, object] = {"hint": error.hint, "run_id": error.run_id}
    if isinstance(error, InputError):
        return problem(error.status, str(error), {"field": error.field, **common})
    if isinstance(error, RefusedError):
        return problem(409, str(error), {"reason": error.reason, **common})
    if isinstance(error, UnexpectedError):
        return unexpected_problem(error)
    if isinstance(error, LeaseLostError):
        return problem(409, str(error), {"reason": "busy", **common})
    if isinstance(error, ConfigError):
        return problem(503, str(error), {"setting": error.name, **common})
    return problem(503, str(error), {"reason": "platform", **common})


def unexpected_problem(error: UnexpectedError) -> Response:
    """Answer an unexpected error, without its message: it may hold anything."""
    where = "the run's row has its message" if error.run_id else "no run was recorded"
    return problem(
        500, f"An unexpected error ended the request; {where}.", {"hint": error.hint, "run_id": error.run_id}
    )


async def http_problem(_request: Request, error: Exception) -> Response:
    """Answer what Starlette itself refuses: an unknown path, or a method that a path does not have."""
    assert isinstance(error, HTTPException)  # noqa: S101  # registered for HTTPException alone
    headers = dict(error.headers) if error.headers else None
    return problem(error.status_code, error.detail, {}, headers)
