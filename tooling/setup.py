"""Bring a machine with nothing but Python and package registries to where every `make` target works.

Run as `python3 -m tooling.setup`. Standard library only. Each step leaves a stamp of what it was made from, so the
second run does nothing, a changed lock file redoes what depends on it, and an interrupted step is done again.
"""

# Older Pythons read this file too, to be told that they are too old.
from __future__ import annotations

import os
import shutil
import subprocess
import sys
import time
from collections.abc import Iterable
from dataclasses import dataclass
from hashlib import sha256
from pathlib import Path

from tooling.paths import (
    BUNDLE_LINK,
    CACHE,
    COMMAND,
    NODE_MODULES,
    PYTHON_MODULES,
    ROOT,
    VENV,
    path_with_venv,
    venv_bin,
)

OLDEST_PYTHON = (3, 11)
WORKER_PYTHON = "3.14"
_NETWORK_SIGNS = (
    "ENOTFOUND",
    "EAI_AGAIN",
    "ECONNREFUSED",
    "ECONNRESET",
    "ETIMEDOUT",
    "CERT",
    "from versions: none",
    "Temporary failure in name resolution",
    "Connection refused",
    "ProxyError",
    "dns error",
    "error sending request",
)
_LOG_LINES = 10


class SetupError(Exception):
    """A step failed; the message says what is wrong and what to do."""


@dataclass(frozen=True)
class Step:
    """One command, what it is made from, what it makes, and what to do when it fails."""

    name: str
    what: str
    program: str
    arguments: tuple[str, ...]
    inputs: tuple[Path, ...]
    output: Path
    hint: str
    stamps: Path = CACHE / "setup"

    @property
    def stamp(self) -> Path:
        """Return the file that says what the output was made from."""
        return self.stamps / f"{self.name}.stamp"

    def digest(self, before: str) -> str:
        """Return a hash of what the output is made from, the earlier steps included."""
        content = [path.read_bytes() for path in self.inputs]
        words = "\0".join((before, *self.arguments)).encode()
        return sha256(b"\0".join([words, *content])).hexdigest()

    def is_done(self, digest: str) -> bool:
        """Tell whether the output is there and was made from exactly this."""
        return self.output.exists() and self.stamp.exists() and self.stamp.read_text() == digest

    def run(self, digest: str) -> None:
        """Do the step and stamp it; a failure leaves no stamp."""
        self.stamps.mkdir(parents=True, exist_ok=True)
        self.stamp.unlink(missing_ok=True)
        print(f"setup: {self.what} ...", end=" ", flush=True)
        started = time.monotonic()
        log = self.stamp.with_suffix(".log")
        with log.open("wb") as output:
            environment = {**os.environ, "PATH": path_with_venv()}
            code = _call((self.program, *self.arguments), output.fileno(), environment)
        if code != 0:
            print("failed")
            raise SetupError(_explain(self, log.read_text(errors="replace")))
        self.stamp.write_text(digest)
        print(f"{time.monotonic() - started:.1f} s")


def steps() -> tuple[Step, ...]:
    """Return the steps in order; each one may use what the earlier ones made."""
    programs = venv_bin()
    worker_lock = ROOT / "requirements-worker.lock"
    dev_lock = ROOT / "requirements-dev.lock"
    npm_lock = ROOT / "package-lock.json"
    bundle = ROOT / "tooling" / "bundle.py"
    return (
        Step(
            name="venv",
            what="virtual environment (.venv)",
            # Run from inside the environment, this step would otherwise remove the Python it runs on.
            program=getattr(sys, "_base_executable", sys.executable),
            arguments=("-m", "venv", "--clear", str(VENV)),
            inputs=(),
            output=programs / "python",
            hint="This Python has no working venv module. On Debian or Ubuntu: apt-get install python3-venv",
        ),
        Step(
            name="tools",
            what="Python packages and Node 24 (pip)",
            program=str(programs / "python"),
            arguments=("-m", "pip", "install", "--disable-pip-version-check", "--require-hashes", "-r", str(dev_lock)),
            inputs=(dev_lock,),
            output=programs / "node",
            hint="pip could not install requirements-dev.lock. It needs PyPI or a mirror of it (pip config set "
            "global.index-url ...)",
        ),
        Step(
            name="npm",
            what="wrangler, workerd and pyodide (npm)",
            # Not `npm ci`: it refuses a lock file without the binaries of every platform, and a registry mirror may
            # lack those of other ones. What is locked is installed as locked, and the lock file stays as it is.
            program=str(programs / "npm"),
            arguments=(
                *("install", "--no-save", "--no-progress"),
                # With npm's own waits a registry that does not answer takes six minutes to report.
                *("--fetch-retry-mintimeout", "1000", "--fetch-retry-maxtimeout", "5000"),
            ),
            inputs=(ROOT / "package.json", npm_lock, ROOT / ".npmrc"),
            output=NODE_MODULES / "wrangler" / "package.json",
            hint="npm could not install package-lock.json. It needs the npm registry or a mirror of it (npm config "
            "set registry ...)",
        ),
        Step(
            name="modules",
            what="the Worker's own packages (python_modules)",
            # Not uv: a machine's registry is usually configured for pip alone.
            program=str(programs / "python"),
            arguments=(
                *("-m", "pip", "install", "--disable-pip-version-check", "--target", str(PYTHON_MODULES)),
                *("--python-version", WORKER_PYTHON, "--only-binary", ":all:"),
                *("--require-hashes", "-r", str(worker_lock)),
            ),
            inputs=(worker_lock,),
            output=PYTHON_MODULES / "workers",
            hint="pip could not install requirements-worker.lock. It needs PyPI or a mirror of it (pip config set "
            "global.index-url ...)",
        ),
        Step(
            name="bundle",
            what="Pyodide bundle for workerd",
            program=str(programs / "python"),
            arguments=("-m", "tooling.bundle"),
            inputs=(bundle, bundle.with_suffix(".capnp"), npm_lock),
            output=BUNDLE_LINK / "pyodide_dev.capnp.bin",
            hint="The installed pyodide and workerd do not fit together; see the message above",
        ),
        Step(
            name="snapshot",
            what="Python's memory after its start",
            program=str(programs / "python"),
            arguments=("-m", "tooling.snapshot"),
            inputs=(bundle.with_name("snapshot.py"), bundle.with_name("workerd")),
            output=BUNDLE_LINK / "snapshot.bin",
            hint="The runtime did not start; see the message above",
        ),
        Step(
            name="command",
            what="the command steward (.venv/bin/steward)",
            program=str(programs / "python"),
            # Editable: it is always the one of this checkout. All it needs came with requirements-dev.lock.
            arguments=(
                *("-m", "pip", "install", "--disable-pip-version-check", "--no-deps", "--no-index"),
                *("--no-build-isolation", "--editable", str(COMMAND)),
            ),
            inputs=(COMMAND / "pyproject.toml",),
            output=programs / "steward",
            hint="pip could not install cli/; see the message above",
        ),
    )


def run_all(todo: Iterable[Step]) -> None:
    """Do every step that is not done yet."""
    # The virtual environment's programs hold absolute paths: a moved checkout is set up again.
    before = str(ROOT)
    for step in todo:
        before = step.digest(before)
        if not step.is_done(before):
            _clear(step)
            step.run(before)


def main() -> int:
    """Set up, or say in plain words why not."""
    if sys.version_info < OLDEST_PYTHON:
        wanted = ".".join(map(str, OLDEST_PYTHON))
        found = sys.version.split()[0]
        print(f"setup: Python {wanted} or later is needed; {sys.executable} is {found}", file=sys.stderr)
        return 1
    try:
        run_all(steps())
    except SetupError as error:
        print(f"setup: {error}", file=sys.stderr)
        return 1
    except KeyboardInterrupt:
        print("\nsetup: interrupted; the step is done again next time", file=sys.stderr)
        return 130
    return 0


def _call(command: tuple[str, ...], output: int, environment: dict[str, str]) -> int:
    try:
        return subprocess.run(
            command, cwd=ROOT, env=environment, stdin=subprocess.DEVNULL, stdout=output, stderr=output, check=False
        ).returncode
    except OSError as error:
        os.write(output, f"{command[0]}: {error.strerror}\n".encode())
        return 127


def _clear(step: Step) -> None:
    # pip adds to a target folder without removing what an older lock had put there.
    if step.output.is_relative_to(PYTHON_MODULES):
        shutil.rmtree(PYTHON_MODULES, ignore_errors=True)


def _explain(step: Step, output: str) -> str:
    lines = output.splitlines()
    # npm and pip say first what is wrong, and then much else.
    telling = [line for line in lines if "error" in line.lower()] or lines[-_LOG_LINES:]
    shown = "\n".join(f"  | {line}" for line in telling[:_LOG_LINES])
    unreachable = any(sign in output for sign in _NETWORK_SIGNS)
    cause = "the package registry cannot be reached, or not trusted. " if unreachable else ""
    return f"{step.what} failed: {cause}{step.hint}\n{shown}\n  (all of it: {step.stamp.with_suffix('.log')})"


if __name__ == "__main__":
    sys.exit(main())
