"""The ASGI application: which route is served by what, and what every request passes first."""

from __future__ import annotations

from collections.abc import Callable

from starlette.applications import Starlette
from starlette.exceptions import HTTPException
from starlette.requests import Request
from starlette.responses import Response
from starlette.routing import Route

from api import routes
from api.auth import NotAuthenticatedError, authenticate
from api.problems import http_problem, problem, steward_problem
from api.routes import Call, Environment, Handler
from errors import StewardError

Connect = Callable[[], Environment]

PROTECTED: tuple[tuple[str, str, Handler], ...] = (
    ("POST", "/backfill", routes.post_backfill),
    ("POST", "/check", routes.post_check),
    ("POST", "/recover", routes.post_recover),
    ("GET", "/summary", routes.get_summary),
    ("GET", "/findings", routes.get_findings),
    ("GET", "/runs", routes.get_runs),
    ("GET", "/runs/{run_id:int}", routes.get_run),
    ("POST", "/runs/{run_id:int}/undo", routes.post_undo),
    ("GET", "/rules", routes.get_rules),
    ("PUT", "/rules", routes.put_rules),
    ("POST", "/pause", routes.post_pause),
    ("POST", "/resume", routes.post_resume),
)


def create_app(connect: Connect) -> Starlette:
    """Return the application; `connect` gives the environment of one request."""
    listed: dict[str, dict[str, Handler]] = {}
    for method, path, handler in PROTECTED:
        listed.setdefault(path, {})[method] = handler
    table = [Route(path, _endpoint(connect, methods), methods=list(methods)) for path, methods in listed.items()]
    return Starlette(
        routes=[Route("/healthz", routes.healthz, methods=["GET"]), *table],
        exception_handlers={
            NotAuthenticatedError: _unauthenticated,
            StewardError: steward_problem,
            HTTPException: http_problem,
        },
    )


def _endpoint(connect: Connect, methods: dict[str, Handler]) -> Callable[[Request], object]:
    async def endpoint(request: Request) -> Response:
        environment = connect()
        authenticate(request, environment.token())
        settings = environment.settings()
        call = Call(request, settings, environment.ports(settings))
        handler = methods["GET" if request.method == "HEAD" else request.method]
        return await handler(call)

    return endpoint


async def _unauthenticated(_request: Request, error: Exception) -> Response:
    assert isinstance(error, StewardError)  # noqa: S101  # registered for NotAuthenticatedError alone
    return problem(401, str(error), {"hint": error.hint}, {"WWW-Authenticate": "Bearer"})
