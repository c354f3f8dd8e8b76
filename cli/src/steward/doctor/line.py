"""One line of the doctor's report."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from typing import Literal

from steward.exits import Exit

State = Literal["ok", "warning", "wrong", "failed", "not checked"]


@dataclass(frozen=True)
class Line:
    """What was looked at, how it is, and what to do where it is not as it should be.

    `failed` is a look that should have seen something and did not; `not checked` is what HTTP cannot say, and how a
    person finds out.
    """

    what: str
    state: State
    text: str
    hint: str = ""


def verdict(lines: Iterable[Line]) -> Exit:
    """Return the exit code: a look that failed wins over what is wrong."""
    states = {line.state for line in lines}
    if "failed" in states:
        return Exit.FAILED
    return Exit.DRIFT if "wrong" in states else Exit.CLEAN
