"""The command `steward`: its commands in one place, and every way out as one exit code."""

from __future__ import annotations

import os
import sys
from collections.abc import Sequence
from typing import Annotated

import typer

from steward import __version__, commands
from steward.command import DETAILED
from steward.errors import CliError
from steward.exits import Exit, detailed
from steward.harmless import harmless
from steward.screen import Screen

app = typer.Typer(
    name="steward",
    help="Look after an artifact-steward from a terminal.",
    no_args_is_help=True,
    # A traceback with the values of variables would print the token.
    pretty_exceptions_enable=False,
    rich_markup_mode=None,
)
commands.register(app)


def _version(asked: bool) -> None:  # noqa: FBT001  # what typer calls it with
    if asked:
        typer.echo(f"steward {__version__}")
        raise typer.Exit


@app.callback()
def _steward(
    version: Annotated[bool, typer.Option("--version", callback=_version, is_eager=True, help="Print it.")] = False,  # noqa: FBT002  # typer makes it an option
) -> None:
    """Look after an artifact-steward from a terminal."""


def main(arguments: Sequence[str]) -> int:
    """Do what the arguments say and return the exit code."""
    code = _code(arguments)
    return detailed(code) if DETAILED in arguments else code


def _code(arguments: Sequence[str]) -> int:
    try:
        app(list(arguments), prog_name="steward")
    except SystemExit as end:
        return end.code if isinstance(end.code, int) else Exit.CLEAN
    except CliError as error:
        Screen().complain(error)
        return error.exit
    except KeyError as error:
        hint = "Are the Worker and this command of one version? steward doctor"
        Screen().complain(CliError(f"The Worker's answer has no {harmless(str(error))}.", hint=hint))
        return Exit.FAILED
    except KeyboardInterrupt:
        return Exit.INTERRUPTED
    return Exit.CLEAN


def run() -> None:
    """Be the program."""
    for stream in (sys.stdout, sys.stderr):
        # A terminal that cannot show a sign gets it as an escape.
        stream.reconfigure(errors="backslashreplace")  # type: ignore[union-attr]  # both are text files here
    code = main(sys.argv[1:])
    try:
        sys.stdout.flush()
    except BrokenPipeError:
        # The reader has what it wanted. Python flushes once more at its end, which must not fail again.
        os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())
    sys.exit(code)
