from __future__ import annotations

import json
from datetime import UTC, datetime, timedelta, timezone

import pytest
from hypothesis import given
from hypothesis import strategies as st

import log

MOMENT = datetime(2026, 1, 2, 3, 4, 5, 678901, tzinfo=UTC)


def test_a_time_is_written_in_utc_with_milliseconds() -> None:
    assert log.timestamp(MOMENT) == "2026-01-02T03:04:05.678Z"
    assert log.timestamp(MOMENT.astimezone(timezone(timedelta(hours=5, minutes=30)))) == "2026-01-02T03:04:05.678Z"
    assert log.timestamp(MOMENT.replace(microsecond=0)) == "2026-01-02T03:04:05.000Z"


def test_a_line_begins_with_when_how_bad_and_what() -> None:
    line = log.line(MOMENT, "info", "page", run_id=7, error=None, scanned=0)
    assert line == '{"ts": "2026-01-02T03:04:05.678Z", "level": "info", "event": "page", "run_id": 7, "scanned": 0}'


@given(text=st.text())
def test_whatever_a_key_holds_it_stays_on_one_line(text: str) -> None:
    line = log.line(MOMENT, "info", "page", last_key=text)
    assert not {"\n", "\r"} & set(line)
    assert json.loads(line)["last_key"] == text


def test_a_line_is_printed_on_stdout(capsys: pytest.CaptureFixture[str]) -> None:
    log.write(MOMENT, "warn", "odd", key="é\n")
    out, err = capsys.readouterr()
    assert (out.count("\n"), err) == (1, "")
    assert json.loads(out)["key"] == "é\n"
