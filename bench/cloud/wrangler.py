"""The real account: each call is one `wrangler` command, with the login or the token that wrangler itself uses."""

from __future__ import annotations

import json
import os
import re
import signal
import subprocess
import tempfile
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from pathlib import Path

from bench.cloud.account import AccountError, GoneError, Part
from tooling.paths import NODE_MODULES, path_with_venv

EVENTS = "events/"
"""The prefix whose objects are announced to the queue; the objects of the passes are not."""

CREATE: dict[Part, tuple[str, ...]] = {
    Part.DATABASE: ("d1", "create", "NAME"),
    Part.NAMESPACE: ("kv", "namespace", "create", "NAME"),
    Part.BUCKET: ("r2", "bucket", "create", "NAME"),
    Part.QUEUE: ("queues", "create", "NAME"),
    Part.NOTIFICATION: (
        *("r2", "bucket", "notification", "create", "NAME"),
        *("--event-type", "object-create", "--prefix", EVENTS, "--queue", "NAME"),
    ),
}
REMOVE: dict[Part, tuple[str, ...]] = {
    Part.NOTIFICATION: ("r2", "bucket", "notification", "delete", "NAME", "--queue", "NAME"),
    Part.CONSUMER: ("queues", "consumer", "worker", "remove", "NAME", "NAME"),
    Part.WORKFLOW: ("workflows", "delete", "NAME"),
    Part.WORKER: ("delete", "NAME", "--force"),
    Part.QUEUE: ("queues", "delete", "NAME"),
    Part.BUCKET: ("r2", "bucket", "delete", "NAME"),
    Part.NAMESPACE: ("kv", "namespace", "delete", "NAME", "--skip-confirmation"),
    Part.DATABASE: ("d1", "delete", "NAME", "--skip-confirmation"),
}
COMMAND_SECONDS = 300
GONE = re.compile(
    r"does not exist|couldn't find|no worker consumer|no kv namespace named|not[ _]found"
    r"|code: (10006|10007|10090)\b",
    re.IGNORECASE,
)
"""wrangler's own words, and the API's codes of a bucket and a Worker that are not there."""

ID = re.compile(r'"?(?:database_id|id)"?\s*[:=]\s*"([0-9a-f-]{32,36})"')
HINT = (
    "Set CLOUDFLARE_API_TOKEN and CLOUDFLARE_ACCOUNT_ID, or run `node_modules/.bin/wrangler login` "
    "(docs/measurements.md says what the token must be allowed)."
)


class WranglerAccount:
    """Asks Cloudflare by `wrangler`, in an empty folder of its own: no wrangler.toml of yours is read."""

    def __init__(self, environment: Mapping[str, str]) -> None:
        path = os.pathsep.join([str(NODE_MODULES / ".bin"), path_with_venv()])
        # CI: wrangler asks nothing, and takes what it was given.
        ours = {"PATH": path, "CI": "true", "NO_COLOR": "1", "WRANGLER_SEND_METRICS": "false"}
        self._environment = {**environment, **ours}

    def check(self) -> None:
        """Raise AccountError, with what to do, where nobody is logged in or the account is not certain."""
        if {"CLOUDFLARE_API_TOKEN", "CLOUDFLARE_ACCOUNT_ID"} <= self._environment.keys():
            return
        try:
            found = json.loads(self._run(("whoami", "--json")))
        except AccountError as error:
            raise AccountError(f"bench-cloud needs a Cloudflare account, and none is logged in. {HINT}") from error
        if len(found["accounts"]) > 1 and "CLOUDFLARE_ACCOUNT_ID" not in self._environment:
            ids = ", ".join(f"{one['id']} ({one['name']})" for one in found["accounts"])
            raise AccountError(f"This login has several accounts. Set CLOUDFLARE_ACCOUNT_ID to one of: {ids}.")

    def create(self, part: Part, name: str) -> str:
        """Make a part and return its id, "" where it has none."""
        found = ID.search(self._run(_named(CREATE[part], name)))
        return found[1] if found else ""

    def deploy(self, folder: Path) -> str:
        """Deploy the Worker of a folder and return its address."""
        told = folder / "deployed.ndjson"
        told.unlink(missing_ok=True)
        secrets = ("--secrets-file", str(folder / "secrets.json"))
        self._run(("deploy", "--config", str(folder / "wrangler.json"), *secrets), WRANGLER_OUTPUT_FILE_PATH=str(told))
        lines = [json.loads(line) for line in told.read_text(encoding="utf-8").splitlines()]
        targets = [target for line in lines if line["type"] == "deploy" for target in line["targets"]]
        addresses = [target for target in targets if "workers.dev" in target]
        if not addresses:
            raise AccountError(f"wrangler deployed to {targets}: the account needs a workers.dev subdomain")
        return addresses[0] if "://" in addresses[0] else f"https://{addresses[0]}"

    def migrate(self, folder: Path) -> None:
        """Apply the folder's migrations to the database."""
        self._run(("d1", "migrations", "apply", "DB", "--remote", "--config", str(folder / "wrangler.json")))

    def remove(self, part: Part, name: str) -> None:
        """Remove a part; raise GoneError where it is not there."""
        self._run(_named(REMOVE[part], name))

    def _run(self, arguments: tuple[str, ...], **environment: str) -> str:
        with tempfile.TemporaryDirectory() as folder, _uninterrupted():
            try:
                done = subprocess.run(
                    ["wrangler", *arguments],
                    cwd=folder,
                    env={**self._environment, **environment},
                    stdin=subprocess.DEVNULL,
                    stdout=subprocess.PIPE,
                    stderr=subprocess.STDOUT,
                    text=True,
                    timeout=COMMAND_SECONDS,
                    start_new_session=True,  # or the terminal's Ctrl-C would reach it
                    check=False,
                )
            except subprocess.TimeoutExpired as error:
                raise AccountError(f"wrangler {' '.join(arguments)}: no end after {COMMAND_SECONDS} s") from error
        if done.returncode != 0:
            kind = GoneError if GONE.search(done.stdout) else AccountError
            raise kind(f"wrangler {' '.join(arguments)}: {_telling(done.stdout)}")
        return done.stdout


@contextmanager
def _uninterrupted() -> Iterator[None]:
    """Let a Ctrl-C wait: a command that is cut short may make its part after everything was removed."""
    before = signal.pthread_sigmask(signal.SIG_BLOCK, {signal.SIGINT, signal.SIGTERM})
    try:
        yield
    finally:
        signal.pthread_sigmask(signal.SIG_SETMASK, before)


def _named(words: tuple[str, ...], name: str) -> tuple[str, ...]:
    return tuple(name if word == "NAME" else word for word in words)


def _telling(output: str) -> str:
    plain = re.sub(r"\x1b\[[\d;]*m", "", output)  # some of its texts are coloured whatever NO_COLOR says
    lines = [line.strip() for line in plain.splitlines() if line.strip()]
    first = next((number for number, line in enumerate(lines) if "ERROR" in line), max(0, len(lines) - 3))
    return " ".join(lines[first : first + 3])
