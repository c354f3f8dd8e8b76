"""How far long work is, on stderr: a live bar on a terminal, a line now and then elsewhere."""

from __future__ import annotations

import time
from types import TracebackType
from typing import Self

from rich.progress import BarColumn, Progress, ProgressColumn, SpinnerColumn, Task, TextColumn, TimeElapsedColumn
from rich.table import Column
from rich.text import Text

from steward.screen import Screen

LINE_EVERY_SECONDS = 5.0
BAR_COLUMNS = 20
"""Leaves room for the figures on a terminal of 80 columns."""


class _Figures(ProgressColumn):
    """`12,000 of 50,000 objects, 3,100/s, 12 s left`."""

    def render(self, task: Task) -> Text:
        elapsed = task.elapsed or 0.0
        return Text(figures(task.completed, task.total, task.fields["unit"], elapsed, task.fields["begun_at"]))


def figures(done: float, total: float | None, unit: str, elapsed: float, begun_at: float = 0.0) -> str:
    """Return how far it is, how fast, and how long is left; what was done before `begun_at` is not its speed."""
    count = f"{done:,.0f}" if total is None else f"{done:,.0f} of {total:,.0f}"
    rate = (done - begun_at) / elapsed if elapsed > 0 else 0.0
    if rate <= 0:
        return f"{count} {unit}"
    left = "" if total is None or done >= total else f", {duration((total - done) / rate)} left"
    return f"{count} {unit}, {rate:,.0f}/s{left}"


def duration(seconds: float) -> str:
    """Return a time as a person says it: 12 s, 3 min, 2 h 5 min."""
    if seconds < 90:  # noqa: PLR2004  # seconds say more up to here
        return f"{seconds:.0f} s"
    minutes = round(seconds / 60)
    return f"{minutes} min" if minutes < 60 else f"{minutes // 60} h {minutes % 60} min"  # noqa: PLR2004  # an hour


class Meter:
    """Shows the progress of one piece of work; a context manager."""

    def __init__(self, screen: Screen, what: str, unit: str, total: float | None = None, begun_at: int = 0) -> None:
        self._screen, self._what, self._unit, self._total, self._begun_at = screen, what, unit, total, begun_at
        self._live = screen.err.is_terminal
        self._started = self._last_line = time.monotonic()
        name = TextColumn("{task.description}", markup=False, table_column=Column(no_wrap=True))
        columns = (SpinnerColumn(), name, BarColumn(BAR_COLUMNS), _Figures(table_column=Column(no_wrap=True)))
        self._bar = Progress(*columns, TimeElapsedColumn(), console=screen.err, disable=not self._live)
        self._task = self._bar.add_task(what, total=total, completed=begun_at, unit=unit, begun_at=begun_at)

    def __enter__(self) -> Self:
        self._bar.start()
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self._bar.stop()

    @property
    def live(self) -> bool:
        """Whether somebody is looking."""
        return self._live

    def at(self, done: float, total: float | None = None) -> None:
        """Show that so much is done, of `total` where that is known; more than was expected is the total itself."""
        if total is not None:
            self._total = total
        if self._total is not None:
            self._total = max(self._total, done)
        self._bar.update(self._task, completed=done, total=self._total)
        now = time.monotonic()
        if not self._live and now - self._last_line >= LINE_EVERY_SECONDS:
            self._last_line = now
            text = figures(done, self._total, self._unit, now - self._started, self._begun_at)
            self._screen.say(f"{self._what}: {text}")

    def say(self, text: str) -> None:
        """Say something without breaking the bar."""
        self._screen.say(text)
