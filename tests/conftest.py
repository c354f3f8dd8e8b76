"""Two processes share the suite, file by file: what needs a runtime comes first, pure tests fill the end.

`make test` starts them (pytest-xdist). Files that share a runtime go to one process, so that it starts once. Without
xdist, tests run one after the other as ever.
"""

from __future__ import annotations

import signal
from functools import cache
from pathlib import Path

import pytest
from xdist.scheduler import LoadFileScheduling  # type: ignore[import-untyped]  # it carries no types

from tests.support import left_out, shapes

HERE = Path(__file__).parent
FIRST = ("worker", "chaos", "contract", "browser", "cli", "unit/plans", "unit/recovery", "unit/backfill")
"""Folders whose files take longest."""
SHARED = ("tests/worker/", "tests/contract/", "tests/browser/")
"""Folders whose files share one runtime, or one browser."""
_ALONE = ("alerts", "bench_cloud", "chaos", "configuration", "events", "faults", "flow", "free_plan", "real_schemas")
OWN = tuple(f"tests/worker/test_{name}.py" for name in _ALONE)
"""Files there that have one of their own, and none of the others'."""


class ByRuntime(LoadFileScheduling):  # type: ignore[misc]  # it carries no types
    """Hands out file by file, but together what shares a runtime."""

    def _split_scope(self, nodeid: str) -> str:
        file = nodeid.partition("::")[0]
        return next((folder for folder in SHARED if file.startswith(folder) and file not in OWN), file)


@pytest.hookimpl(optionalhook=True)
def pytest_xdist_make_scheduler(config: pytest.Config, log: object) -> ByRuntime | None:
    """Share the tests out so where files are handed out (`--dist loadfile`)."""
    return ByRuntime(config, log) if config.getoption("dist") == "loadfile" else None


def pytest_addoption(parser: pytest.Parser) -> None:
    """Let the suites run over databases of other names."""
    help_text = "the names that the databases of the unit tests have (tests/support/shapes.py)"
    parser.addoption("--shape", choices=list(shapes.SHAPES), default="canonical", help=help_text)


def pytest_configure(config: pytest.Config) -> None:
    """Choose the names; and let what tests start be interrupted: execnet's processes ignore Ctrl-C and hand that on."""
    shapes.choose(config.getoption("--shape"))
    if hasattr(config, "workerinput"):
        signal.signal(signal.SIGINT, signal.default_int_handler)


def pytest_collection_modifyitems(config: pytest.Config, items: list[pytest.Item]) -> None:
    """Begin with what takes long. What says nothing of a database of the shape is left out there."""
    shape = config.getoption("--shape")
    wrong = left_out.caseless(left_out.entries(shape), [item.nodeid for item in items])
    if wrong:
        raise pytest.UsageError(f"tests/support/left_out.py names no case of a test: {', '.join(wrong)}")
    dropped = [item for item in items if left_out.is_left_out(item.nodeid, shape)]
    config.hook.pytest_deselected(items=dropped)
    items[:] = [item for item in items if item not in dropped]
    items.sort(key=lambda item: _rank(item.path))


@cache
def _rank(path: Path) -> int:
    return next((place for place, folder in enumerate(FIRST) if path.is_relative_to(HERE / folder)), len(FIRST))
