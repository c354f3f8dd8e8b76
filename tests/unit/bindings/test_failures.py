"""The lists are those of Cloudflare's pages (see `bindings.failures`), each text written out as it is documented."""

from __future__ import annotations

import pytest

from bindings.failures import OVERLOADED, TRANSIENT, translate, translate_list
from errors import (
    ConstraintError,
    CursorError,
    OverloadedError,
    PageTooLargeError,
    PlatformError,
    TooBigError,
    TransientError,
)

PASSING = [
    "D1_ERROR: Network connection lost.",
    "D1_ERROR: D1 DB storage caused object to be reset.",
    "D1_ERROR: Internal error in D1 DB storage caused object to be reset.",
    "D1_ERROR: D1 DB reset because its code was updated.",
    "D1_ERROR: Replica disconnected from primary.",
    "D1_ERROR: Cannot resolve D1 DB due to transient issue on remote node.",
    "D1_ERROR: Internal error while starting up D1 DB storage caused object to be reset.",
    "D1_ERROR: Can't read from request stream because client disconnected.",
    "list: We encountered an internal error. Please try again. (10001)",
    "list: Service temporarily unavailable. (10043)",
    "list: Gateway timeout. (10054)",
    "list: Too many requests. (10058)",
    "KV PUT failed: 429 Too Many Requests",
]

LOADED = [
    "D1_ERROR: D1 DB is overloaded. Requests queued for too long.",
    "D1_ERROR: D1 DB is overloaded. Too many requests queued.",
    "D1_ERROR: D1 DB storage operation exceeded timeout which caused object to be reset.",
    "D1_ERROR: D1 DB exceeded its memory limit and was reset.",
    "D1_ERROR: D1 DB exceeded its CPU time limit and was reset.",
    "D1_ERROR: Too many API requests by single Worker invocation.",
    "Error: Too many subrequests.",
]

REFUSED_ROWS = [
    "D1_ERROR: UNIQUE constraint failed: u.a: SQLITE_CONSTRAINT (extended: SQLITE_CONSTRAINT_PRIMARYKEY)",
    "D1_ERROR: FOREIGN KEY constraint failed: SQLITE_CONSTRAINT",
    "D1_ERROR: a known source_type is final: SQLITE_CONSTRAINT (extended: SQLITE_CONSTRAINT_TRIGGER)",
]

OTHERS = [
    'D1_ERROR: near "selec": syntax error at offset 0: SQLITE_ERROR',
    "D1_ERROR: Exceeded maximum DB size.",
    "D1_ERROR: No SQL statements detected.",
    "D1_TYPE_ERROR: Type 'undefined' not supported for value 'undefined'",
    "D1_ERROR: malformed JSON: SQLITE_ERROR",
    "list: MaxKeys params must be positive integer <= 1000. (10022)",
    "Your account has exceeded D1's free tier daily row read/write limit",
    "",
]


@pytest.mark.parametrize("message", ["D1_ERROR: string or blob too big: SQLITE_TOOBIG", "string or blob too big"])
def test_what_passes_the_limit_of_a_value_is_told_apart(message: str) -> None:
    assert type(translate(message, doing="A call")) is TooBigError


@pytest.mark.parametrize("message", PASSING)
def test_what_is_known_to_pass_may_be_retried(message: str) -> None:
    assert type(translate(message, doing="A call")) is TransientError


@pytest.mark.parametrize("message", LOADED)
def test_overload_and_timeouts_are_never_taken_for_a_blip(message: str) -> None:
    assert type(translate(message, doing="A call")) is OverloadedError


@pytest.mark.parametrize("message", REFUSED_ROWS)
def test_a_refused_row_is_a_constraint_error(message: str) -> None:
    assert type(translate(message, doing="A call")) is ConstraintError


@pytest.mark.parametrize("message", OTHERS)
def test_everything_else_is_a_plain_platform_error(message: str) -> None:
    assert type(translate(message, doing="A call")) is PlatformError


@pytest.mark.parametrize("text", [*OVERLOADED, *TRANSIENT])
def test_every_text_in_the_lists_stands_for_a_documented_message(text: str) -> None:
    assert any(text in message for message in [*PASSING, *LOADED])


@pytest.mark.parametrize("message", [*PASSING, *LOADED, *REFUSED_ROWS, *OTHERS])
def test_the_message_says_what_was_done_and_keeps_the_cause_and_a_hint(message: str) -> None:
    error = translate(message, doing="A D1 batch")
    assert str(error) == f"A D1 batch failed: {message}"
    assert error.hint


@pytest.mark.parametrize(
    ("message", "with_cursor", "kind"),
    [
        ("list: The continuation cursor provided is invalid. (10020)", True, CursorError),
        ("list: Cursor is not valid. (10022)", True, CursorError),
        ("list: The cursor provided is invalid. (10020)", False, PlatformError),
        ("list: Too many requests. (10058)", True, TransientError),
        ("list: cursor service is overloaded. (10001)", True, TransientError),
        ("list: something else. (10099)", True, PlatformError),
        ("Error: internal error; reference = 3cm8pj9qln5f8egi937ed1m9", True, PageTooLargeError),
        ("Error: internal error; reference = 3cm8pj9qln5f8egi937ed1m9", False, PageTooLargeError),
        ("list: We encountered an internal error. Please try again. (10001)", False, TransientError),
    ],
)
def test_a_failed_list_is_told_apart_by_what_can_be_done_about_it(
    message: str, kind: type[PlatformError], *, with_cursor: bool
) -> None:
    error = translate_list(message, with_cursor=with_cursor)
    assert type(error) is kind
    if kind is CursorError:
        assert "start_after" in error.hint


def test_a_missing_table_of_ours_is_answered_with_the_migrations() -> None:
    message = "D1_ERROR: no such table: steward_runs: SQLITE_ERROR"
    assert "migrations apply" in translate(message, doing="A D1 batch").hint
    other = "D1_ERROR: no such table: papers: SQLITE_ERROR"
    assert "migrations apply" not in translate(other, doing="A D1 batch").hint
