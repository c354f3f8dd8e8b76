"""What an exit code means; scripts depend on these, so they never change."""

from __future__ import annotations

from enum import IntEnum


class Exit(IntEnum):
    """How a command ended. Where several apply, what is not known wins over drift: nobody repairs on a guess."""

    CLEAN = 0
    FAILED = 1
    """It failed, or something was not checked."""
    USAGE = 2
    DRIFT = 3
    """An invariant is violated, or a dry run would change something."""
    NOT_AUTHENTICATED = 4
    BUSY = 5
    """Another run is in progress, or the Worker sheds load: try again."""
    REFUSED = 6
    """A cap, a pause, a missing index: the answer says which."""
    INTERRUPTED = 130


TERRAFORM_CHANGES = 2


def detailed(code: int) -> int:
    """Return the code as `terraform plan -detailed-exitcode` gives it: 0 clean, 1 error, 2 changes."""
    if code in (Exit.CLEAN, Exit.INTERRUPTED):
        return code
    return TERRAFORM_CHANGES if code == Exit.DRIFT else 1
