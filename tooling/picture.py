"""Make docs/operator-page.png anew: `python -m tooling.picture`.

The state is staged: a sample on a throwaway Worker, partly repaired, with its findings dated back over a few days.
"""

import json
import sys
from datetime import UTC, datetime, timedelta

from tooling.browser import Browser, View
from tooling.client import Steward
from tooling.harness import Config, Harness
from tooling.paths import ROOT
from tooling.sample import ATTIC_RULE, RULES, make_sample
from tooling.sample_loader import create_dirty_database, put_rules

PICTURE = ROOT / "docs" / "operator-page.png"
_TOKEN = "a-token-for-the-picture"  # noqa: S105  # of a throwaway Worker
_OBJECTS = 2400
_DATED_BACK = """UPDATE steward_findings SET
  opened_at = strftime('%Y-%m-%dT%H:%M:%fZ', 'now', '-' || max(1, 90 - id * 14) || ' hours'),
  resolved_at = CASE WHEN resolved_at IS NULL THEN NULL
    ELSE strftime('%Y-%m-%dT%H:%M:%fZ', 'now', '-' || max(1, 50 - id * 9) || ' hours') END"""


def main() -> int:
    """Stage, look, and store the picture."""
    variables = {"STEWARD_TOKEN": _TOKEN, "BACKFILL_MODE": "live", "TICK_MAX_OBJECTS": 850, "PASS_INTERVAL_HOURS": 0}
    variables |= {"MISSING_GRACE_HOURS": 0}
    with Browser() as browser, Harness(Config(vars=variables)) as harness:
        _stage(Steward(harness, _TOKEN))
        page = browser.open(View(height=2230))
        page.go(harness.url)
        page.label("Token").fill(_TOKEN)
        page.role("button", "Sign in").click()
        page.css("#runs .line").first.wait()
        page.css("#rules .rule-list input").first.wait()
        page.css("#objects .stack").first.wait()
        page.css("#invariants summary").having("no_orphan_datapoints").click()
        page.screenshot(PICTURE, full=False)
    print(f"picture: {PICTURE}, {PICTURE.stat().st_size:,} bytes")
    return 0


def _stage(steward: Steward) -> None:
    keys = [f"reports/{number // 100}/{number:05}.{ending}" for number in range(_OBJECTS // 3) for ending in _ENDINGS]
    sample = make_sample(keys)
    harness = steward.harness
    create_dirty_database(harness, sample)
    harness.apply_migrations()
    harness.r2_put((key, "body") for key in [*keys, *sample.objects])
    put_rules(steward, [*RULES, ATTIC_RULE])
    steward.post("/check", mode="full")
    steward.post("/recover", dry_run=False, max_deletes=len(sample.artifacts), resume=True)
    for _ in range(8):
        harness.scheduled()
    harness.d1(_DATED_BACK)
    [name] = harness.kv_list("backfill:")
    walked = json.loads(harness.kv_get(name) or "")
    begun = (datetime.now(UTC) - timedelta(minutes=31)).isoformat(timespec="milliseconds")
    harness.kv_put(name, json.dumps({**walked, "pass_started_at": begun}))


_ENDINGS = ("pdf", "json", "md")


if __name__ == "__main__":
    sys.exit(main())
