"""Hold the measured figures against the numbers of the design, and keep both."""

from __future__ import annotations

from dataclasses import dataclass, field

from tooling.table import table


@dataclass
class Results:
    """What was measured so far, and what of it does not hold."""

    figures: dict[str, object] = field(default_factory=dict)
    held: list[tuple[str, str, str, str]] = field(default_factory=list)

    def keep(self, name: str, figures: object) -> None:
        """Keep figures under a name for `results.json`."""
        self.figures[name] = figures

    def hold(self, what: str, found: object, wanted: str, *, holds: bool) -> None:
        """Keep a promise and whether it holds."""
        self.held.append((what, str(found), wanted, "PASS" if holds else "FAIL"))
        print(f"  {'PASS' if holds else 'FAIL'}  {what}: {found} (to hold: {wanted})")

    @property
    def failed(self) -> bool:
        """Whether any promise does not hold."""
        return any(verdict == "FAIL" for *_, verdict in self.held)

    def summary(self) -> str:
        """Return the promises as a table."""
        return table(("promise", "measured", "to hold", ""), self.held)
