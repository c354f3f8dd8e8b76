from __future__ import annotations

import base64
import json

import pytest
from hypothesis import given
from hypothesis import strategies as st

from backfill.cursor import _digest, decode, encode
from backfill.ranges import Position, Ranges, whole
from errors import InputError

TEXTS = st.text(st.characters(exclude_categories=["Cs"]), max_size=40)
POSITIONS = st.builds(Position, st.none() | TEXTS, st.none() | TEXTS).map(whole)
POSITION = whole(Position("r2-cursor", "raw/last key"))
TOKEN = encode("artifacts", "raw/", POSITION)


def signed(*fields: object) -> str:
    """Return a token as another version of this Worker might have written it."""
    body = json.dumps(fields).encode()
    return base64.urlsafe_b64encode(_digest(body) + body).decode().rstrip("=")


@given(bucket=TEXTS, prefix=TEXTS, position=POSITIONS)
def test_a_cursor_gives_back_the_position_it_was_made_of(bucket: str, prefix: str, position: Ranges) -> None:
    assert decode(encode(bucket, prefix, position), bucket, prefix) == position


@given(bucket=TEXTS, prefix=TEXTS, keys=st.sets(TEXTS.filter(bool), min_size=1, max_size=6))
def test_a_cursor_of_several_ranges_gives_back_the_ranges(bucket: str, prefix: str, keys: set[str]) -> None:
    ranges = tuple(whole()[0].split(keys))
    assert decode(encode(bucket, prefix, ranges), bucket, prefix) == ranges


@given(bucket=TEXTS, prefix=TEXTS, position=POSITIONS)
def test_a_cursor_is_plain_text_that_needs_no_escaping(bucket: str, prefix: str, position: Ranges) -> None:
    token = encode(bucket, prefix, position)
    assert token.replace("-", "").replace("_", "").isalnum()
    assert token.isascii()


@given(at=st.integers(0, len(TOKEN) - 1), put=st.characters(max_codepoint=127))
def test_a_damaged_cursor_is_refused_or_means_the_same(at: int, put: str) -> None:
    damaged = TOKEN[:at] + put + TOKEN[at + 1 :]
    try:
        assert decode(damaged, "artifacts", "raw/") == POSITION
    except InputError as error:
        assert (error.field, error.status) == ("cursor", 400)  # noqa: PT017  # both outcomes are right


@pytest.mark.parametrize("length", range(len(TOKEN)))
def test_a_truncated_cursor_is_refused(length: int) -> None:
    with pytest.raises(InputError, match="cut short") as refused:
        decode(TOKEN[:length], "artifacts", "raw/")
    assert refused.value.field == "cursor"


@pytest.mark.parametrize(
    "token",
    ["", "=", "====", "!", "not base64", "héllo", "YWJj", "raw/00001", "\0", "😀", TOKEN * 2, TOKEN + "A", " " + TOKEN],
)
def test_a_token_that_is_not_ours_is_refused(token: str) -> None:
    with pytest.raises(InputError) as refused:
        decode(token, "artifacts", "raw/")
    assert (refused.value.field, refused.value.status) == ("cursor", 400)
    assert "start_after" in refused.value.hint


@pytest.mark.parametrize(
    ("bucket", "prefix"), [("other", "raw/"), ("artifacts", "raw"), ("artifacts", ""), ("artifactsraw/", "")]
)
def test_a_cursor_of_another_bucket_or_prefix_is_refused_and_says_whose_it_is(bucket: str, prefix: str) -> None:
    with pytest.raises(InputError, match="belongs to bucket 'artifacts' and prefix 'raw/'") as refused:
        decode(TOKEN, bucket, prefix)
    assert (refused.value.field, refused.value.status) == ("cursor", 400)


@pytest.mark.parametrize(
    "fields",
    [
        (2, "artifacts", "raw/", None, "raw/a"),
        (0, "artifacts", "raw/", None, "raw/a"),
        (2, "artifacts", "raw/", None, "raw/a", "a sixth field"),
        (2, {"all": "different"}),
        (),
        (1, "artifacts", "raw/"),
        (1, "artifacts", "raw/", 7, "raw/a"),
        (1, "artifacts", "raw/", None, ["raw/a"]),
        (2, "artifacts", "raw/", 7),
        (2, "artifacts", "raw/", []),
        (2, "artifacts", "raw/", [[None, None, 1, False]]),
        (2, "artifacts", "raw/", [["a", None, None, False]]),
        (2, "artifacts", "raw/", [[None, "b", None, False], ["c", None, None, False]]),
        (2, "artifacts", "raw/", [[None, "b", "c", False], ["b", None, None, False]]),
        (3, "artifacts", "raw/", [[None, None, None, False]]),
    ],
)
def test_a_cursor_of_another_version_or_shape_is_refused(fields: tuple[object, ...]) -> None:
    with pytest.raises(InputError) as refused:
        decode(signed(*fields), "artifacts", "raw/")
    assert (refused.value.field, refused.value.status) == ("cursor", 400)
