"""What arrives of values that JavaScript or JSON cannot hold: nothing may rely on more."""

from __future__ import annotations

import asyncio

import pytest

from ports import Statement
from tests.contract.conftest import Engine


@pytest.mark.parametrize(
    ("expression", "arrives"),
    [
        ("1200000000000000001", 1_200_000_000_000_000_000),
        ("-9223372036854775807", -9_223_372_036_854_776_000),
        ("9007199254740991", 9_007_199_254_740_991),
        ("CAST(1200000000000000001 AS TEXT)", "1200000000000000001"),
        ("x'00ff'", [0, 255]),
        ("x''", []),
        ("9e999", None),
        ("-9e999", None),
        ("char(97, 0, 98)", "a\0b"),
        ("+CAST('1200000000000000001' AS INTEGER) = 1200000000000000001", 1),
        ("CAST(unhex('6100C3A9') AS TEXT) = char(97, 0, 233)", 1),
    ],
)
def test_a_value_arrives_as_javascript_and_json_hold_it(engine: Engine, expression: str, arrives: object) -> None:
    [result] = asyncio.run(engine.database.batch([Statement(f"SELECT {expression} AS v")]))
    assert result.rows == [{"v": arrives}]
