"""The cloud bench leaves nothing in an account, whatever fails when, and its figures are what the Worker found."""

from __future__ import annotations

import asyncio
from collections.abc import Iterator
from pathlib import Path

import pytest

from bench.cloud.__main__ import INTERRUPTED, clean, run
from bench.cloud.account import AccountError, Part
from bench.cloud.inside import timed, until_refused
from bench.cloud.measure import BATCHED, counts_as
from bench.cloud.package import packed
from bench.cloud.stand import BETWEEN_TRIES_SECONDS, Stand, engines, new_name
from tests.support.cloud_account import MemoryAccount, MemoryWorker

OBJECTS = 1500
REMOVAL = f"before remove {Part.NOTIFICATION}"


class Trouble:
    """Counts what is done to the account, and raises once at the chosen one."""

    def __init__(self, at: int | None = None, error: type[BaseException] = AccountError) -> None:
        self.seen: list[str] = []
        self._at, self._error = at, error

    def __call__(self, what: str) -> None:
        """Count it, or raise."""
        self.seen.append(what)
        if len(self.seen) - 1 == self._at:
            raise self._error(f"trouble at {what}")


class Played:
    """A run on an account in memory, and what it said."""

    def __init__(self, folder: Path, trouble: Trouble) -> None:
        self.account = MemoryAccount(trouble)
        self.said: list[str] = []
        self.slept: list[float] = []
        self._folder = folder
        self.stand = self._stand(new_name())
        self.code = run(self.stand, OBJECTS, engines())

    def cleaned(self) -> int:
        """Clean up as another process would: with nothing but the name."""
        return clean(self._stand(self.stand.name))

    def _stand(self, name: str) -> Stand:
        return Stand(
            self.account,
            name,
            self._folder,
            say=self.said.append,
            sleep=self.slept.append,
            connect=lambda url, token: MemoryWorker(url, token, self.account),
        )


@pytest.fixture(scope="module")
def folder() -> Iterator[Path]:
    with packed() as found:
        yield found


@pytest.fixture(scope="module")
def calls(folder: Path) -> list[str]:
    """Return every call to the account and its Worker of a run that nothing troubles."""
    trouble = Trouble()
    Played(folder, trouble)
    return trouble.seen


def test_a_run_measures_and_leaves_nothing(folder: Path) -> None:
    trouble = Trouble()
    played = Played(folder, trouble)
    assert (played.code, played.account.parts, played.account.keys) == (0, set(), set())
    assert BETWEEN_TRIES_SECONDS not in played.slept  # the order of removal is right at the first try
    made = {what.removeprefix("after create ") for what in trouble.seen if what.startswith("after create ")}
    assert made == {*map(str, (Part.DATABASE, Part.NAMESPACE, Part.BUCKET, Part.QUEUE, Part.NOTIFICATION))}
    [table] = [text for text in played.said if text.startswith("what ")]
    rows = [" ".join(line.split()) for line in table.splitlines()]
    assert "R2 list of 1,000 6 at once 200.0 ms each, 3.0 a second" in rows
    assert "event → consumer 20 of 20 8.00 s, longest 8.00 s" in rows
    assert "a pass by cron 1 runs 8.0 s, 190 objects a second of work" in rows


def test_a_failure_at_any_call_leaves_nothing_in_the_account(folder: Path, calls: list[str]) -> None:
    for at, what in enumerate(calls):
        played = Played(folder, Trouble(at))
        assert (what, played.account.parts) == (what, set())
        # A new address is asked again, an object stored again, and so is what could not be removed.
        again = what in ("POST /bench/ready", "POST /bench/put") or at >= calls.index(REMOVAL)
        assert (what, played.code) == (what, 0 if again else 1)


def test_ctrl_c_at_any_call_leaves_nothing_or_says_how_to_remove_it(folder: Path, calls: list[str]) -> None:
    for at, what in enumerate(calls):
        played = Played(folder, Trouble(at, KeyboardInterrupt))
        assert (what, played.code) == (what, INTERRUPTED)
        if at < calls.index(REMOVAL):
            assert (what, played.account.parts) == (what, set())
        else:
            assert played.said[-1].endswith(f"make bench-cloud ARGS='--clean {played.stand.name}'")
        assert (what, played.cleaned()) == (what, 0)
        assert (what, played.account.parts, played.account.keys) == (what, set(), set())


def test_what_cannot_be_removed_is_named_and_a_later_cleaning_removes_it(folder: Path) -> None:
    class Refused(Trouble):
        gone = False

        def __call__(self, what: str) -> None:
            if what == f"before remove {Part.BUCKET}" and not self.gone:
                raise AccountError("a lock")

    trouble = Refused()
    played = Played(folder, trouble)
    assert played.code == 1
    assert played.account.parts == {(Part.BUCKET, played.stand.name)}
    assert f"LEFT: bucket {played.stand.name}: a lock" in played.said
    trouble.gone = True
    assert played.cleaned() == 0
    assert played.account.parts == set()


def test_the_worker_stays_until_it_has_emptied_the_bucket(folder: Path) -> None:
    class Unreachable(Trouble):
        def __call__(self, what: str) -> None:
            if what == "POST /bench/empty":
                raise AccountError("no route")

    played = Played(folder, Unreachable())
    left = {part for part, _ in played.account.parts}
    assert (played.code, left) == (1, {Part.WORKER, Part.BUCKET})


@pytest.mark.parametrize("name", ["artifact-steward", "", "steward-bench-", "steward-bench-0123456789abcdef-x"])
def test_a_name_that_the_bench_did_not_give_is_never_touched(name: str) -> None:
    with pytest.raises(AccountError, match="never touched"):
        Stand(MemoryAccount(), name, Path())


def test_the_deployed_worker_has_nothing_of_anyones_configuration(folder: Path) -> None:
    played = Played(folder, Trouble())
    [first, *_] = played.account.deployed
    text = str(first)
    assert "artifact-steward" not in text
    assert (first["name"], first["vars"]["BACKFILL_MODE"]) == (played.stand.name, "off")


NOT_REFUSED = {"statements": BATCHED, "refused": None}


@pytest.mark.parametrize(
    ("singles", "batches", "said"),
    [
        ({"statements": 1000, "refused": "too many"}, NOT_REFUSED, "one query"),
        ({"statements": 1000, "refused": "too many"}, {"statements": 1000, "refused": "too many"}, "N queries"),
        ({"statements": 50, "refused": "too many"}, {"statements": 0, "refused": "too many"}, "N queries"),
        ({"statements": 50, "refused": "too many"}, {"statements": 900, "refused": "reset"}, "one query"),
        ({"statements": 1100, "refused": None}, NOT_REFUSED, "not known: single statements were not refused"),
    ],
)
def test_how_a_batch_counts_follows_from_where_each_probe_ended(
    singles: dict[str, object], batches: dict[str, object], said: str
) -> None:
    assert counts_as(singles, batches) == said


def test_a_probe_ends_where_the_platform_refuses() -> None:
    ran = 0

    async def run_batch(size: int) -> None:
        nonlocal ran
        if ran + size > 50:
            raise RuntimeError("Too many queries")
        ran += size

    found = asyncio.run(until_refused(run_batch, 20, 1000))
    assert found == {"statements": 40, "batches": 2, "refused": "Too many queries"}
    assert asyncio.run(until_refused(run_batch, 1, 5))["refused"] is None


def test_lanes_run_at_once_and_each_call_is_timed() -> None:
    running, most = 0, 0

    async def call() -> None:
        nonlocal running, most
        running += 1
        most = max(most, running)
        await asyncio.sleep(0.01)
        running -= 1

    found = asyncio.run(timed([call] * 3, 2))
    each = found["each_ms"]
    assert most == 3
    assert isinstance(each, list)
    assert len(each) == 6
    assert min(each) >= 9
