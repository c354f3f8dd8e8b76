"""Accounts for the cloud bench: one that only remembers and can fail at any call, and one whose Worker really runs."""

from __future__ import annotations

import json
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from typing import Any
from uuid import uuid4

from bench.cloud.account import AccountError, GoneError, Part
from bench.cloud.site import Site
from bench.cloud.wrangler import EVENTS
from tooling.harness import Config, Harness

HELD_BY = {
    Part.QUEUE: (Part.NOTIFICATION, Part.CONSUMER),
    Part.WORKER: (Part.CONSUMER,),
    Part.BUCKET: (Part.NOTIFICATION,),
}
"""Which part keeps which from being removed, as in a real account."""


class MemoryAccount:
    """Keeps parts in a set. `trouble` is called before and after each change, and may raise."""

    def __init__(self, trouble: Callable[[str], None] = lambda _: None) -> None:
        self.parts: set[tuple[Part, str]] = set()
        self.keys: set[str] = set()
        self.deployed: list[dict[str, Any]] = []
        self.token = ""
        self.trouble = trouble

    def check(self) -> None:
        """Somebody is always logged in."""

    def create(self, part: Part, name: str) -> str:
        """Remember a part; a second one of the name is refused."""
        self.trouble(f"before create {part}")
        if (part, name) in self.parts:
            raise AccountError(f"there is a {part} {name}")
        self.parts.add((part, name))
        self.trouble(f"after create {part}")
        return str(uuid4())

    def deploy(self, folder: Path) -> str:
        """Remember a Worker and what its configuration ties it to."""
        self.trouble("before deploy")
        config = json.loads((folder / "wrangler.json").read_text())
        name = config["name"]
        if (Part.BUCKET, name) not in self.parts:
            raise AccountError(f"there is no bucket {name}")
        self.parts.add((Part.WORKER, name))
        self.parts |= {(Part.CONSUMER, name) for _ in config.get("queues", {}).get("consumers", [])}
        self.parts |= {(Part.WORKFLOW, name) for _ in config.get("workflows", [])}
        self.deployed.append(config)
        self.token = json.loads((folder / "secrets.json").read_text())["STEWARD_TOKEN"]
        self.trouble("after deploy")
        return "https://worker.example"

    def migrate(self, folder: Path) -> None:
        """Look that there are migrations."""
        self.trouble("before migrate")
        assert list((folder / "src" / "sql" / "migrations").glob("*.sql"))

    def is_empty(self) -> bool:
        """Tell whether the bucket is."""
        return not self.keys

    def remove(self, part: Part, name: str) -> None:
        """Forget a part, unless another holds on to it."""
        self.trouble(f"before remove {part}")
        if (part, name) not in self.parts:
            raise GoneError(f"there is no {part} {name}")
        held = [one for one in HELD_BY.get(part, ()) if (one, name) in self.parts]
        if held or (part is Part.BUCKET and not self.is_empty()):
            raise AccountError(f"the {part} is in use: {held or 'objects'}")
        self.parts.remove((part, name))
        self.trouble(f"after remove {part}")


class LocalAccount(MemoryAccount):
    """Runs what is deployed on the real runtime of this machine; the state lives as long as the account."""

    def __init__(self, state: Path) -> None:
        super().__init__()
        self.harness = Harness(state=state)

    def is_empty(self) -> bool:
        """Tell whether the local bucket is."""
        return not self.harness.r2_list()

    def deploy(self, folder: Path) -> str:
        """Start the folder's Worker in place of the one before."""
        super().deploy(folder)
        self.harness.restart(Config(vars={"STEWARD_TOKEN": self.token}, wrangler_toml=folder / "wrangler.json"))
        self.harness.apply_migrations()  # here, since a database of this machine needs the runtime
        return self.harness.url


@dataclass(frozen=True)
class MemoryWorker(Site):
    """The bench's Worker as its routes look from outside, over the bucket of a `MemoryAccount`."""

    account: MemoryAccount

    def ask(self, method: str, path: str, body: object = None) -> Any:  # noqa: ANN401  # as JSON has it
        """Answer, to the token that was deployed, while a Worker is there."""
        self.account.trouble(f"{method} {path}")
        if self.token != self.account.token or not any(part is Part.WORKER for part, _ in self.account.parts):
            raise AccountError(f"{path} answered 401")
        return ANSWERS[path.partition("?")[0]](self.account.keys, body if isinstance(body, dict) else {})


Given = dict[str, Any]
TIMES = {"seconds": 1.0, "each_ms": [100.0, 300.0, 200.0]}
START, END = "2026-11-29T10:00:00.000Z", "2026-11-29T10:00:08.000Z"


def _put(keys: set[str], body: Given) -> object:
    keys.update(body["keys"])
    return {}


def _empty(keys: set[str], _body: Given) -> object:
    keys.difference_update(sorted(keys)[:1000])
    return {"left": bool(keys)}


def _events(keys: set[str], _body: Given) -> object:
    times = {"event_time": START, "seen_at": END}
    return [{"key": key, **times} for key in sorted(keys) if key.startswith(EVENTS)]


def _summary(keys: set[str], _body: Given) -> object:
    counts = {"scanned": len(keys)}
    return {"passes": [{"state": "complete", "pass_started_at": START, "completed_at": END, "counts": counts}]}


ANSWERS: dict[str, Callable[[set[str], Given], object]] = {
    "/bench/ready": lambda *_: {"served_by_region": "WEUR", "served_by_colo": "AMS"},
    "/bench/put": _put,
    "/bench/empty": _empty,
    "/bench/lists": lambda *_: TIMES,
    "/bench/batches": lambda *_: TIMES,
    "/bench/counted": lambda _, body: {"statements": body["most"], "batches": 12, "refused": None},
    "/bench/events": _events,
    "/bench/forget": lambda *_: {},
    "/rules": lambda *_: {},
    "/summary": _summary,
    "/runs": lambda *_: {"runs": [{"counts": {"scanned": 1}, "started_at": START, "finished_at": END}]},
}
