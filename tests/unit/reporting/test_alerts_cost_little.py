"""A receiver that refuses everything costs a tick a post an alert and hardly any time."""

from __future__ import annotations

import pytest

from tests.unit.reporting.test_alerts_refused import Receiver, refused, ticked, with_alerts


@pytest.mark.parametrize("status", [400, 401, 403, 404, 410, 429, 500, 503])
def test_five_hundred_refused_alerts_cost_a_tick_a_post_each_and_four_seconds(status: int) -> None:
    world, receiver = with_alerts(500), refused(500, status)
    world.clock.slept.clear()
    for number in range(1, 5):
        ticked(world, receiver)
        assert len(receiver.posts) <= 24 * number
        assert sum(world.clock.slept) <= 4 * number


def test_after_one_that_is_taken_the_next_get_their_three_tries_again() -> None:
    world, receiver = with_alerts(9), Receiver(lambda run: 200 if run == 4 else 500)
    ticked(world, receiver)
    assert [receiver.posts.count(run) for run in range(1, 10)] == [3, 3, 1, 1, 3, 3, 1, 1, 1]


def test_a_receiver_that_refuses_slowly_has_no_more_than_some_seconds_of_a_tick() -> None:
    world = with_alerts(500)

    def slowly(_run: int) -> int:
        world.clock.advance(seconds=3)
        return 403

    receiver = Receiver(slowly)
    ticked(world, receiver)
    assert receiver.posts == [1, 2, 3, 4]
    world.clock.advance(hours=1)
    assert ticked(world, refused(0))["sent"] == 20
