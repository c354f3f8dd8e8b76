"""`steward events`: what the queue brought, as a person reads it."""

from __future__ import annotations

import re

from tests.cli.conftest import Operator
from tests.support.events import delivered, notification, now


def test_what_the_queue_brought_is_shown_with_what_was_not_applied(operator: Operator) -> None:
    before = operator.run("events").out
    assert re.search(r"^received  +0$", before, re.MULTILINE)
    assert "malformed" not in before
    operator.put("raw/a.pdf")
    delivered(operator.world, notification("raw/a.pdf", at=now(operator.world)), "no notification\x1b[31m")
    out = operator.run("events").out
    assert re.search(r"^received  +2$", out, re.MULTILINE)
    assert re.search(r"^not taken: malformed  +1$", out, re.MULTILINE)
    assert "no notification" in out
    assert "\x1b" not in out
    assert operator.json("events")["puts"] == 1


def test_why_messages_are_put_off_is_shown(operator: Operator) -> None:
    operator.run("pause", "moving house")
    delivered(operator.world, notification("raw/a.pdf"))
    out = operator.run("events").out
    assert "put off" in out
    assert "moving house" in out
