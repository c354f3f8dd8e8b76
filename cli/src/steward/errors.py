"""Every way a command fails, each with its exit code.

CliError
├── NotAuthenticatedError   no token, a wrong one, or too small a role  4
├── RefusedError            right, but not now                  6
└── WaitError               what passes by itself
    ├── BusyError           another run is in progress          5
    └── GoneError           no answer came                      1
"""

from __future__ import annotations

from steward.exits import Exit


class CliError(Exception):
    """Base of the tree: what happened, `hint` what to do next, `exit` the code."""

    exit = Exit.FAILED

    def __init__(self, message: str, *, hint: str = "", code: Exit | None = None) -> None:
        super().__init__(message)
        self.hint = hint
        self.exit = self.exit if code is None else code


class NotAuthenticatedError(CliError):
    """There is no token, the Worker does not take it, or its role is too small."""

    exit = Exit.NOT_AUTHENTICATED


class RefusedError(CliError):
    """The state of the database does not allow it now."""

    exit = Exit.REFUSED


class WaitError(CliError):
    """What passes by itself: long work waits for it, within its patience."""


class BusyError(WaitError):
    """Another run has the lease, or there were too many requests."""

    exit = Exit.BUSY


class GoneError(WaitError):
    """No answer came. What was asked may have been done all the same."""
