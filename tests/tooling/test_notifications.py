"""The queues of wrangler.toml, its settings and the local runtime speak of the same ones."""

from __future__ import annotations

import tomllib

from settings import SETTINGS
from tooling.notifications import QUEUE, consumers, quick_consumers
from tooling.paths import ROOT


def test_the_consumers_in_the_comments_are_those_that_the_local_runtime_has() -> None:
    events, dead = consumers()
    assert (events["queue"], events["dead_letter_queue"], events["max_retries"]) == (QUEUE, dead["queue"], 100)
    assert {one["max_batch_size"] for one in (events, dead)} == {100}
    assert [one["queue"] for one in quick_consumers()] == [events["queue"], dead["queue"]]


def test_the_dead_letter_queue_is_the_one_that_the_settings_name() -> None:
    [default] = [setting.default for setting in SETTINGS if setting.name == "DEAD_LETTER_QUEUE"]
    dead = consumers()[1]["queue"]
    assert default == dead
    assert tomllib.loads((ROOT / "wrangler.toml").read_text(encoding="utf-8"))["vars"]["DEAD_LETTER_QUEUE"] == dead


def test_the_docs_make_the_queues_that_are_consumed() -> None:
    text = (ROOT / "docs" / "deploy.md").read_text(encoding="utf-8")
    assert [name for one in consumers() if f"wrangler queues create {(name := one['queue'])}\n" in text] == [
        one["queue"] for one in consumers()
    ]
