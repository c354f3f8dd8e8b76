"""The command that tests fork is the command that a shell starts."""

from __future__ import annotations

import signal
import sys

import pytest

from tests.cli.conftest import Operator
from tests.support.command import Started
from tests.support.served import CUT, Answered, Asked

COLD = (sys.executable, "-W", "error", "-m", "steward")


@pytest.mark.parametrize("terminal", [False, True], ids=["piped", "terminal"])
@pytest.mark.parametrize(
    "arguments", [("--help",), ("no-such-command",), ("runs", "--json"), ("rules", "get", "--what")]
)
def test_it_says_and_ends_as_one_that_was_started(
    operator: Operator, arguments: tuple[str, ...], *, terminal: bool
) -> None:
    warm, cold = (
        Started(operator.where, *arguments, terminal=terminal, program=program).finish(operator.served.turn)
        for program in ((), COLD)
    )
    assert warm == cold


def test_one_that_is_killed_ends_by_the_signal(operator: Operator) -> None:
    started = operator.start("rules", "get")

    def kill(_asked: Asked) -> Answered:
        started.process.kill()
        return CUT

    operator.instead(kill)
    assert started.finish(operator.served.turn).code == -signal.SIGKILL
