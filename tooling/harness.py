"""Drive the real Worker on the real runtime from Python: requests, cron, and its D1, R2 and KV from outside.

One `Harness` is one Node process with its own workerd on its own state folder. Calls may come from several threads at
once (that is how a test gets two requests in flight). Used by the tests, `make run`, `make demo` and `bench/`.
"""

import base64
import contextlib
import itertools
import json
import os
import shutil
import signal
import subprocess
import tempfile
import threading
import time
from collections.abc import Iterable, Mapping, Sequence
from concurrent.futures import Future
from dataclasses import dataclass, field
from datetime import UTC, datetime
from pathlib import Path
from typing import IO, Any, NamedTuple, Self, TypeVar, cast

from tooling.paths import BUNDLE_LINK, ROOT, WORKERD, path_with_venv

CRON = "*/15 * * * *"
START_SECONDS = 60
"""A start takes 3-7 s; a busy CI machine may need several times that."""
CALL_SECONDS = 600
STOP_SECONDS = 15
_PUT_CHUNK = 1000

T = TypeVar("T")
Param = str | int | float | None
Statement = tuple[str, Sequence[Param]]


class HarnessError(Exception):
    """The runtime did not start, went away, or refused an operation."""


class Reply(NamedTuple):
    """The answer to one HTTP request."""

    status: int
    headers: dict[str, str]
    text: str

    def json(self) -> Any:  # noqa: ANN401  # the shape is the caller's to check
        """Return the body read as JSON."""
        return json.loads(self.text)


class Rows(NamedTuple):
    """What one D1 statement returned: its rows, and D1's own account of the cost."""

    rows: list[dict[str, Any]]
    meta: dict[str, Any]


class Log(NamedTuple):
    """One line the Worker (or the runtime) logged."""

    level: str
    message: str
    timestamp: float


class Delivered(NamedTuple):
    """How long batches of messages took the Worker, and how many ended in which outcome."""

    seconds: float
    outcomes: dict[str, int]


@dataclass(frozen=True)
class Config:
    """What a run changes of wrangler.toml."""

    vars: Mapping[str, object] = field(default_factory=dict)
    """Added to `[vars]`; None removes one. Secrets (STEWARD_TOKEN) are given here too."""
    main: Path | None = None
    """Another entry module than the project's; its folder becomes the module root."""
    d1: tuple[str, ...] = ()
    """Bindings of further D1 databases."""
    r2: tuple[str, ...] = ()
    """Bindings of further R2 buckets."""
    queues: tuple[Mapping[str, object], ...] = ()
    """Queues that the Worker consumes, each as wrangler.toml has a consumer."""
    assets: bool = True
    """Whether the page is served; `deliver` reaches only a Worker without it."""
    port: int = 0
    """0 takes a free one."""
    wrangler_toml: Path = ROOT / "wrangler.toml"


class Harness:
    """A running Worker. Use as a context manager, or call `start` and `close`.

    `state` is a folder that outlives the harness; without it the state is temporary.
    """

    def __init__(self, config: Config | None = None, *, state: Path | None = None, echo_logs: bool = False) -> None:
        self.config = config or Config()
        self.url = ""
        self._echo_logs = echo_logs
        self._temporary = state is None
        self.state = state.resolve() if state else Path(tempfile.mkdtemp(prefix="steward-state-"))
        self._node: _Node | None = None

    def __enter__(self) -> Self:
        self.start()
        return self

    def __exit__(self, *_: object) -> None:
        self.close()

    # Life cycle

    def start(self) -> None:
        """Start the runtime and wait until it answers."""
        try:
            self._node = _Node(self._options())
        except HarnessError:
            self.close()
            raise
        self.url = self._node.url

    def stop(self) -> None:
        """Stop the runtime in good order, keeping the state."""
        if self._node:
            self._node.stop()
            self._node = None

    def close(self) -> None:
        """Stop the runtime, and remove the state if it was temporary."""
        self.stop()
        if self._temporary:
            shutil.rmtree(self.state, ignore_errors=True)

    def restart(self, config: Config | None = None) -> None:
        """Stop in good order and start again on the same state, with another config if given."""
        self.stop()
        self.config = config or self.config
        self.start()

    def kill(self) -> None:
        """Kill node and workerd where they stand (SIGKILL); `start` brings them back on the same state."""
        self._running().kill()
        self._node = None

    def reset(self) -> None:
        """Start again on an empty state."""
        self.stop()
        shutil.rmtree(self.state, ignore_errors=True)
        self.start()

    # The Worker

    def fetch(
        self,
        method: str,
        path: str,
        headers: Mapping[str, str] | None = None,
        body: str | bytes | None = None,
    ) -> Reply:
        """Send one request and wait for the answer; redirects are not followed."""
        raw = body.encode() if isinstance(body, str) else body
        found = self._call(
            "fetch",
            method=method,
            path=path,
            headers=dict(headers or {}),
            body=None if raw is None else base64.b64encode(raw).decode(),
        )
        return Reply(found["status"], dict(found["headers"]), found["text"])

    def scheduled(self, cron: str = CRON, at: datetime | None = None) -> str:
        """Fire the cron handler and return its outcome: "ok", or "exception"."""
        moment = at or datetime.now(UTC)
        found = self._call("scheduled", cron=cron, time=moment.timestamp() * 1000)
        return str(found["outcome"])

    def queue(self, name: str, bodies: Sequence[object]) -> str:
        """Hand the Worker a batch of messages and return its outcome: "ok", or "exception"."""
        return str(self.queue_answer(name, bodies)["outcome"])

    def queue_answer(self, name: str, bodies: Sequence[object]) -> dict[str, Any]:
        """Hand the Worker a batch of messages and return its whole answer: what is acknowledged, what comes again."""
        now = datetime.now(UTC).timestamp() * 1000
        messages = [
            {"id": str(number), "timestamp": now, "attempts": 1, "body": body} for number, body in enumerate(bodies)
        ]
        return cast("dict[str, Any]", self._call("queue", name=name, messages=messages))

    def send(self, queue: str, bodies: Iterable[object]) -> None:
        """Send messages through the queue itself, which delivers them to the Worker when it sees fit."""
        for chunk in _chunks(bodies):
            self._call("queue_send", binding=queue, bodies=chunk)

    def notify(self, queue: str, *, bucket: str, binding: str = "ARTIFACTS") -> int:
        """Send what changed in a bucket since the last call; see `tooling.notifications`."""
        return int(self._call("r2_notify", binding=binding, name=bucket, queue=queue))

    def deliver(self, queue: str, batches: Iterable[Sequence[object]]) -> Delivered:
        """Hand the Worker batches of messages, two at a time, as fast as it takes them."""
        found = self._call("queue_deliver", binding="WORKER", queue=queue, batches=list(batches))
        return Delivered(found["milliseconds"] / 1000, found["outcomes"])

    def logs(self) -> list[Log]:
        """Return what was logged since the start or the last `clear_logs`."""
        return [Log(line["level"], line["message"], line["timestamp"]) for line in self._call("logs")]

    def clear_logs(self) -> None:
        """Forget what was logged."""
        self._call("clear_logs")

    # D1

    def d1(self, sql: str, params: Sequence[Param] = (), *, binding: str = "DB") -> Rows:
        """Run one statement."""
        return _rows(self._call("d1", binding=binding, sql=sql, params=list(params)))

    def d1_batch(self, statements: Iterable[Statement], *, binding: str = "DB") -> list[Rows]:
        """Run statements in one transaction."""
        listed = [[sql, list(params)] for sql, params in statements]
        return [_rows(found) for found in self._call("d1_batch", binding=binding, statements=listed)]

    def apply_migrations(self, folder: Path | None = None, *, binding: str = "DB") -> list[str]:
        """Apply the migrations that have not run yet and return their names."""
        found = self._call("apply_migrations", binding=binding, folder=None if folder is None else str(folder))
        return cast("list[str]", found)

    # R2

    def r2_put(self, items: Iterable[tuple[str, str]], *, binding: str = "ARTIFACTS") -> None:
        """Store objects given as (key, body)."""
        for chunk in _chunks(items):
            self._call("r2_put", binding=binding, items=chunk)

    def r2_put_files(self, items: Iterable[tuple[str, Path]], *, binding: str = "ARTIFACTS") -> None:
        """Store objects given as (key, file)."""
        for chunk in _chunks(items):
            self._call("r2_put_files", binding=binding, items=[[key, str(path)] for key, path in chunk])

    def r2_list(self, prefix: str = "", *, binding: str = "ARTIFACTS") -> list[dict[str, Any]]:
        """Return every object under a prefix, as R2 lists them."""
        return cast("list[dict[str, Any]]", self._call("r2_list", binding=binding, prefix=prefix))

    def r2_delete(self, keys: Iterable[str], *, binding: str = "ARTIFACTS") -> None:
        """Delete objects."""
        for chunk in _chunks(keys):
            self._call("r2_delete", binding=binding, keys=chunk)

    # KV

    def kv_get(self, key: str, *, binding: str = "STATE") -> str | None:
        """Return a value, or None when there is none."""
        return cast("str | None", self._call("kv_get", binding=binding, key=key))

    def kv_put(self, key: str, value: str, *, binding: str = "STATE") -> None:
        """Store a value."""
        self._call("kv_put", binding=binding, key=key, value=value)

    def kv_delete(self, key: str, *, binding: str = "STATE") -> None:
        """Remove a value."""
        self._call("kv_delete", binding=binding, key=key)

    def kv_list(self, prefix: str = "", *, binding: str = "STATE") -> list[str]:
        """Return the keys under a prefix."""
        return cast("list[str]", self._call("kv_list", binding=binding, prefix=prefix))

    # Workflows

    def flow_state(self, instance: str, *, binding: str = "PASS") -> dict[str, Any]:
        """Return an instance's status, and its output or error."""
        return cast("dict[str, Any]", self._call("flow_state", binding=binding, id=instance))

    def flow_wake(self, instance: str, *, binding: str = "PASS") -> None:
        """Do what production's engine does after a restart: let the instance go on from its last step."""
        self._call("flow_wake", binding=binding, id=instance)

    def flow_terminate(self, instance: str, *, binding: str = "PASS") -> None:
        """End an instance in mid-work, as an operator can from the dashboard."""
        self._call("flow_terminate", binding=binding, id=instance)

    # Inside

    def _call(self, operation: str, **args: object) -> Any:  # noqa: ANN401  # as JSON has it
        return self._running().call(operation, args).result(CALL_SECONDS)

    def _running(self) -> "_Node":
        if self._node is None:
            raise HarnessError("the Worker is not running: call start()")
        return self._node

    def _options(self) -> dict[str, object]:
        config = self.config
        return {
            "root": str(ROOT),
            "config": str(config.wrangler_toml),
            "main": str(config.main) if config.main else None,
            "vars": dict(config.vars),
            "d1": config.d1,
            "r2": config.r2,
            "assets": config.assets,
            "queues": [dict(queue) for queue in config.queues],
            "port": config.port,
            "state": str(self.state),
            "echo_logs": self._echo_logs,
        }


class _Node:
    """The Node process: lines out, lines in, one future per call."""

    def __init__(self, options: Mapping[str, object]) -> None:
        if not (BUNDLE_LINK / "pyodide_dev.capnp.bin").exists():
            raise HarnessError("the runtime is not set up: run `make setup`")
        self._pending: dict[int, Future[Any]] = {}
        self._ids = itertools.count(1)
        self._lock = threading.Lock()
        self._ended = False
        self._ready: Future[Any] = Future()
        self._pending[0] = self._ready
        self._errors = tempfile.TemporaryFile()  # noqa: SIM115  # closed by kill()
        # A session of its own: killing the group takes workerd along, and Ctrl-C reaches only the caller, who closes.
        self._process = subprocess.Popen(
            ["node", str(ROOT / "tooling" / "harness.mjs"), json.dumps(options)],
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            stderr=None if options["echo_logs"] else self._errors,
            env=_environment(),
            cwd=ROOT,
            start_new_session=True,
        )
        self._reader = threading.Thread(target=self._read, daemon=True)
        self._reader.start()
        self.url = self._wait_ready()

    def call(self, operation: str, args: Mapping[str, object]) -> Future[Any]:
        """Send one operation and return the future of its answer."""
        future: Future[Any] = Future()
        with self._lock:
            if self._ended:  # nobody is left to answer, even if the pipe still takes the question
                raise HarnessError(self._gone())
            number = next(self._ids)
            self._pending[number] = future
            self._send({"id": number, "op": operation, "args": args})
        return future

    def stop(self) -> None:
        """Ask the process to end, and make sure that nothing of it is left."""
        with contextlib.suppress(HarnessError, TimeoutError, OSError):
            self.call("stop", {}).result(STOP_SECONDS)
        self.kill()

    def kill(self) -> None:
        """Kill the process and all it started."""
        with contextlib.suppress(ProcessLookupError):
            os.killpg(self._process.pid, signal.SIGKILL)
        self._process.wait()
        self._reader.join()
        for stream in (self._process.stdin, self._process.stdout, self._errors):
            with contextlib.suppress(OSError):
                cast("IO[bytes]", stream).close()

    def _wait_ready(self) -> str:
        try:
            return str(self._ready.result(START_SECONDS)["url"])
        except TimeoutError:
            self.kill()
            raise HarnessError(f"the runtime did not start within {START_SECONDS} s") from None
        except BaseException:  # Ctrl-C too: nobody else knows the process yet
            self.kill()
            raise

    def _send(self, message: object) -> None:
        stdin = cast("IO[bytes]", self._process.stdin)
        try:
            stdin.write(json.dumps(message).encode() + b"\n")
            stdin.flush()
        except (OSError, ValueError):  # ValueError: killed meanwhile by another thread
            raise HarnessError(self._gone()) from None

    def _read(self) -> None:
        for line in cast("IO[bytes]", self._process.stdout):
            message = json.loads(line)
            future = self._pending.pop(message["id"])
            if "error" in message:
                future.set_exception(HarnessError(message["error"]))
            else:
                future.set_result(message["ok"])
        with self._lock:
            self._ended = True
            unanswered = list(self._pending.values())
            self._pending.clear()
        gone = self._gone()
        for future in unanswered:
            future.set_exception(HarnessError(gone))

    def _gone(self) -> str:
        if self._errors.closed:
            return "the runtime is gone: it was stopped"
        # Its last words come a moment after its output ends.
        time.sleep(0.05)
        self._errors.seek(0)
        return "the runtime is gone: " + (self._errors.read().decode(errors="replace").strip() or "it said nothing")


def _environment() -> dict[str, str]:
    return {
        **os.environ,
        "PATH": path_with_venv(),
        "MINIFLARE_WORKERD_PATH": str(WORKERD),
        "WRANGLER_SEND_METRICS": "false",
        # Both would ask the internet at each start.
        "CLOUDFLARE_CF_FETCH_ENABLED": "false",
        "WRANGLER_HIDE_BANNER": "true",
    }


def _rows(found: Mapping[str, Any]) -> Rows:
    return Rows(found["results"], found["meta"])


def _chunks(items: Iterable[T]) -> Iterable[list[T]]:
    iterator = iter(items)
    while chunk := list(itertools.islice(iterator, _PUT_CHUNK)):
        yield chunk
