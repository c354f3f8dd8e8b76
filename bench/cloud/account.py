"""The account as the bench sees it: parts that are made, a Worker that is deployed, and all of it removed again."""

from __future__ import annotations

from enum import StrEnum
from pathlib import Path
from typing import Protocol


class Part(StrEnum):
    """What the bench has in an account, in the order of removal: nothing goes while another part holds on to it.

    A queue cannot be removed while a rule sends to it, a Worker while it consumes (code 10064), a bucket with objects.
    """

    NOTIFICATION = "notification rule"
    CONSUMER = "queue consumer"
    WORKFLOW = "workflow"
    WORKER = "Worker"
    QUEUE = "queue"
    BUCKET = "bucket"
    NAMESPACE = "KV namespace"
    DATABASE = "database"


class AccountError(Exception):
    """The account refused what was asked, or could not be reached."""


class GoneError(AccountError):
    """What should be removed is not there."""


class Account(Protocol):
    """Each part has the bench's own name, so what a run left can be removed by that name alone."""

    def check(self) -> None:
        """Raise AccountError, with what to do, where nobody is logged in or the account is not certain."""

    def create(self, part: Part, name: str) -> str:
        """Make a part and return its id, "" where it has none."""

    def deploy(self, folder: Path) -> str:
        """Deploy the Worker of a folder and return its address."""

    def migrate(self, folder: Path) -> None:
        """Apply the folder's migrations to the database."""

    def remove(self, part: Part, name: str) -> None:
        """Remove a part; raise GoneError where it is not there."""
