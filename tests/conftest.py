from __future__ import annotations

import pytest

from tests.support import shapes


def pytest_addoption(parser: pytest.Parser) -> None:
    """Let the suites run over databases of other names."""
    help_text = "the names that the databases of the unit tests have (tests/support/shapes.py)"
    parser.addoption("--shape", choices=list(shapes.SHAPES), default="canonical", help=help_text)


def pytest_configure(config: pytest.Config) -> None:
    """Choose the names."""
    shapes.choose(config.getoption("--shape"))
