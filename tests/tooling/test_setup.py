"""Set-up: each step is done once, again when its inputs change, and explained when it fails."""

import sys
from dataclasses import replace
from pathlib import Path

import pytest

from tooling.setup import SetupError, Step, run_all

COUNT = "import sys; out = open(sys.argv[1], 'a'); out.write('x')"


@pytest.fixture
def step(tmp_path: Path) -> Step:
    (tmp_path / "lock").write_text("one")
    return Step(
        name="tools",
        what="the tools",
        program=sys.executable,
        arguments=("-c", COUNT, str(tmp_path / "out")),
        inputs=(tmp_path / "lock",),
        output=tmp_path / "out",
        hint="It needs a registry",
        stamps=tmp_path / "stamps",
    )


def python(step: Step, code: str) -> Step:
    return replace(step, arguments=("-c", code))


def test_a_done_step_is_not_repeated(step: Step) -> None:
    run_all([step])
    run_all([step])
    assert step.output.read_text() == "x"


def test_a_changed_input_repeats_the_step(step: Step) -> None:
    run_all([step])
    step.inputs[0].write_text("two")
    run_all([step])
    assert step.output.read_text() == "xx"


def test_a_lost_output_repeats_the_step(step: Step) -> None:
    run_all([step])
    step.output.unlink()
    run_all([step])
    assert step.output.read_text() == "x"


def test_a_changed_step_repeats_those_after_it(step: Step, tmp_path: Path) -> None:
    output = tmp_path / "later"
    later = replace(step, name="later", inputs=(), output=output, arguments=("-c", COUNT, str(output)))
    run_all([step, later])
    step.inputs[0].write_text("two")
    run_all([step, later])
    assert later.output.read_text() == "xx"


def test_an_interrupted_step_is_done_again(step: Step) -> None:
    run_all([step])
    step.inputs[0].write_text("two")
    with pytest.raises(SetupError):
        run_all([python(step, "raise SystemExit(1)")])
    run_all([step])
    assert step.output.read_text() == "xx"


def test_a_failure_says_what_failed_what_to_do_and_why(step: Step) -> None:
    with pytest.raises(SetupError) as failed:
        run_all([python(step, "print('error: no such package'); raise SystemExit(1)")])
    assert str(failed.value).startswith("the tools failed: It needs a registry")
    assert "| error: no such package" in str(failed.value)


def test_an_unreachable_registry_is_called_that(step: Step) -> None:
    with pytest.raises(SetupError, match="the package registry cannot be reached"):
        run_all([python(step, "print('npm error code ENOTFOUND'); raise SystemExit(1)")])


def test_a_missing_program_is_named(step: Step) -> None:
    with pytest.raises(SetupError, match="/no/such/npm: No such file"):
        run_all([replace(step, program="/no/such/npm")])
