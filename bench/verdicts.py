"""Hold the measured figures against the numbers of the design, and keep both."""

from __future__ import annotations

from dataclasses import dataclass, field

from bench.rounds import ROUNDS
from tooling.table import table

TOO_FEW = "too few rounds to hold anything"


@dataclass
class Results:
    """What one part measured, and what of it does not hold. A verdict on times needs `ROUNDS` rounds."""

    rounds: int = ROUNDS
    figures: dict[str, object] = field(default_factory=dict)
    held: list[tuple[str, str, str, str]] = field(default_factory=list)

    def keep(self, name: str, figures: object) -> None:
        """Keep figures under a name for `results.json`."""
        self.figures[name] = figures

    def hold(self, what: str, found: object, wanted: str, *, holds: bool) -> None:
        """Keep a promise and whether it holds."""
        self._note(what, found, wanted, "PASS" if holds else "FAIL")

    def hold_timed(self, what: str, found: object, wanted: str, *, holds: bool) -> None:
        """Keep a promise about times: with fewer rounds than it takes, it is neither kept nor broken."""
        verdict = "PASS" if holds else "FAIL"
        self._note(what, found, wanted, verdict if self.rounds >= ROUNDS else TOO_FEW)

    @property
    def failed(self) -> bool:
        """Whether any promise does not hold."""
        return any(verdict == "FAIL" for *_, verdict in self.held)

    def report(self) -> list[dict[str, str]]:
        """Return the promises for `results.json`."""
        return [dict(zip(("promise", "measured", "to_hold", "verdict"), row, strict=True)) for row in self.held]

    def _note(self, what: str, found: object, wanted: str, verdict: str) -> None:
        self.held.append((what, str(found), wanted, verdict))
        print(f"  {verdict}  {what}: {found} (to hold: {wanted})")


def summary(held: list[tuple[str, str, str, str]]) -> str:
    """Return promises as a table."""
    return table(("promise", "measured", "to hold", ""), held)
