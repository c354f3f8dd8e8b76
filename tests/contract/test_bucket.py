from __future__ import annotations

import asyncio
import json
from datetime import datetime
from typing import Any

import pytest

from errors import PageTooLargeError, PlatformError
from ports import GROUP, ListRequest, Page, PagePart, Span
from tests.contract.conftest import SMALL_PART_BYTES, Engine

TRICKY = [
    "a",
    "A",
    "a b",
    " a",
    "a/",
    "a//b",
    "a%",
    "a_",
    "a*",
    "a?",
    "a[",
    "it's",
    'a"b',
    "a\\b",
    "a\nb",
    "a\tb",
    "a\x01b",
    "a\x7f",
    "caf\u00e9",
    "cafe\u0301",
    "a\ue000",
    "a\uffff",
    "a\U00010000",
    "😀",
    "é" * 512,
    "x" * 1024,
]


def listed(
    engine: Engine, prefix: str = "", limit: int = 1000, cursor: str | None = None, start_after: str | None = None
) -> Page:
    return asyncio.run(engine.bucket.list_page(ListRequest(prefix, limit, cursor, start_after)))


def objects_of(part: PagePart) -> list[dict[str, Any]]:
    """Return the objects of a part, which are in groups of `GROUP`, the last one of those that are left."""
    groups: list[list[dict[str, Any]]] = json.loads(text(part))
    assert all(len(group) == GROUP for group in groups[:-1])
    assert 1 <= len(groups[-1]) <= GROUP
    return [one for group in groups for one in group]


def keys(page: Page) -> list[str]:
    return [found["key"] for part in page.parts for found in objects_of(part)]


def text(part: PagePart) -> str:
    assert isinstance(part.objects, str)
    return part.objects


def put(engine: Engine, *names: str) -> None:
    engine.put(dict.fromkeys(names, 3))


@pytest.mark.parametrize("key", TRICKY)
def test_an_object_is_there_by_its_very_key_and_no_other(engine: Engine, key: str) -> None:
    engine.put({key: 5})
    assert asyncio.run(engine.bucket.has(key))
    others = {key + "x", key[:-1] + chr(ord(key[-1]) ^ 1), key.swapcase()} - {key, ""}
    assert not any(asyncio.run(engine.bucket.has(other)) for other in others)


@pytest.mark.parametrize("key", ["k" * 1025, "\u00e9" * 513, "k" * 100_000, "a\x00b", "\x01" * 1024, "..", " "])
def test_a_key_that_no_object_can_have_or_has_is_not_there(engine: Engine, key: str) -> None:
    put(engine, "a", "k")
    assert not asyncio.run(engine.bucket.has(key))


def test_an_empty_bucket_is_an_empty_page_that_is_the_end(engine: Engine) -> None:
    assert listed(engine) == Page((), truncated=False, cursor=None)


def test_a_prefix_that_matches_nothing_is_an_empty_page_that_is_the_end(engine: Engine) -> None:
    put(engine, "a", "b")
    assert listed(engine, "c") == Page((), truncated=False, cursor=None)


def test_an_object_has_its_key_its_size_and_its_time_in_utc(engine: Engine) -> None:
    engine.put({"empty": 0, "full": 12})
    [part] = listed(engine).parts
    objects = objects_of(part)
    assert [(found["key"], found["size"]) for found in objects] == [("empty", 0), ("full", 12)]
    assert all(found.keys() == {"key", "size", "uploaded"} for found in objects)
    for found in objects:
        assert found["uploaded"].endswith("Z")
        assert datetime.fromisoformat(found["uploaded"]).year >= 2026


def test_keys_come_whole_and_in_the_order_of_their_utf8_bytes(engine: Engine) -> None:
    put(engine, *TRICKY)
    assert keys(listed(engine)) == sorted(TRICKY, key=str.encode)


def test_a_page_holds_at_most_the_limit_and_the_cursor_goes_on_after_it(engine: Engine) -> None:
    put(engine, *TRICKY)
    found, page = [], listed(engine, limit=4)
    while True:
        assert 1 <= len(keys(page)) <= 4
        found += keys(page)
        assert page.truncated == (page.cursor is not None)
        if page.cursor is None:
            break
        page = listed(engine, limit=4, cursor=page.cursor)
    assert found == sorted(TRICKY, key=str.encode)


@pytest.mark.parametrize("limit", [1, 2, 3])
def test_a_page_that_holds_the_last_object_is_the_end(engine: Engine, limit: int) -> None:
    put(engine, *"abc"[:limit])
    page = listed(engine, limit=limit)
    assert keys(page) == list("abc"[:limit])
    assert (page.truncated, page.cursor) == (False, None)


def test_start_after_is_exclusive_and_needs_no_object_of_that_name(engine: Engine) -> None:
    put(engine, "a", "b", "c")
    assert keys(listed(engine, start_after="a")) == ["b", "c"]
    assert keys(listed(engine, start_after="aa")) == ["b", "c"]
    assert keys(listed(engine, start_after="c")) == []
    assert keys(listed(engine, start_after="")) == ["a", "b", "c"]


@pytest.mark.parametrize("after", range(0, len(TRICKY), 3))
def test_start_after_compares_bytes(engine: Engine, after: int) -> None:
    put(engine, *TRICKY)
    ordered = sorted(TRICKY, key=str.encode)
    assert keys(listed(engine, start_after=ordered[after])) == ordered[after + 1 :]


@pytest.mark.parametrize("prefix", ["a%", "a_", "a*", "a?", "a[", "it's", 'a"', "a\\", "a\n", "caf\u00e9", "cafe"])
def test_a_prefix_is_literal(engine: Engine, prefix: str) -> None:
    put(engine, *TRICKY, f"{prefix}/x")
    assert keys(listed(engine, prefix)) == sorted({key for key in [*TRICKY, f"{prefix}/x"] if key.startswith(prefix)})


def test_prefix_cursor_and_start_after_work_together(engine: Engine) -> None:
    put(engine, "a/1", "a/2", "a/3", "b/1")
    first = listed(engine, "a/", limit=2)
    assert (keys(first), first.truncated) == (["a/1", "a/2"], True)
    assert keys(listed(engine, "a/", limit=2, cursor=first.cursor)) == ["a/3"]
    assert keys(listed(engine, "a/", start_after="a/2")) == ["a/3"]


@pytest.mark.parametrize("limit", [0, 1001])
def test_a_limit_that_r2_does_not_take_is_a_platform_error(engine: Engine, limit: int) -> None:
    with pytest.raises(PlatformError):
        listed(engine, limit=limit)


def test_a_chunk_says_how_many_objects_it_holds_and_where_it_begins_and_ends(engine: Engine) -> None:
    put(engine, "c", "a", "b")
    [part] = listed(engine).parts
    assert (part.count, part.first_key, part.last_key) == (3, "a", "c")


@pytest.mark.parametrize("limit", [1, 2, 3])
def test_a_page_says_what_it_holds_before_its_text_is_made(engine: Engine, limit: int) -> None:
    put(engine, "c", "a", "b")
    assert listed(engine, limit=limit).span == Span(limit, "a", "abc"[limit - 1])
    assert listed(engine, "d").span is None


def test_a_page_is_split_into_chunks_that_fit_into_one_value(engine: Engine) -> None:
    names = [f"{number:03}é😀\x01" for number in range(100)]
    put(engine, *names)
    page = asyncio.run(engine.small_parts.list_page(ListRequest("", 1000)))
    assert len(page.parts) > 1
    assert all(len(text(part).encode()) <= SMALL_PART_BYTES for part in page.parts)
    assert sum(part.count for part in page.parts) == 100
    assert page.span == Span(100, names[0], names[-1])
    assert keys(page) == names
    for part in page.parts:
        own = [found["key"] for found in objects_of(part)]
        assert (len(own), own[0], own[-1]) == (part.count, part.first_key, part.last_key)


def test_a_page_that_r2_cannot_answer_in_one_piece_is_too_large_and_a_shorter_one_is_not(engine: Engine) -> None:
    # A control character takes six bytes in the answer.
    names = [f"{number:04}" + "\x01" * 1000 for number in range(250)]
    put(engine, *names)
    with pytest.raises(PageTooLargeError):
        listed(engine)
    assert keys(listed(engine, limit=100)) == names[:100]


def test_nothing_after_until_is_listed_and_then_nothing_follows(engine: Engine) -> None:
    put(engine, *TRICKY)
    ordered = sorted(TRICKY, key=str.encode)
    for place, until in enumerate(ordered):
        page = asyncio.run(engine.bucket.list_page(ListRequest("", 1000, until=until)))
        assert keys(page) == ordered[: place + 1]
        assert not page.truncated
