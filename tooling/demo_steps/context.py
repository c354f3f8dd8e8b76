"""What the steps share: the Worker, its sample, and what one step leaves for the next."""

from collections.abc import Callable
from dataclasses import dataclass, field
from typing import Any

from tooling import promises
from tooling.client import Steward
from tooling.harness import Harness
from tooling.observer import Observer, Picture
from tooling.sample import Sample
from tooling.transcript import Transcript
from tooling.trees import Files

REFUSED = 409
EVERYTHING = 1_000_000
MOST_CALLS = 50
"""More calls than any step can need: beyond it, something goes round in circles."""


@dataclass
class Demo:
    """The Worker of the demo, its sample, and what one step leaves for the next."""

    transcript: Transcript
    steward: Steward
    observer: Observer
    sample: Sample
    files: Files
    dirty: Picture = field(default_factory=lambda: Picture({}, {}))
    """The database before recovery."""
    clean: Picture = field(default_factory=lambda: Picture({}, {}))
    """The database before backfill."""
    slice_size: int = EVERYTHING
    """Objects per slice of the backfill, by hand and by tick."""
    recoveries: list[dict[str, Any]] = field(default_factory=list)

    @property
    def harness(self) -> Harness:
        """The running Worker."""
        return self.steward.harness

    def backfill(self, **request: object) -> dict[str, Any]:
        """Do one backfill and check that its counts add up."""
        report = self.steward.post("/backfill", **request)
        wrong = promises.adds_up(report)
        if wrong:
            self.transcript.holds("the counts of a backfill add up", wrong)
        return report


def until(call: Callable[[], dict[str, Any]], flag: str) -> list[dict[str, Any]]:
    """Call again and again until the answer's flag is set, and return the answers."""
    answers: list[dict[str, Any]] = []
    while not (answers and answers[-1][flag]) and len(answers) < MOST_CALLS:
        answers.append(call())
    return answers
