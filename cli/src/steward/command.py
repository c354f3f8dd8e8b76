"""How a command is declared: a function of the session and its own options that returns its exit code.

Every command takes `--env`, `--profile`, `--json` and `--detailed-exitcode` as well; they are added here once.
"""

from __future__ import annotations

import inspect
import os
from collections.abc import Callable
from typing import Annotated, Any

import typer

from steward.client import Client
from steward.environments import read_environment
from steward.exits import Exit
from steward.screen import Screen
from steward.session import Session

DETAILED = "--detailed-exitcode"

Env = Annotated[
    str | None, typer.Option("--env", help="An environment of ~/.config/steward.toml.", rich_help_panel="Everywhere")
]
AsJson = Annotated[bool, typer.Option("--json", help="Print JSON.", rich_help_panel="Everywhere")]
Detailed = Annotated[
    bool, typer.Option(DETAILED, help="Exit 0 clean, 1 error, 2 changes.", rich_help_panel="Everywhere")
]
Profile = Annotated[str | None, typer.Option("--profile", help="A database of PROFILES.", rich_help_panel="Everywhere")]
_SHARED: dict[str, tuple[Any, object]] = {
    "env": (Env, None),
    "profile": (Profile, None),
    "as_json": (AsJson, False),
    "detailed": (Detailed, False),
}

Work = Callable[..., Exit]


def command(app: typer.Typer, name: str | None = None) -> Callable[[Work], Work]:
    """Register a function `(session, …options) -> Exit` as a command."""

    def register(work: Work) -> Work:
        def run(**given: Any) -> None:  # noqa: ANN401  # each command's own options
            screen = Screen(given.pop("as_json"))
            environment = read_environment(given.pop("env"), os.environ)
            given.pop("detailed")  # `app.main` reads it: it also applies where the options themselves are wrong
            if environment.warning:
                screen.say(environment.warning)
            with Client(environment, given.pop("profile")) as client:
                code = work(Session(environment, client, screen), **given)
            raise typer.Exit(code)

        _describe(run, work)
        app.command(name or work.__name__)(run)
        return work

    return register


def _describe(run: Callable[..., None], work: Work) -> None:
    """Give `run` the options of `work` and the shared ones, as typer reads them."""
    own = [one for one in inspect.signature(work, eval_str=True).parameters.values() if one.name != "session"]
    kind = inspect.Parameter.KEYWORD_ONLY
    shared = [
        inspect.Parameter(name, kind, default=default, annotation=annotation)
        for name, (annotation, default) in _SHARED.items()
    ]
    parameters = [*(one.replace(kind=kind) for one in own), *shared]
    run.__doc__ = work.__doc__
    run.__annotations__ = {one.name: one.annotation for one in parameters}
    run.__signature__ = inspect.Signature(parameters)  # type: ignore[attr-defined]  # what inspect looks at first
