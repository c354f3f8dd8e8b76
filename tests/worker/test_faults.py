"""A fault at a call of the real bindings, with the text of a real error. `make chaos` goes through every call."""

from __future__ import annotations

from collections.abc import Iterator

import pytest

from tests.chaos.gated import TEXTS, Fault, gated, play
from tooling.harness import Harness

SOME = [
    ("manual backfill", Fault(3, TEXTS[0])),
    ("manual backfill", Fault(4, TEXTS[4])),
    ("manual backfill", Fault(5, TEXTS[3], after=True)),
    ("resumed backfill", Fault(2, TEXTS[3])),
    ("resumed backfill", Fault(5, TEXTS[2], after=True)),
    ("tick", Fault(8, TEXTS[3])),
    ("tick", Fault(22, TEXTS[1], after=True)),
    ("tick", Fault(25, TEXTS[2], after=True)),
    ("tick", Fault(34, TEXTS[3], after=True)),
    ("full check", Fault(9, TEXTS[0])),
    ("recovery", Fault(3, TEXTS[3])),
    ("recovery", Fault(36, TEXTS[3], after=True)),
    ("recovery", Fault(58, TEXTS[3], after=True)),
    ("undo", Fault(7, TEXTS[3], after=True)),
    ("dry backfill", Fault(6, TEXTS[3], after=True)),
    ("dry recovery", Fault(20, TEXTS[1])),
]


@pytest.fixture(scope="module")
def harness() -> Iterator[Harness]:
    with gated() as running:
        yield running


@pytest.mark.parametrize(("name", "fault"), SOME)
def test_with_a_fault_at_a_call_the_truth_is_told_and_the_next_call_makes_it_whole(
    harness: Harness, name: str, fault: Fault
) -> None:
    assert play(harness, name, fault).struck
