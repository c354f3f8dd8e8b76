from __future__ import annotations

import asyncio

import pytest

from tests.contract.conftest import Engine


def get(engine: Engine, key: str) -> str | None:
    return asyncio.run(engine.store.get(key))


def put(engine: Engine, key: str, value: str) -> None:
    asyncio.run(engine.store.put(key, value))


def test_a_key_that_is_not_there_is_none(engine: Engine) -> None:
    assert get(engine, "absent") is None


@pytest.mark.parametrize("value", ["", "text", "null", '{"a": "é😀\\n"}', "line\nbreak", "x" * 100_000])
def test_what_is_put_is_got(engine: Engine, value: str) -> None:
    put(engine, "key", value)
    assert get(engine, "key") == value


def test_a_second_put_takes_the_place_of_the_first(engine: Engine) -> None:
    put(engine, "key", "first")
    put(engine, "key", "second")
    assert get(engine, "key") == "second"


@pytest.mark.parametrize(
    "key", ["backfill:artifacts:", "backfill:a:raw/é😀", "with space", "a%2Fb", "a/../b", "x" * 512]
)
def test_keys_are_separate_and_taken_literally(engine: Engine, key: str) -> None:
    put(engine, key, "mine")
    put(engine, "another", "other")
    assert get(engine, key) == "mine"
