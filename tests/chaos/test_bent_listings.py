from __future__ import annotations

from tests.chaos.bent_listings import bent_passes


def test_no_listing_that_lies_makes_a_false_verdict_and_every_loss_is_found() -> None:
    outcome = bent_passes(seed=13, passes=160)
    assert outcome.differences == []
