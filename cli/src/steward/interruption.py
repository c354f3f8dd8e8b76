"""Ctrl-C during long work: the first ends it after the slice in progress, the second at once."""

from __future__ import annotations

import signal
import threading
from collections.abc import Callable
from types import FrameType, TracebackType
from typing import Self


class Interruption:
    """A context manager in which SIGINT and SIGTERM ask the work to stop."""

    def __init__(self, tell: Callable[[str], None]) -> None:
        self._tell = tell
        self._asked = threading.Event()

    def __enter__(self) -> Self:
        self._before = {number: signal.signal(number, self._ask) for number in (signal.SIGINT, signal.SIGTERM)}
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        for number, handler in self._before.items():
            signal.signal(number, handler)

    @property
    def asked(self) -> bool:
        """Whether the work was asked to stop."""
        return self._asked.is_set()

    def wait(self, seconds: float) -> None:
        """Wait, or until asked to stop."""
        self._asked.wait(seconds)

    def _ask(self, _signal: int, _frame: FrameType | None) -> None:
        if self.asked:
            raise KeyboardInterrupt
        self._asked.set()
        self._tell("stopping after this slice; Ctrl-C again stops at once")
