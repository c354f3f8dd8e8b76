"""Every failure this Worker names, in one small tree.

StewardError
├── ConfigError          a setting or binding is missing or malformed        503
├── InputError           a request field is wrong; nothing was changed       400, 404, 413, 415, 422
├── RefusedError         the request is right but not now                    409
├── UnexpectedError      a defect: an error outside this tree                 500
├── LeaseLostError       another run took over; this one stopped in time      409
└── PlatformError        D1, R2, KV or an outgoing call failed
    ├── TransientError   known to pass: idempotent work may be retried
    ├── OverloadedError  the service sheds load: stop here, do not retry
    ├── ConstraintError  the database refused a row
    ├── TooBigError      a value, or a row, passes D1's 2 MB
    ├── CursorError      R2 refused a list cursor
    └── PageTooLargeError  R2 did not answer, as for a page that is too large; a shorter one may do

Each says what happened and to what; `hint` says what to do next.
"""

from __future__ import annotations


class StewardError(Exception):
    """Base of the tree: `str(error)` is what happened, `hint` what to do next."""

    def __init__(self, message: str, *, hint: str = "") -> None:
        super().__init__(message)
        self.hint = hint
        self.run_id: int | None = None
        """The run that met the error, where one was recorded."""

    def sentence(self) -> str:
        """Return what happened and what to do next as one text."""
        return f"{self} {self.hint}".strip()


class ConfigError(StewardError):
    """A setting is unknown, missing or malformed; `name` is the setting."""

    def __init__(self, name: str, message: str, *, hint: str) -> None:
        super().__init__(f"{name}: {message}", hint=hint)
        self.name = name


class InputError(StewardError):
    """A request is refused because of `field`, answered with HTTP `status`; nothing was changed."""

    def __init__(self, field: str, message: str, *, hint: str = "", status: int = 422) -> None:
        super().__init__(message, hint=hint)
        self.field = field
        self.status = status


class RefusedError(StewardError):
    """The request is well-formed, but the state of the database does not allow it now (HTTP 409)."""

    def __init__(self, reason: str, message: str, *, hint: str, holder: object = None) -> None:
        super().__init__(message, hint=hint)
        self.reason = reason
        self.holder = holder
        """The kind of the run that has the lease, where that is the reason."""


class UnexpectedError(StewardError):
    """An error from outside the tree, described by its type and message: a defect, whose traceback is in the log."""

    def __init__(self, error: Exception) -> None:
        text = f"{type(error).__name__}: {error}".rstrip(".: ")
        super().__init__(f"{text}.", hint='Look at the log, event "unexpected_error".')


class LeaseLostError(StewardError):
    """The run's lease was taken by another: what it had not committed is left to that one."""


class PlatformError(StewardError):
    """A call to D1, R2, KV or another server failed."""


class TransientError(PlatformError):
    """On the platform's list of passing failures: an idempotent call may be made again."""


class OverloadedError(PlatformError):
    """Overloaded or timed out: making the call again would make it worse."""


class ConstraintError(PlatformError):
    """The database refused a row (UNIQUE, NOT NULL, CHECK, foreign key, or a guard)."""


class TooBigError(PlatformError):
    """A value or a row passes D1's limit of 2 MB: nothing was written."""


class CursorError(PlatformError):
    """R2 refused a list cursor; `start_after` does the same without one."""


class PageTooLargeError(PlatformError):
    """R2 gave no answer and no reason, as it does where the answer would be too large: ask for fewer objects."""
