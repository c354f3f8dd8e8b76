"""Keys are bytes that anyone may upload: what they hold is shown, and does nothing."""

from __future__ import annotations

import json
import unicodedata

import pytest
from hypothesis import given
from hypothesis import strategies as st

from steward.harmless import harmless, shown
from tests.cli.conftest import Operator
from tests.support.served import Answered

ODD = [
    "other/\x1b[31mred\x1b]0;title\x07",
    "other/\u202egnp.exe",
    "other/\u05e9\u05dc\u05d5\u05dd 12",
    "other/new\nline\ttab\rback\x08\x7f\x9b",
    "other/[bold]markup[/bold] :smile:",
    "other/zero\u200bwidth\u2028end",
    "other/" + "\U0001f600" * 250,
]


@pytest.mark.parametrize(
    ("text", "plain"),
    [
        ("a/b c.pdf", "a/b c.pdf"),
        ("Übung/日本 🎉", "Übung/日本 🎉"),
        ("\x1b[2J", r"\x1b[2J"),
        ("\u202e", r"\u202e"),
        ("\u05d0", r"\u05d0"),
        ("a\\x1b", r"a\\x1b"),
        ("\ud800", r"\ud800"),
        ("\U000e0001", r"\U000e0001"),
    ],
)
def test_what_moves_or_hides_is_escaped_and_the_rest_is_itself(text: str, plain: str) -> None:
    assert harmless(text) == plain


@given(st.text())
def test_nothing_that_moves_is_left_and_two_texts_never_look_the_same(text: str) -> None:
    plain = harmless(text)
    assert not any(unicodedata.category(sign)[0] == "C" for sign in plain)
    assert plain.encode("ascii", "backslashreplace").decode("unicode-escape") == text


def test_a_person_reads_numbers_and_nothing_as_a_dash() -> None:
    assert [shown(value) for value in (1234567, None, "", True, 0)] == ["1,234,567", "-", "-", "yes", "0"]


@pytest.mark.parametrize("terminal", [False, True])
def test_odd_keys_reach_no_terminal_as_they_are(operator: Operator, *, terminal: bool) -> None:
    operator.put(*ODD)
    ran = operator.run("backfill", terminal=terminal)
    printed = [line.strip() for line in ran.out.splitlines()]
    assert [harmless(key) for key in sorted(ODD, key=str.encode) if harmless(key) not in printed] == []
    assert not any(unicodedata.category(sign)[0] == "C" for sign in ran.out.replace("\n", ""))


def test_json_holds_the_keys_exactly_and_in_ascii(operator: Operator) -> None:
    operator.put(*ODD)
    ran = operator.run("backfill", "--json")
    assert ran.out.isascii()
    assert "\x7f" not in ran.out
    assert set(json.loads(ran.out)["unclassified_sample"]) == set(ODD)


def test_what_a_worker_says_is_as_harmless(operator: Operator) -> None:
    body = {"detail": "\x1b[2Jno", "hint": "\u202ehint", "status": 409, "reason": "\x07"}
    operator.instead(lambda _asked: Answered(409, body))
    assert "\x1b" not in operator.run("recover", "--live", code=6).err
