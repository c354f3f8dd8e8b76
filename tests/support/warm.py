"""Processes of `python -W error -m steward` that begin where Python has imported the command.

A server of the same Python, with the same options, imports it once, and forks for each process asked for. What runs is
the module `steward` from its first line, as `-m` runs it, with the variables, the arguments and the files given.
Run as a module, this is the server.
"""

from __future__ import annotations

import atexit
import contextlib
import json
import os
import runpy
import signal
import socket
import subprocess
import sys
import time
from collections.abc import Mapping, Sequence
from functools import cache
from pathlib import Path
from typing import cast

from tooling.paths import ROOT

_MOST_BYTES = 1_000_000
_LOOK_SECONDS = 0.01


class WarmProcess:
    """A process that was forked; it is asked of as a `subprocess.Popen` is."""

    def __init__(self, arguments: Sequence[str], environment: Mapping[str, str], files: tuple[int, int, int]) -> None:
        self.returncode: int | None = None
        self._told, theirs = socket.socketpair(socket.AF_UNIX, socket.SOCK_SEQPACKET)
        request = json.dumps({"arguments": list(arguments), "environment": dict(environment)}).encode()
        socket.send_fds(_server(), [request], [*files, theirs.fileno()])
        theirs.close()
        self.pid = int(self._told.recv(_MOST_BYTES))
        self._told.setblocking(False)

    def poll(self) -> int | None:
        """Return how it ended, None while it runs."""
        if self.returncode is None:
            with contextlib.suppress(BlockingIOError):
                self.returncode = int(self._told.recv(_MOST_BYTES))
                self._told.close()
        return self.returncode

    def wait(self, seconds: float) -> int:
        """Wait for its end, for so long; then raises TimeoutError."""
        end = time.monotonic() + seconds
        while self.poll() is None:
            if time.monotonic() > end:
                raise TimeoutError(f"it still runs after {seconds} s")
            time.sleep(_LOOK_SECONDS)
        return cast("int", self.returncode)

    def send_signal(self, number: int) -> None:
        """Send it a signal, unless it has ended."""
        if self.poll() is None:
            os.kill(self.pid, number)

    def kill(self) -> None:
        """End it."""
        self.send_signal(signal.SIGKILL)


@cache
def _server() -> socket.socket:
    """Start the server, and return the channel to it; it ends where that is closed, also by our own end."""
    ours, theirs = socket.socketpair(socket.AF_UNIX, socket.SOCK_SEQPACKET)
    path = os.pathsep.join([str(ROOT / "cli" / "src"), str(ROOT)])
    process = subprocess.Popen(  # noqa: S603  # our own module
        [sys.executable, "-W", "error", "-m", "tests.support.warm", str(theirs.fileno())],
        env={"PATH": os.environ["PATH"], "PYTHONPATH": path, "PYTHONUTF8": "1", "TERM": "xterm-256color"},
        pass_fds=[theirs.fileno()],
        stdin=subprocess.DEVNULL,
        start_new_session=True,
    )
    theirs.close()
    atexit.register(_end, ours, process)
    return ours


def _end(channel: socket.socket, process: subprocess.Popen[bytes]) -> None:
    channel.close()
    process.wait()


def _serve(channel: socket.socket) -> None:
    """Fork for each request; in the process asked for, return with everything as it is to be."""
    _import_all()
    while True:
        request, files, _, _ = socket.recv_fds(channel, _MOST_BYTES, 4)
        if not request:
            sys.exit()
        if os.fork() == 0:
            channel.close()
            if _keep(socket.socket(fileno=files.pop())):
                _become(json.loads(request), files)
                return
        for file in files:
            os.close(file)
        with contextlib.suppress(ChildProcessError):
            while os.waitpid(-1, os.WNOHANG)[0]:
                pass


def _import_all() -> None:
    """Run the command where it finds no address of a Worker: some modules are imported only once it runs."""
    sys.argv[1:] = ["status"]
    with Path(os.devnull).open("w") as nowhere, contextlib.redirect_stderr(nowhere), contextlib.suppress(SystemExit):
        _run()


def _run() -> None:
    runpy.run_module("steward", run_name="__main__", alter_sys=True)


def _keep(told: socket.socket) -> bool:
    """Fork the process itself, for which this returns true, and tell its number and how it ended."""
    pid = os.fork()
    if pid == 0:
        told.close()
        return True
    told.send(str(pid).encode())
    _, status = os.waitpid(pid, 0)
    with contextlib.suppress(BrokenPipeError):
        told.send(str(os.waitstatus_to_exitcode(status)).encode())
    os._exit(0)


def _become(request: Mapping[str, object], files: Sequence[int]) -> None:
    """Take over the variables, the arguments and the files."""
    os.environ.clear()
    os.environ.update(cast("dict[str, str]", request["environment"]))
    sys.argv[1:] = cast("list[str]", request["arguments"])
    for number, file in enumerate(files):
        os.dup2(file, number)
        os.close(file)
    sys.stdin = open(0, closefd=False)  # noqa: SIM115  # as Python opens it
    sys.stdout = open(1, "w", closefd=False)  # noqa: SIM115  # likewise
    sys.stderr = open(2, "w", closefd=False, errors="backslashreplace")  # noqa: SIM115  # likewise


if __name__ == "__main__":
    _serve(socket.socket(fileno=int(sys.argv[1])))
    _run()
