"""Long work as bounded slices: taken until done, waited for where the Worker is away, stopped where a person asks."""

from __future__ import annotations

import time
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Protocol

from steward.errors import CliError, RefusedError, WaitError
from steward.exits import Exit
from steward.harmless import harmless
from steward.interruption import Interruption
from steward.progress import Meter

WAITS = (1.0, 2.0, 4.0, 8.0)
"""Seconds between two attempts; the last one repeats."""


class Work(Protocol):
    """Work of many calls, each of which may be repeated: what it did is summed up as it comes."""

    @property
    def begun(self) -> bool:
        """Whether a call was answered."""
        ...

    def take(self) -> bool:
        """Make the next call and return whether more remain. Raises WaitError where nothing could be done now."""
        ...

    def show(self, meter: Meter) -> None:
        """Show how far it is."""
        ...


@dataclass(frozen=True)
class Ended:
    """How the work ended: by itself, or before its end by an error or by Ctrl-C."""

    error: CliError | None = None
    interrupted: bool = False

    @property
    def early(self) -> bool:
        """Whether something remains."""
        return self.interrupted or self.error is not None

    def exit(self, code: Exit) -> Exit:
        """Return the exit code, which is `code` where the work is done."""
        if self.error is not None:
            return self.error.exit
        return Exit.INTERRUPTED if self.interrupted else code


def more_of(found: Mapping[str, object], *, more: bool) -> bool:
    """Return whether more remains after an answer; raises RefusedError where the rows of the day ended it."""
    if more and "continues_at" in found:
        raise RefusedError(f"The rows of today are used up: it continues at {harmless(str(found['continues_at']))}.")
    return more


def take_all(work: Work, meter: Meter, patience: float) -> Ended:
    """Take slices until none remain. Once begun, what passes by itself is waited for, `patience` seconds at a time."""
    with Interruption(meter.say) as interruption:
        try:
            return _take_all(work, meter, _Patience(patience, meter, interruption), interruption)
        except KeyboardInterrupt:
            return Ended(interrupted=True)
        except CliError as error:
            return Ended(error)


def _take_all(work: Work, meter: Meter, patience: _Patience, interruption: Interruption) -> Ended:
    more = True
    while more and not interruption.asked:
        try:
            more = work.take()
        except WaitError as error:
            if not work.begun:
                raise
            patience.wait(error)
        else:
            patience.renew()
            work.show(meter)
    return Ended(interrupted=more)


class _Patience:
    """Waits longer each time, and gives up after so many seconds without success."""

    def __init__(self, seconds: float, meter: Meter, interruption: Interruption) -> None:
        self._seconds, self._meter, self._interruption = seconds, meter, interruption
        self.renew()

    def renew(self) -> None:
        """Begin again: something was done."""
        self._attempts = 0
        self._since: float | None = None

    def wait(self, error: WaitError) -> None:
        """Wait a while, or raise the error where it has lasted too long."""
        now = time.monotonic()
        self._since = self._since or now
        pause = WAITS[min(self._attempts, len(WAITS) - 1)]
        if now + pause - self._since > self._seconds:
            raise error
        self._attempts += 1
        self._meter.say(f"{error} Trying again in {pause:.0f} s.")
        self._interruption.wait(pause)
