"""`make run` and `make demo` as programs: their options, their state, and how they end."""

import signal
import socket
import stat
from pathlib import Path

import pytest

from tooling import demo, run
from tooling.reports import check_table
from tooling.table import table
from tooling.transcript import ClaimFailedError, Transcript


@pytest.fixture(autouse=True)
def _signals_stay(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(signal, "signal", lambda *_: None)


@pytest.mark.parametrize(
    ("arguments", "words"),
    [
        (["--port", "0"], "'0' is not a port"),
        (["--port", "x"], "'x' is not a port"),
        (["--port", "65536"], "'65536' is not a port"),
        (["--files", "/nowhere"], "there is no folder '/nowhere'"),
        (["--sample", "yes"], "invalid choice: 'yes'"),
        (["--tick-every", "often"], "'often' is not a time"),
        (["--tick-every", "86401"], "'86401' is not a time"),
    ],
)
def test_a_wrong_option_is_named(arguments: list[str], words: str, capsys: pytest.CaptureFixture[str]) -> None:
    with pytest.raises(SystemExit):
        run.read_options(arguments)
    assert words in capsys.readouterr().err


def test_a_port_in_use_is_refused(capsys: pytest.CaptureFixture[str], tmp_path: Path) -> None:
    with socket.socket() as other:
        other.bind((run.HOST, 0))
        other.listen()
        port = other.getsockname()[1]
        assert run.main(["--port", str(port), "--state", str(tmp_path / "state")]) == 1
    assert f"port {port} cannot be used" in capsys.readouterr().err
    assert not (tmp_path / "state").exists()


def test_files_on_an_existing_state_are_refused(capsys: pytest.CaptureFixture[str], tmp_path: Path) -> None:
    (tmp_path / "d1").mkdir()
    assert run.main(["--port", str(_free_port()), "--state", str(tmp_path), "--files", str(tmp_path)]) == 1
    assert "FILES fills a new state" in capsys.readouterr().err


def _free_port() -> int:
    with socket.socket() as probe:
        probe.bind((run.HOST, 0))
        return int(probe.getsockname()[1])


def test_the_token_survives_and_is_private(tmp_path: Path) -> None:
    state = tmp_path / "state"
    token = run.read_token(state)
    assert run.read_token(state) == token
    assert stat.S_IMODE((state / "token").stat().st_mode) == 0o600


def test_a_state_with_only_a_token_is_new(tmp_path: Path) -> None:
    state = tmp_path / "state"
    assert run.is_new(state)
    run.read_token(state)
    assert run.is_new(state)
    (state / "v3").mkdir()
    assert not run.is_new(state)


def test_an_interrupted_sample_is_made_anew(tmp_path: Path) -> None:
    (tmp_path / "v3").mkdir()
    (tmp_path / "sample-unfinished").touch()
    assert run.is_new(tmp_path)
    assert not tmp_path.exists()


def test_a_state_that_is_a_file_is_refused(tmp_path: Path) -> None:
    (tmp_path / "state").touch()
    with pytest.raises(run.RunError, match="is a file"):
        run.is_new(tmp_path / "state")


def test_the_demo_fails_with_the_claim_that_is_not_true(capsys: pytest.CaptureFixture[str]) -> None:
    def lie(story: Transcript, state: Path) -> None:
        assert state.parent.is_dir()
        story.step("a lie")
        story.equal("one is two", 1, 2)

    assert demo.main(lie) == 1
    assert capsys.readouterr().out.splitlines()[-1] == "demo: FAILED: step 1: one is two: expected 2, found 1"


def test_the_demo_ends_with_ok(capsys: pytest.CaptureFixture[str]) -> None:
    assert demo.main(lambda story, _: story.equal("one is one", 1, 1)) == 0
    assert capsys.readouterr().out.splitlines()[-1] == "demo: ok"


def test_an_interrupted_demo_is_no_success() -> None:
    def interrupted(_story: Transcript, _state: Path) -> None:
        raise KeyboardInterrupt

    assert demo.main(interrupted) == demo.INTERRUPTED


def test_a_claim_that_fails_is_an_error_of_its_own() -> None:
    with pytest.raises(ClaimFailedError):
        Transcript().holds("it", ["is wrong"])


def test_tables_align_numbers_right_and_words_left() -> None:
    lines = table(("name", "rows"), [("a", 1), ("bcdef", 12345)], indent="").splitlines()
    assert lines == ["name     rows", "-----  ------", "a           1", "bcdef  12,345"]
    assert table(("name",), [], indent="").splitlines() == ["name", "----"]


def test_a_tick_s_verdicts_have_fewer_columns_than_a_check_s() -> None:
    verdict = {"name": "one", "outcome": "not_checked", "violations": None, "method": "scan"}
    assert check_table([verdict]) == (
        ("invariant", "outcome", "violations", "method"),
        [("one", "not_checked", None, "scan")],
    )


def test_a_firing_of_the_local_cron_prints_its_run_and_a_failed_one_ends_nothing(
    capsys: pytest.CaptureFixture[str],
) -> None:
    class Harness:
        """A harness whose ticks fail."""

        def scheduled(self) -> str:
            return "exception"

    class Steward:
        """A Worker whose last tick failed."""

        harness = Harness()

        def last_tick(self) -> dict[str, object]:
            return {"id": 7, "status": "failed", "error": "backfill: D1 is away"}

    run.fire_once(Steward())
    told = capsys.readouterr().out
    assert told == "run: cron fired: run 7 failed, outcome exception: backfill: D1 is away\n"
