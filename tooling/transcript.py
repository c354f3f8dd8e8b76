"""Print numbered steps, in which every claim is checked when it is printed."""

from collections.abc import Iterable, Sequence
from typing import Any

from tooling.table import number, table

_SHOWN = 5


class ClaimFailedError(Exception):
    """A claim of the transcript is not true."""


class Transcript:
    """Prints the steps; the first claim that is not true ends it."""

    def __init__(self) -> None:
        self.steps = 0
        self.claims = 0
        self._after_blank = False

    def step(self, title: str) -> None:
        """Begin a step."""
        self.steps += 1
        self._blank()
        print(f"{self.steps}. {title}")
        self._after_blank = False
        self._blank()

    def say(self, text: str) -> None:
        """Print a line of the step."""
        print(f"   {text}", flush=True)
        self._after_blank = False

    def show(self, heads: Sequence[str], rows: Iterable[Sequence[object]]) -> None:
        """Print a table of the step."""
        self._blank()
        print(table(heads, rows, indent="       "))
        self._after_blank = False
        self._blank()

    def _blank(self) -> None:
        """Print an empty line, but never two."""
        if not self._after_blank:
            print(flush=True)
        self._after_blank = True

    def holds(self, claim: str, wrong: Sequence[str]) -> None:
        """Print the claim if nothing is wrong with it; raises ClaimFailedError otherwise."""
        if wrong:
            more = f" (and {number(len(wrong) - _SHOWN)} more)" if len(wrong) > _SHOWN else ""
            raise ClaimFailedError(f"{claim}: {'; '.join(wrong[:_SHOWN])}{more}")
        self.claims += 1
        self.say(f"ok  {claim}")

    def equal(self, claim: str, found: Any, expected: Any) -> None:  # noqa: ANN401  # whatever can be compared
        """Claim that two values are equal."""
        self.holds(claim, [] if found == expected else [f"expected {expected!r}, found {found!r}"])

    def true(self, claim: str, fact: object) -> None:
        """Claim a fact."""
        self.holds(claim, [] if fact else ["it is not so"])
