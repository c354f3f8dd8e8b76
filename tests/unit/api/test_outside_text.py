"""Text from outside costs linear time at most before it is refused, and is refused by field, never with a 500."""

from __future__ import annotations

import base64
import hashlib
import json
import time
from collections.abc import Callable
from urllib.parse import quote, urlencode

import httpx
import pytest
from hypothesis import example, given
from hypothesis import strategies as st

from backfill.cursor import decode, encode
from backfill.ranges import Position, whole
from errors import InputError
from json_text import depth
from recovery.conflicts import predicate
from tests.support.actions import Api
from tests.support.fakes import World, migrate

WORLD = World()
migrate(WORLD.database)

QUERY = st.text(st.characters(codec="utf-8"), max_size=40) | st.sampled_from(
    ["--5", "-", "+5", " 5", "5 ", "5_0", "٣", "²", "-0", "0x1", "1e3", "1.0", "NaN", "true", "9" * 5000, "\0", "5\n"]
)
BODIES: list[Callable[[int], bytes]] = [
    lambda size: b'\\"' * (size // 2),
    lambda size: b'"' * size,
    lambda size: b'"' + b"\\" * size,
    lambda size: b'"a' * (size // 2),
    lambda size: b'{"a' * (size // 3),
    lambda size: b'"\\' * (size // 2),
]
INDEXES: list[Callable[[int], str]] = [
    lambda size: "CREATE INDEX i ON t (" + "'" * size,
    lambda size: "CREATE INDEX i ON t (a) /*" * (size // 25),
    lambda size: "[" * size,
    lambda size: "`a" * (size // 2),
    lambda size: '"' * (size | 1),
    lambda size: "'a" * (size // 2) + "'",
]


def seconds(work: Callable[[], object]) -> float:
    """Return the least time of three tries, so that a busy machine does not count."""

    def once() -> float:
        started = time.perf_counter()
        work()
        return time.perf_counter() - started

    return min(once() for _ in range(3))


@pytest.mark.parametrize("text", BODIES)
def test_the_depth_of_a_body_costs_linear_time(text: Callable[[int], bytes]) -> None:
    small, large = text(8_000), text(64_000)
    assert seconds(lambda: depth(large)) < 24 * seconds(lambda: depth(small)) + 0.005


@pytest.mark.parametrize("text", INDEXES)
def test_the_predicate_of_an_index_costs_linear_time(text: Callable[[int], str]) -> None:
    small, large = text(10_000), text(80_000)
    assert seconds(lambda: predicate(large)) < 24 * seconds(lambda: predicate(small)) + 0.005


@pytest.mark.parametrize(
    ("text", "deep"),
    [(b"", 0), (b"{}", 1), (b'{"a": [1]}', 2), (b'"[[["', 0), (b'{"a\\"[": [[]]}', 3), (b'{"a', 1), (b'"\\', 0)],
)
def test_the_depth_counts_the_brackets_outside_of_texts(text: bytes, deep: int) -> None:
    assert depth(text) == deep


@pytest.mark.parametrize("name", ["limit", "before"])
@given(text=QUERY)
def test_a_number_in_a_query_is_taken_or_refused_by_name(name: str, text: str) -> None:
    answer = asked("/runs", {name: text})
    assert answer.status_code in (200, 422)
    if answer.status_code == 422:
        assert answer.json()["field"] == name


@given(name=st.sampled_from(["open", "invariant", "kind", "limit"]), text=QUERY)
def test_no_query_parameter_is_answered_with_an_error_of_ours(name: str, text: str) -> None:
    for path in ("/findings", "/runs"):
        assert asked(path, {name: text}).status_code in (200, 422)


@given(text=st.text(st.characters(codec="utf-8"), min_size=1, max_size=60))
@example(text="/")
def test_no_path_is_answered_with_an_error_of_ours(text: str) -> None:
    assert asked(f"/runs/{quote(text, safe='')}", {}).status_code in (200, 404, 405, 400)


def asked(path: str, query: dict[str, str]) -> httpx.Response:
    """Make one authenticated GET."""
    return Api(WORLD).json("GET", f"{path}?{urlencode(query)}")


def signed(body: bytes) -> str:
    """Return a cursor of a valid digest over any bytes."""
    return base64.urlsafe_b64encode(hashlib.sha256(body).digest()[:6] + body).decode().rstrip("=")


NOT_OURS = [
    b"", b"{", b"[1,", b"[" * 30_000, b"\xff", b"1e999", b"NaN", b"9" * 5000, b"null", b'"\\ud800"', b"[1]",
    b'[1,"artifacts","","\\ud800","\\ud800"]', b'[1,"artifacts","",1,2]', b'[true,"artifacts","",null,null]',
]  # fmt: skip


@pytest.mark.parametrize("body", NOT_OURS)
def test_a_cursor_of_a_valid_digest_over_anything_else_is_refused(body: bytes) -> None:
    with pytest.raises(InputError) as error:
        decode(signed(body), "artifacts", "")
    assert (error.value.status, error.value.field) == (400, "cursor")
    answer = Api(WORLD).json("POST", "/backfill", {"cursor": signed(body)})
    assert answer.status_code in (400, 422)


@given(token=st.text(max_size=80) | st.binary(max_size=80).map(signed))
def test_any_text_as_a_cursor_is_decoded_or_refused(token: str) -> None:
    answer = Api(WORLD).json("POST", "/backfill", {"cursor": token})
    assert answer.status_code in (200, 400, 422)
    assert answer.status_code == 200 or answer.json()["field"] == "cursor"


@given(key=st.text(st.characters(codec="utf-8"), max_size=30))
def test_a_cursor_that_we_handed_out_is_always_taken(key: str) -> None:
    position = whole(Position(None, key))
    assert decode(encode("artifacts", "", position), "artifacts", "") == position
    assert json.loads(json.dumps(encode("artifacts", "", position))) == encode("artifacts", "", position)


@pytest.mark.parametrize("number", [2**53 - 2, 2**53 - 1, 2**53, 10**30])
def test_a_run_number_that_no_database_could_hold_is_no_run(number: int) -> None:
    answer = asked(f"/runs/{number}", {})
    assert (answer.status_code, answer.json()["field"]) == (404, "run_id")


def test_the_largest_number_that_is_taken_is_one_that_the_database_takes() -> None:
    assert asked("/runs", {"before": str(2**53 - 2)}).status_code == 200
    assert asked("/runs", {"before": str(2**53 - 1)}).status_code == 422
