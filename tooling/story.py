"""Tell a story of numbered steps, in which every claim is checked when it is printed."""

from collections.abc import Iterable, Sequence
from typing import Any

from tooling.table import number, table

_SHOWN = 5


class ClaimFailedError(Exception):
    """A claim of the story is not true."""


class Story:
    """Prints the steps; the first claim that is not true ends it."""

    def __init__(self) -> None:
        self.steps = 0
        self.claims = 0

    def step(self, title: str) -> None:
        """Begin a step."""
        self.steps += 1
        print(f"\n{self.steps}. {title}\n", flush=True)

    def say(self, text: str) -> None:
        """Print a line of the step."""
        print(f"   {text}", flush=True)

    def show(self, heads: Sequence[str], rows: Iterable[Sequence[object]]) -> None:
        """Print a table of the step."""
        print("\n" + table(heads, rows, indent="       ") + "\n", flush=True)

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
