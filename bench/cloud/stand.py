"""What one run of the bench has in the account: made under one name of its own, and removed whatever happened.

The name holds 64 random bits, so nothing of yours has it; only names of this form are ever created or removed.
"""

from __future__ import annotations

import json
import re
import secrets
import time
import tomllib
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from bench.cloud.account import Account, AccountError, GoneError, Part
from bench.cloud.package import MAIN
from bench.cloud.site import Site
from tooling.paths import ROOT

NAME = re.compile(r"steward-bench-[0-9a-f]{16}")
EVERY_MINUTE = "* * * * *"
MADE = (Part.DATABASE, Part.NAMESPACE, Part.BUCKET, Part.QUEUE)
TRIES = 6
BETWEEN_TRIES_SECONDS = 10
"""A part may hold on to another for a moment after it was removed, and a new address takes a while to answer."""

BASE = tomllib.loads((ROOT / "wrangler.toml").read_text(encoding="utf-8"))


def new_name() -> str:
    """Return a name nobody has used."""
    return f"steward-bench-{secrets.token_hex(8)}"


def parts() -> set[Part]:
    """Return what this version may have in an account."""
    return set(Part) if "workflow" in engines() else set(Part) - {Part.WORKFLOW}


def engines() -> tuple[str, ...]:
    """Return the engines a pass can have in this version."""
    return ("cron", "workflow") if "workflows" in BASE else ("cron",)


@dataclass
class Stand:
    """The parts of one name, deployed from `folder`; `begun` are those that may be there."""

    account: Account
    name: str
    folder: Path
    say: Callable[[str], None] = print
    sleep: Callable[[float], None] = time.sleep
    connect: Callable[[str, str], Site] = Site
    token: str = field(default_factory=lambda: secrets.token_hex(32))
    begun: set[Part] = field(default_factory=set)
    ids: dict[Part, str] = field(default_factory=dict)
    url: str = ""
    holds_objects: bool = False

    def __post_init__(self) -> None:
        if not NAME.fullmatch(self.name):
            raise AccountError(f"{self.name!r} is not a name this bench gives: it is never touched")

    @property
    def site(self) -> Site:
        """Return the deployed Worker."""
        return self.connect(self.url, self.token)

    def make(self) -> None:
        """Make the parts, deploy the Worker with backfill off, and have the bucket's events announced."""
        for part in MADE:
            self._create(part)
        self._write(self._config({}))
        self.account.migrate(self.folder)
        self.deploy(BACKFILL_MODE="off")
        self._create(Part.NOTIFICATION)

    def deploy(self, **variables: object) -> None:
        """Deploy the Worker, again where it is, with these variables."""
        self.begun |= parts() - set(MADE) - {Part.NOTIFICATION}
        self._write(self._config(variables))
        self.url = self.account.deploy(self.folder)

    def take_over(self) -> None:
        """Take what a run that was killed left: its token is lost, so its Worker is deployed with the bucket alone."""
        self.begun = parts()
        self._write(self._bucket_alone())
        try:
            self.url = self.account.deploy(self.folder)
            self.holds_objects = True
        except AccountError as error:
            self.say(f"the Worker could not be deployed to empty the bucket: {error}")

    def put(self, keys: Sequence[str]) -> None:
        """Store objects; storing one twice is harmless, so what fails is tried again."""
        self.holds_objects = True
        for tried in range(1, TRIES + 1):
            try:
                self.site.bench("put", keys=keys)
            except AccountError:
                if tried == TRIES:
                    raise
                self.sleep(BETWEEN_TRIES_SECONDS)
            else:
                return

    def remove(self) -> dict[Part, str]:
        """Remove every part that may be there; return what could not be, and why."""
        left = dict.fromkeys(sorted(self.begun, key=list(Part).index), "")
        for tried in range(TRIES):
            if tried:
                self.sleep(BETWEEN_TRIES_SECONDS)
            left = self._removed(left)
            if not left:
                break
        return left

    def _removed(self, parts: Mapping[Part, str]) -> dict[Part, str]:
        left: dict[Part, str] = {}
        for part in parts:
            try:
                if part is Part.WORKER:
                    self._empty_bucket()
                self.account.remove(part, self.name)
                self.say(f"removed: {part}")
            except GoneError:
                pass
            except AccountError as error:
                left[part] = str(error)
        return left

    def _empty_bucket(self) -> None:
        """Have the Worker empty the bucket, which nothing else can: so it stays until it has."""
        while self.holds_objects:
            self.holds_objects = self.site.bench("empty")["left"]

    def _create(self, part: Part) -> None:
        self.begun.add(part)
        self.say(f"making: {part}")
        self.ids[part] = self.account.create(part, self.name)

    def _write(self, config: Mapping[str, object]) -> None:
        (self.folder / "wrangler.json").write_text(json.dumps(config), encoding="utf-8")
        (self.folder / "secrets.json").write_text(json.dumps({"STEWARD_TOKEN": self.token}), encoding="utf-8")

    def _bucket_alone(self) -> dict[str, Any]:
        return {
            **{name: BASE[name] for name in ("compatibility_date", "compatibility_flags")},
            "name": self.name,
            "main": MAIN,
            "workers_dev": True,
            "r2_buckets": [{"binding": "ARTIFACTS", "bucket_name": self.name}],
        }

    def _config(self, variables: Mapping[str, object]) -> dict[str, Any]:
        [database] = BASE["d1_databases"]
        config = self._bucket_alone() | {
            "vars": BASE["vars"] | variables,
            "triggers": {"crons": [EVERY_MINUTE]},
            "d1_databases": [database | {"database_name": self.name, "database_id": self.ids[Part.DATABASE]}],
            "kv_namespaces": [{"binding": "STATE", "id": self.ids[Part.NAMESPACE]}],
            "queues": {"consumers": [{"queue": self.name, "max_batch_timeout": 1}]},
        }
        if "workflow" in engines():
            config["workflows"] = [one | {"name": self.name} for one in BASE["workflows"]]
        return config
