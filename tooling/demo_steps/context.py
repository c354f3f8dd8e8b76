"""What the steps share: the Worker, its sample, and what one step leaves for the next."""

import shutil
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field, replace
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


@contextmanager
def on_a_copy(demo: Demo, **variables: object) -> Iterator[Steward]:
    """Lend a Worker on a copy of the state, with other variables where given, and throw the copy away."""
    original = demo.harness
    copy = original.state.with_name(original.state.name + "-copy")
    original.stop()
    shutil.copytree(original.state, copy)
    original.start()
    config = replace(original.config, vars={**original.config.vars, **variables})
    try:
        with Harness(config, state=copy) as harness:
            yield Steward(harness, demo.steward.token)
    finally:
        shutil.rmtree(copy, ignore_errors=True)
    demo.transcript.true("the copy is thrown away", not copy.exists())


def until(call: Callable[[], dict[str, Any]], flag: str) -> list[dict[str, Any]]:
    """Call again and again until the answer's flag is set, and return the answers."""
    answers: list[dict[str, Any]] = []
    while not (answers and answers[-1][flag]) and len(answers) < MOST_CALLS:
        answers.append(call())
    return answers
