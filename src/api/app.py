"""The ASGI application: which route is served by what, and what every request passes first."""

from __future__ import annotations

import re
from collections.abc import Callable
from dataclasses import replace
from datetime import UTC, datetime

from starlette.applications import Starlette
from starlette.convertors import IntegerConvertor, register_url_convertor
from starlette.datastructures import MutableHeaders
from starlette.exceptions import HTTPException
from starlette.middleware import Middleware
from starlette.requests import Request
from starlette.responses import JSONResponse, Response
from starlette.routing import Route
from starlette.types import ASGIApp, Message, Receive, Scope, Send

import log
from api import routes_state
from api.auth import (
    ForbiddenError,
    NotAuthenticatedError,
    TooManyFailuresError,
    asked_by,
    let_in,
    permit,
)
from api.body import read_body, read_profile, read_query
from api.calls import Call, Environment
from api.openapi import describe
from api.operation import Operation
from api.operations import OPERATIONS
from api.problems import http_problem, problem, steward_problem, unexpected_problem
from errors import StewardError, UnexpectedError

Connect = Callable[[], Environment]

SECURITY_HEADERS = {
    "Cache-Control": "no-store",
    "Referrer-Policy": "no-referrer",
    "Strict-Transport-Security": "max-age=31536000",
    "X-Content-Type-Options": "nosniff",
    "X-Frame-Options": "DENY",
    "Content-Security-Policy": "default-src 'none'; frame-ancestors 'none'",
}


def create_app(connect: Connect) -> Starlette:
    """Return the application; `connect` gives the environment of one request."""
    listed: dict[str, dict[str, Operation]] = {}
    for operation in OPERATIONS:
        path = re.sub(r"\{(\w+_id)\}", r"{\1:number}", operation.path)
        listed.setdefault(path, {})[operation.method] = operation
    table = [Route(path, _endpoint(connect, methods), methods=list(methods)) for path, methods in listed.items()]
    app = Starlette(
        routes=[
            Route("/healthz", routes_state.healthz, methods=["GET"]),
            Route("/openapi.json", _openapi, methods=["GET"]),
            *table,
        ],
        middleware=[Middleware(SecurityHeaders), Middleware(UnexpectedErrors)],
        exception_handlers={
            NotAuthenticatedError: _unauthenticated,
            TooManyFailuresError: _too_many,
            ForbiddenError: _forbidden,
            StewardError: steward_problem,
            HTTPException: http_problem,
        },
    )
    # A path is what it is: a redirect would answer before the token is looked at.
    app.router.redirect_slashes = False
    return app


class NumberConvertor(IntegerConvertor):
    """A run's or a pass's number: Python refuses to read one of some thousand digits."""

    regex = "[0-9]{1,40}"


register_url_convertor("number", NumberConvertor())


class UnexpectedErrors:
    """Answers what no handler foresaw, and logs it. Starlette's own answer is no problem, and it raises on."""

    def __init__(self, app: ASGIApp) -> None:
        self._app = app

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Serve the request."""
        started = False

        async def send_noted(message: Message) -> None:
            nonlocal started
            started = True
            await send(message)

        try:
            await self._app(scope, receive, send_noted)
        except Exception as error:
            log.unexpected(datetime.now(UTC), error)
            if started:
                raise
            await unexpected_problem(UnexpectedError(error))(scope, receive, send)


class SecurityHeaders:
    """Adds the security headers to every answer."""

    def __init__(self, app: ASGIApp) -> None:
        self._app = app

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Serve the request."""

        async def send_with_headers(message: Message) -> None:
            if message["type"] == "http.response.start":
                MutableHeaders(scope=message).update(SECURITY_HEADERS)
            await send(message)

        await self._app(scope, receive, send_with_headers)


async def _openapi(_request: Request) -> Response:
    return JSONResponse(describe())


def _endpoint(connect: Connect, methods: dict[str, Operation]) -> Callable[[Request], object]:
    async def endpoint(request: Request) -> Response:
        environment = connect()
        token = await let_in(request, environment)
        settings = environment.settings().of_profile(read_profile(request))
        operation = methods["GET" if request.method == "HEAD" else request.method]
        query = read_query(request, operation.query)
        body = (
            {} if operation.body is None else await read_body(request, operation.body, optional=operation.body_optional)
        )
        permit(token, operation.needs(body))
        ports = replace(environment.ports(settings), asker=asked_by(request, token))
        call = Call(settings, ports, body, query, dict(request.path_params), environment.ports, token.role)
        return await operation.handler(call)

    return endpoint


async def _too_many(_request: Request, error: Exception) -> Response:
    assert isinstance(error, StewardError)  # noqa: S101  # registered for TooManyFailuresError alone
    return problem(429, str(error), {"hint": error.hint}, {"Retry-After": "60"})


async def _forbidden(_request: Request, error: Exception) -> Response:
    assert isinstance(error, ForbiddenError)  # noqa: S101  # registered for ForbiddenError alone
    return problem(403, str(error), {"role": error.role, "hint": error.hint})


async def _unauthenticated(_request: Request, error: Exception) -> Response:
    assert isinstance(error, StewardError)  # noqa: S101  # registered for NotAuthenticatedError alone
    return problem(401, str(error), {"hint": error.hint}, {"WWW-Authenticate": "Bearer"})
