"""The command `steward` as a process of its own, with or without a terminal."""

from __future__ import annotations

import fcntl
import os
import pty
import signal
import struct
import subprocess
import sys
import tempfile
import termios
import time
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, replace
from pathlib import Path
from typing import IO, NamedTuple

from tests.support.warm import WarmProcess
from tooling.paths import ROOT

LONGEST_SECONDS = 60
_LOOK_SECONDS = 0.02
_ROWS, _COLUMNS = 24, 100


class Ran(NamedTuple):
    """How the command ended, and what it printed."""

    code: int
    out: str
    err: str


@dataclass(frozen=True)
class Where:
    """What a command finds around it: the variables, and nothing else of the machine that runs the tests."""

    home: Path
    variables: Mapping[str, str]

    def environment(self) -> dict[str, str]:
        """Return its environment."""
        own = {"PATH": os.environ["PATH"], "HOME": str(self.home), "PYTHONPATH": str(ROOT / "cli" / "src")}
        return {**own, "PYTHONUTF8": "1", "TERM": "xterm-256color", **self.variables}


def installed(where: Where) -> Where:
    """Return the same place with `steward` on its PATH."""
    tool = where.home / "bin" / "steward"
    tool.parent.mkdir(exist_ok=True)
    tool.write_text(f'#!/bin/sh\nexec "{sys.executable}" -m steward "$@"\n')
    tool.chmod(0o700)
    return replace(where, variables={**where.variables, "PATH": f"{tool.parent}:{os.environ['PATH']}"})


class Started:
    """A `steward` that runs, or the program that calls it. With `terminal`, its stderr is one."""

    def __init__(
        self,
        where: Where,
        *arguments: str,
        stdin: str = "",
        terminal: bool = False,
        program: Sequence[str] = (),
    ) -> None:
        self._out, self._err, given = _file(), _file(), _file()
        given.write(stdin.encode())
        given.seek(0)
        self._seen = bytearray()
        self._screen: int | None = None
        stderr = self._err.fileno()
        if terminal:
            self._screen, stderr = _terminal()
        self.process = _process(program, arguments, where.environment(), (given.fileno(), self._out.fileno(), stderr))
        given.close()
        if self._screen is not None:
            os.close(stderr)

    def finish(self, meanwhile: Callable[[], None] = lambda: time.sleep(_LOOK_SECONDS)) -> Ran:
        """Wait for its end, doing something over and over."""
        deadline = time.monotonic() + LONGEST_SECONDS
        while self.process.poll() is None:
            if time.monotonic() > deadline:
                self.process.kill()
            meanwhile()
            self._look()
        self._look()
        if self._screen is not None:
            os.close(self._screen)
        err = _read(self._err) or self._seen.decode()
        return Ran(self.process.wait(LONGEST_SECONDS), _read(self._out), err)

    def interrupt(self) -> None:
        """Press Ctrl-C."""
        self.process.send_signal(signal.SIGINT)

    def seen(self) -> str:
        """Return what its terminal showed until now."""
        self._look()
        return self._seen.decode(errors="replace")

    def _look(self) -> None:
        while self._screen is not None:
            try:
                found = os.read(self._screen, 65536)
            except OSError:  # nothing there yet, or the other end is closed
                return
            if not found:
                return
            self._seen += found


def _process(
    program: Sequence[str], arguments: Sequence[str], environment: Mapping[str, str], files: tuple[int, int, int]
) -> subprocess.Popen[bytes] | WarmProcess:
    if not program:
        return WarmProcess(arguments, environment, files)
    stdin, stdout, stderr = files
    return subprocess.Popen(  # noqa: S603  # our own program, with arguments of the test
        [*program, *arguments], env=environment, stdin=stdin, stdout=stdout, stderr=stderr
    )


def _file() -> IO[bytes]:
    return tempfile.TemporaryFile()  # closed when it was read


def _terminal() -> tuple[int, int]:
    screen, inside = pty.openpty()
    fcntl.ioctl(inside, termios.TIOCSWINSZ, struct.pack("HHHH", _ROWS, _COLUMNS, 0, 0))
    os.set_blocking(screen, False)
    return screen, inside


def _read(file: IO[bytes]) -> str:
    file.seek(0)
    text = file.read().decode()
    file.close()
    return text
