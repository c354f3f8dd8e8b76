from __future__ import annotations

import asyncio

import pytest

from errors import ConstraintError, OverloadedError, PlatformError, StewardError, TransientError
from runs.retry import ATTEMPTS, FIRST_PAUSE_SECONDS, retried
from tests.support.fakes import ManualClock


class Flaky:
    """A call that fails a few times first."""

    def __init__(self, failures: int, error: StewardError) -> None:
        self.failures, self.error, self.calls = failures, error, 0

    async def __call__(self) -> str:
        self.calls += 1
        if self.calls <= self.failures:
            raise self.error
        return "done"


@pytest.mark.parametrize("failures", range(ATTEMPTS))
def test_a_failure_that_passes_is_not_seen_by_the_caller(failures: int) -> None:
    clock, call = ManualClock(), Flaky(failures, TransientError("blip"))
    assert asyncio.run(retried(clock, call)) == "done"
    assert call.calls == failures + 1
    assert len(clock.slept) == failures


def test_a_failure_that_does_not_pass_is_raised_after_the_last_attempt() -> None:
    clock, call = ManualClock(), Flaky(99, TransientError("blip"))
    with pytest.raises(TransientError, match="blip"):
        asyncio.run(retried(clock, call))
    assert call.calls == ATTEMPTS
    assert len(clock.slept) == ATTEMPTS - 1


def test_each_pause_is_about_twice_the_one_before() -> None:
    clock = ManualClock()
    asyncio.run(retried(clock, Flaky(ATTEMPTS - 1, TransientError("blip"))))
    for attempt, pause in enumerate(clock.slept):
        middle = FIRST_PAUSE_SECONDS * 2**attempt
        assert middle / 2 <= pause <= middle * 1.5


@pytest.mark.parametrize("kind", [OverloadedError, ConstraintError, PlatformError])
def test_any_other_failure_is_raised_at_once(kind: type[StewardError]) -> None:
    clock, call = ManualClock(), Flaky(1, kind("no"))
    with pytest.raises(kind):
        asyncio.run(retried(clock, call))
    assert (call.calls, clock.slept) == (1, [])
