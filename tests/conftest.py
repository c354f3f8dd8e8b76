"""Two processes share the suite, file by file: what needs a runtime comes first, pure tests fill the end.

`make test` starts them (pytest-xdist). Without it, tests run one after the other as ever.
"""

from __future__ import annotations

import signal
from pathlib import Path

import pytest

from tests.support import left_out, shapes

HERE = Path(__file__).parent
FIRST = ("worker", "chaos", "contract", "browser", "cli")
"""Folders whose files take longest."""


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
    items.sort(key=lambda item: FIRST.index(_folder(item)) if _folder(item) in FIRST else len(FIRST))


def _folder(item: pytest.Item) -> str:
    return item.path.relative_to(HERE).parts[0] if item.path.is_relative_to(HERE) else ""
