"""Read the Worker's configuration once into one frozen value.

`SETTINGS` is the only list of settings: name, default, meaning and reader; documentation and tests are tied to it.
A name that is not in it, and a value that is not right, are refused by name.
"""

from __future__ import annotations

import json
import re
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import cast
from urllib.parse import urlsplit

import log
from errors import ConfigError
from tokens import Token, read_named_tokens, together
from words import BACKFILL_MODES, PASS_ENGINES, WORKFLOW, BackfillMode, PassEngine


@dataclass(frozen=True)
class Settings:
    """The configuration; `SETTINGS` says what each field means."""

    buckets: dict[str, str]
    backfill_mode: BackfillMode
    tick_max_objects: int
    tick_seconds: int
    walk_lanes: int
    pass_engine: PassEngine
    flow_steps: int
    pass_interval_hours: int
    full_check_hours: int
    clock_slack_seconds: int
    missing_limit: int
    missing_limit_percent: int
    missing_grace_hours: int
    head_limit: int
    coverage_hours: int
    children: tuple[tuple[str, str], ...]
    not_children: tuple[tuple[str, str], ...]
    live_where: str | None
    dead_letter_queue: str
    max_deletes: int
    plan_hours: int
    require_plan: bool
    daily_rows_read: int
    daily_rows_written: int
    alert_webhook_url: str | None
    alert_webhook_secret: str | None
    heartbeat_url: str | None
    steward_token: str | None
    steward_tokens: tuple[Token, ...]

    @property
    def by_flow(self) -> bool:
        """Whether passes are walked by flows; a dry pass stores no progress that a flow could continue."""
        return self.has_flows and self.backfill_mode == "live"

    @property
    def has_flows(self) -> bool:
        """Whether this Worker is to have the Workflow."""
        return self.pass_engine == WORKFLOW

    @property
    def alerting(self) -> bool:
        """Whether there is anywhere to send an alert."""
        return self.alert_webhook_url is not None


@dataclass(frozen=True)
class Setting:
    """One setting: its default as wrangler.toml would hold it, and what turns a raw value into ours."""

    name: str
    default: object
    meaning: str
    read: Callable[[str, object], object]
    secret: bool = False


def _wrong(name: str, raw: object, right: str) -> ConfigError:
    return ConfigError(name, f"the value {json.dumps(raw, default=str)} is not valid.", hint=f"Set it to {right}.")


def _decoded(raw: object) -> object:
    """Return a structured value: `[vars]` may hold it as a table or, from a dashboard, as JSON text."""
    if isinstance(raw, str):
        try:
            return json.loads(raw)
        except ValueError:
            return raw
    return raw


def _integer(low: int, high: int) -> Callable[[str, object], int]:
    def read(name: str, raw: object) -> int:
        value = int(raw) if isinstance(raw, str) and re.fullmatch(r"\d{1,12}", raw) else raw
        if isinstance(value, float) and value.is_integer():
            value = int(value)
        if isinstance(value, bool) or not isinstance(value, int) or not low <= value <= high:
            raise _wrong(name, raw, f"a whole number from {low} to {high}")
        return value

    return read


def _flag(name: str, raw: object) -> bool:
    if not isinstance(raw, bool) and raw not in ("true", "false"):
        raise _wrong(name, raw, "true or false")
    return raw in (True, "true")


def _one_of(words: tuple[str, ...]) -> Callable[[str, object], str]:
    def read(name: str, raw: object) -> str:
        if not isinstance(raw, str) or raw not in words:
            raise _wrong(name, raw, f"one of {', '.join(json.dumps(word) for word in words)}")
        return raw

    return read


def _buckets(name: str, raw: object) -> dict[str, str]:
    value = _decoded(raw)
    right = 'a table of bucket name = "R2 binding", as in { artifacts = "ARTIFACTS" }'
    if not isinstance(value, Mapping) or not value:
        raise _wrong(name, raw, right)
    for bucket, binding in value.items():
        if not bucket or not isinstance(binding, str) or not re.fullmatch(r"[A-Za-z_]\w*", binding):
            raise _wrong(name, raw, right)
    return {str(bucket): str(binding) for bucket, binding in value.items()}


def _children(name: str, raw: object) -> tuple[tuple[str, str], ...]:
    value = _decoded(raw)
    right = 'a list of "table.column", as in ["datapoints.artifact_id"]'
    if not isinstance(value, list):
        raise _wrong(name, raw, right)
    pairs = []
    for item in value:
        table, dot, column = item.rpartition(".") if isinstance(item, str) else ("", "", "")
        if not (table and dot and column):
            raise _wrong(name, raw, right)
        pairs.append((table, column))
    return tuple(dict.fromkeys(pairs))


def _queue_name(name: str, raw: object) -> str:
    if not isinstance(raw, str) or not re.fullmatch(r"[a-z0-9](?:[a-z0-9-]{0,61}[a-z0-9])?", raw):
        raise _wrong(name, raw, "the name of a queue: up to 63 lower-case letters, digits and hyphens")
    return raw


def trimmed(name: str, raw: object) -> object:
    """Return a text without the white space around it, as `echo token | wrangler secret put` leaves it.

    Raises ConfigError where there is a control character inside, or nothing else. A value that was
    trimmed is logged once, by its name.
    """
    if not isinstance(raw, str) or raw == "":
        return raw
    text = raw.strip()
    if not text or any(ord(sign) < _SPACE or ord(sign) == _DELETE for sign in text):
        hint = f"Set it again: printf %s VALUE | npx wrangler secret put {name}"
        raise ConfigError(name, "the value is empty or holds a control character.", hint=hint)
    if text != raw and name not in _TOLD:
        _TOLD.add(name)
        log.write(datetime.now(UTC), "warn", "setting_trimmed", setting=name)
    return text


_TOLD: set[str] = set()
"""The settings whose white space was logged by this isolate."""

_SPACE, _DELETE = 32, 127


def read_token(raw: object) -> str | None:
    """Return STEWARD_TOKEN from its raw value, None where it is not set; raises ConfigError as `trimmed` does."""
    return _secret("STEWARD_TOKEN", raw)


def read_tokens(raw: object, named: object) -> tuple[Token, ...]:
    """Return every token that is let in, from the raw values of STEWARD_TOKEN and STEWARD_TOKENS.

    Raises ConfigError where one is malformed, or both hold the same token.
    """
    return together(read_token(raw), read_named_tokens("STEWARD_TOKENS", named))


def _secret(name: str, raw: object) -> str | None:
    return _text(name, trimmed(name, raw))


def _url(name: str, raw: object) -> str | None:
    if raw is None or raw == "":
        return None
    raw = trimmed(name, raw)
    parts = urlsplit(raw) if isinstance(raw, str) and not re.search(r"\s", raw) else None
    if parts is None or parts.scheme not in ("http", "https") or not parts.hostname:
        # The address may carry a secret in its path or query, so it is not shown.
        raise ConfigError(
            name, "the value is not an address.", hint="Set it to an http:// or https:// URL, or remove it."
        )
    return cast(str, raw)


def _text(name: str, raw: object) -> str | None:
    if raw is None or raw == "":
        return None
    if not isinstance(raw, str):
        raise ConfigError(name, "the value is not text.", hint="Set it to a text, or remove it.")
    return raw


SETTINGS: tuple[Setting, ...] = (
    Setting("BUCKETS", {"artifacts": "ARTIFACTS"}, "bucket name as stored in `r2_bucket` → R2 binding", _buckets),
    Setting("BACKFILL_MODE", "dry", "what cron does: `off`, `dry` or `live`", _one_of(BACKFILL_MODES)),
    Setting("TICK_MAX_OBJECTS", 20000, "objects listed per tick, over all buckets", _integer(1, 1_000_000)),
    Setting("TICK_SECONDS", 20, "no new page starts after this many seconds of a tick", _integer(1, 840)),
    Setting("WALK_LANES", 4, "ranges of a bucket that are listed at once, 1 to 6", _integer(1, 6)),
    Setting("PASS_ENGINE", "cron", "what walks a live pass: `cron` or `workflow`", _one_of(PASS_ENGINES)),
    Setting("FLOW_STEPS", 1000, "steps after which a flow hands over to its successor", _integer(1, 9000)),
    Setting("PASS_INTERVAL_HOURS", 24, "hours between the end of a pass and the next", _integer(0, 8760)),
    Setting("FULL_CHECK_HOURS", 24, "hours after which a tick runs a full check again", _integer(0, 8760)),
    Setting("CLOCK_SLACK_SECONDS", 900, "seconds an upload may come after its row's date", _integer(0, 31_536_000)),
    Setting("MISSING_LIMIT", 1000, "with more missing objects than this, a pass tells no verdict", _integer(0, 10**9)),
    Setting("MISSING_LIMIT_PERCENT", 10, "the same, in percent of the rows that a pass saw", _integer(0, 100)),
    Setting("MISSING_GRACE_HOURS", 1, "hours between the two passes that must miss an object", _integer(0, 8760)),
    Setting("HEAD_LIMIT", 1000, "missing objects that R2 is asked for, one by one, after a pass", _integer(0, 100_000)),
    Setting("COVERAGE_HOURS", 0, "hours within which every object must have been seen; 0 is off", _integer(0, 87_600)),
    Setting(
        "CHILDREN", ["datapoints.artifact_id"], "references to remap, beside those the foreign keys declare", _children
    ),
    Setting("NOT_CHILDREN", [], "columns that look like references to artifacts but are not", _children),
    Setting(
        "LIVE_WHERE",
        None,
        "a SQL condition on `artifacts` for the rows that count; a merge keeps one of them before any other",
        _text,
    ),
    Setting(
        "DEAD_LETTER_QUEUE",
        "artifact-events-dead",
        "the queue whose messages are counted as dead, not applied",
        _queue_name,
    ),
    Setting("MAX_DELETES", 1000, "a live recovery that would delete more rows refuses", _integer(0, 1_000_000_000)),
    Setting("PLAN_HOURS", 24, "hours after which a plan that is not begun has expired", _integer(1, 720)),
    Setting("REQUIRE_PLAN", default=False, meaning="whether live recovery and undo need an approved plan", read=_flag),
    Setting("DAILY_ROWS_READ", 0, "rows that all runs of a UTC day may read; 0 sets no limit", _integer(0, 10**12)),
    Setting("DAILY_ROWS_WRITTEN", 0, "rows that all runs of a UTC day may write; 0 sets no limit", _integer(0, 10**12)),
    Setting("ALERT_WEBHOOK_URL", None, "where changes of findings and failed ticks are posted", _url),
    Setting("ALERT_WEBHOOK_SECRET", None, "key of the alerts' HMAC-SHA256 signature", _secret, secret=True),
    Setting("HEARTBEAT_URL", None, "called after every tick, `/fail` appended when it failed", _url),
    Setting(
        "STEWARD_TOKEN", None, "the bearer token that may do all; without any, routes answer 503", _secret, secret=True
    ),
    Setting("STEWARD_TOKENS", None, "further tokens, each with a name and a role", read_named_tokens, secret=True),
)


def read_settings(source: Mapping[str, object]) -> Settings:
    """Return the settings in `source` (name → raw value), with defaults where one is absent.

    Raises ConfigError naming the first setting that is unknown or malformed.
    """
    known = {setting.name: setting for setting in SETTINGS}
    for name in source:
        if name not in known:
            raise ConfigError(name, "there is no such setting.", hint=f"Remove it, or use one of {', '.join(known)}.")
    values = {s.name.lower(): s.read(s.name, source.get(s.name, s.default)) for s in SETTINGS}
    settings = Settings(**values)  # type: ignore[arg-type]  # each reader returns its field's type
    _refuse_both(settings)
    together(settings.steward_token, settings.steward_tokens)
    if settings.alert_webhook_url and not settings.alert_webhook_secret:
        raise ConfigError(
            "ALERT_WEBHOOK_SECRET",
            "ALERT_WEBHOOK_URL is set without it.",
            hint="Set the secret that signs the alerts, or remove the address.",
        )
    return settings


def _refuse_both(settings: Settings) -> None:
    """Raise ConfigError where a column is said to be a child and to be none; names are as SQLite compares them."""
    children = {(table.lower(), column.lower()) for table, column in settings.children}
    both = [
        f"{table}.{column}" for table, column in settings.not_children if (table.lower(), column.lower()) in children
    ]
    if both:
        message = f"{', '.join(both)} is in CHILDREN as well."
        raise ConfigError(
            "NOT_CHILDREN", message, hint="Set it to what refers to no artifact, or take it out of CHILDREN."
        )
