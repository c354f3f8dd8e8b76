"""The recorded session shows what a terminal shows in the end, and nothing that a reader's browser would fetch."""

from __future__ import annotations

import re
from xml.etree import ElementTree as ET

from tooling.cast import PICTURE, SESSION, settled


def test_rewritten_lines_are_left_as_they_were_last() -> None:
    bar = "\x1b[?25l0 of 2\x1b[2K\r\x1b[1A\x1b[2K1 of 2\n\r\x1b[2K2 of 2\r\n\x1b[?25h\x1b[1mdone\x1b[0m\r\n"
    assert settled("first\r\n" + bar) == ["1 of 2", "2 of 2", "\x1b[1mdone\x1b[0m", ""]


def test_the_picture_is_of_the_session_and_needs_nothing_from_elsewhere() -> None:
    text = PICTURE.read_text(encoding="utf-8")
    shown = "".join(ET.fromstring(text).itertext()).replace("\N{NO-BREAK SPACE}", " ")  # noqa: S314  # our own
    assert [line for line in SESSION if f"steward {line}" not in shown] == []
    assert re.findall(r"(?:href|src)=|url\((?!#)|@import|@font-face", text) == []
