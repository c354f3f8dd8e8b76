"""Read the Worker's configuration once into one frozen value.

`SETTINGS` is the only list of settings: name, default, meaning and reader; documentation and tests are tied to it.
A name that is not in it, and a value that is not right, are refused by name.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Mapping
from dataclasses import dataclass, replace

from deployment import Deployment, read_deployment
from errors import ConfigError, InputError
from limits import LIMITS, PlanLimits
from naming.declared import Declared, read_declared
from naming.names import TABLE, Names, read_names
from setting_values import (
    buckets,
    children,
    decoded,
    flag,
    integer,
    one_of,
    queue_name,
    read_by,
    secret,
    text,
    url,
    wrong,
)
from tokens import Token, read_named_tokens, together
from words import BACKFILL_MODES, PASS_ENGINES, PLAN_NAMES, WORKFLOW, BackfillMode, PassEngine, PlanName


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
    tables: Names
    children: tuple[tuple[str, str], ...]
    not_children: tuple[tuple[str, str], ...]
    live_where: str | None
    dead_letter_queue: str
    max_deletes: int
    plan_limits: PlanName
    plan_hours: int
    require_plan: bool
    daily_rows_read: int
    daily_rows_written: int
    alert_webhook_url: str | None
    alert_webhook_secret: str | None
    heartbeat_url: str | None
    environment: Deployment | None
    steward_token: str | None
    steward_tokens: tuple[Token, ...]
    profiles: tuple[Declared, ...]
    profile: str | None = None
    """The profile that these are the settings of; None where there is only one database."""
    database: str = "DB"
    """The binding of its D1 database."""
    tick_share: int = 1
    """How many profiles share the queries of a tick."""
    beside: tuple[Settings, ...] = ()
    """The settings of every profile, in their order, this one's among them; none where there is only one database."""

    @property
    def all(self) -> tuple[Settings, ...]:
        """The settings of each profile, or these alone."""
        return self.beside or (self,)

    def of_profile(self, name: str | None) -> Settings:
        """Return the settings of a profile, of the first where none is named; raises InputError where there is none."""
        found = [one for one in self.all if name in (None, one.profile)]
        if found:
            return replace(found[0], beside=self.beside)
        known = ", ".join(str(one.profile) for one in self.beside)
        hint = f"Use one of {known}." if known else "PROFILES declares none: leave it out."
        raise InputError("profile", f"There is no profile {name!r}.", hint=hint, status=404)

    @property
    def by_flow(self) -> bool:
        """Whether passes are walked by flows; a dry pass stores no progress that a flow could continue."""
        return self.has_flows and self.backfill_mode == "live"

    @property
    def limits(self) -> PlanLimits:
        """What an invocation and a day may use."""
        return LIMITS[self.plan_limits]

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


def read_token(raw: object) -> str | None:
    """Return STEWARD_TOKEN from its raw value, None where it is not set; raises ConfigError as `trimmed` does."""
    return secret("STEWARD_TOKEN", raw)


def read_tokens(raw: object, named: object) -> tuple[Token, ...]:
    """Return every token that is let in, from the raw values of STEWARD_TOKEN and STEWARD_TOKENS.

    Raises ConfigError where one is malformed, or both hold the same token.
    """
    return together(read_token(raw), read_named_tokens("STEWARD_TOKENS", named))


SETTINGS: tuple[Setting, ...] = (
    Setting("BUCKETS", {"artifacts": "ARTIFACTS"}, "bucket name as stored in `r2_bucket` → R2 binding", buckets),
    Setting("BACKFILL_MODE", "dry", "what cron does: `off`, `dry` or `live`", one_of(BACKFILL_MODES)),
    Setting("TICK_MAX_OBJECTS", 20000, "objects listed per tick, over all buckets", integer(1, 1_000_000)),
    Setting("TICK_SECONDS", 20, "no new page starts after this many seconds of a tick", integer(1, 840)),
    Setting("WALK_LANES", 4, "ranges of a bucket that are listed at once, 1 to 6", integer(1, 6)),
    Setting("PASS_ENGINE", "cron", "what walks a live pass: `cron` or `workflow`", one_of(PASS_ENGINES)),
    Setting("FLOW_STEPS", 1000, "steps after which a flow hands over to its successor", integer(1, 9000)),
    Setting("PASS_INTERVAL_HOURS", 24, "hours between the end of a pass and the next", integer(0, 8760)),
    Setting("FULL_CHECK_HOURS", 24, "hours after which a tick runs a full check again", integer(0, 8760)),
    Setting("CLOCK_SLACK_SECONDS", 900, "seconds an upload may come after its row's date", integer(0, 31_536_000)),
    Setting("MISSING_LIMIT", 1000, "with more missing objects than this, a pass tells no verdict", integer(0, 10**9)),
    Setting("MISSING_LIMIT_PERCENT", 10, "the same, in percent of the rows that a pass saw", integer(0, 100)),
    Setting("MISSING_GRACE_HOURS", 1, "hours between the two passes that must miss an object", integer(0, 8760)),
    Setting("HEAD_LIMIT", 1000, "missing objects that R2 is asked for, one by one, after a pass", integer(0, 100_000)),
    Setting("COVERAGE_HOURS", 0, "hours within which every object must have been seen; 0 is off", integer(0, 87_600)),
    Setting("TABLES", {}, "word → what the database calls it, for `artifacts` and its columns", read_by(read_names)),
    Setting(
        "CHILDREN", ["datapoints.artifact_id"], "references to remap, beside those the foreign keys declare", children
    ),
    Setting("NOT_CHILDREN", [], "columns that look like references to artifacts but are not", children),
    Setting(
        "LIVE_WHERE",
        None,
        "a SQL condition on `artifacts` for the rows that count; a merge keeps one of them before any other",
        text,
    ),
    Setting(
        "DEAD_LETTER_QUEUE",
        "artifact-events-dead",
        "the queue whose messages are counted as dead, not applied",
        queue_name,
    ),
    Setting("MAX_DELETES", 1000, "a live recovery that would delete more rows refuses", integer(0, 1_000_000_000)),
    Setting("PLAN_LIMITS", "paid", "whose limits are kept: the `paid` or the `free` plan's", one_of(PLAN_NAMES)),
    Setting("PLAN_HOURS", 24, "hours after which a plan that is not begun has expired", integer(1, 720)),
    Setting(
        "REQUIRE_PLAN", default=False, meaning="whether live recovery, forget and undo need an approved plan", read=flag
    ),
    Setting("DAILY_ROWS_READ", 0, "rows that all runs of a UTC day may read; 0: its plan's", integer(0, 10**12)),
    Setting("DAILY_ROWS_WRITTEN", 0, "rows that all runs of a UTC day may write; 0: its plan's", integer(0, 10**12)),
    Setting("ALERT_WEBHOOK_URL", None, "where changes of findings and failed ticks are posted", url),
    Setting("ALERT_WEBHOOK_SECRET", None, "key of the alerts' HMAC-SHA256 signature", secret, secret=True),
    Setting("HEARTBEAT_URL", None, "called after every tick, `/fail` appended when it failed", url),
    Setting(
        "ENVIRONMENT", None, "what the page calls this deployment, and its colour: `name:#rrggbb`", read_deployment
    ),
    Setting(
        "STEWARD_TOKEN", None, "the bearer token that may do all; without any, routes answer 503", secret, secret=True
    ),
    Setting("STEWARD_TOKENS", None, "further tokens, each with a name and a role", read_named_tokens, secret=True),
    Setting(
        "PROFILES", [], "several databases, each with its binding and what it has of its own", read_by(read_declared)
    ),
)


def read_settings(source: Mapping[str, object]) -> Settings:
    """Return the settings in `source` (name → raw value), with defaults where one is absent; of the first profile.

    Raises ConfigError naming the first setting that is unknown or malformed.
    """
    whole = _gathered(source)
    settings = _read_one(whole)
    if not settings.profiles:
        return settings
    beside = tuple(_read_profile(whole, one) for one in settings.profiles)
    return replace(beside[0], beside=beside)


def _gathered(source: Mapping[str, object]) -> dict[str, object]:
    """Return the raw values with what PROFILES_2, PROFILES_3 … say added to PROFILES: a variable holds 5 KB."""
    further = sorted(
        (name for name in source if re.fullmatch(r"PROFILES_\d{1,3}", name)), key=lambda name: int(name[9:])
    )
    whole = {name: value for name, value in source.items() if name not in further}
    for name in further:
        more, known = decoded(source[name]), decoded(whole.get("PROFILES", []))
        if not isinstance(more, list) or not isinstance(known, list):
            raise wrong(name, source[name], "a list that continues PROFILES")
        whole["PROFILES"] = [*known, *more]
    return whole


_OTHER_TABLES: dict[str, object] = {"CHILDREN": [], "NOT_CHILDREN": [], "LIVE_WHERE": None}
"""What names columns of the Worker's own tables holds for no profile that has others."""


def _read_profile(source: Mapping[str, object], profile: Declared) -> Settings:
    """Return the settings of a profile: its own before those of the Worker."""
    try:
        own = {**source, **(_OTHER_TABLES if "TABLES" in profile.own else {}), **profile.own}
        return replace(_read_one(own), profile=profile.name, database=profile.database)
    except ConfigError as error:
        raise ConfigError("PROFILES", f"{profile.name}: {error}", hint=error.hint) from error


def _read_one(source: Mapping[str, object]) -> Settings:
    """Return the settings of one database."""
    known = {setting.name: setting for setting in SETTINGS}
    for name in source:
        if name not in known:
            raise ConfigError(name, "there is no such setting.", hint=f"Remove it, or use one of {', '.join(known)}.")
    values = {s.name.lower(): s.read(s.name, source.get(s.name, s.default)) for s in SETTINGS}
    settings = Settings(**values)  # type: ignore[arg-type]  # each reader returns its field's type
    if settings.tables.table != TABLE and "CHILDREN" not in source:
        settings = replace(settings, children=())  # The default names a table of the migrations.
    _refuse_other_bucket(settings)
    _refuse_both(settings)
    if settings.has_flows and settings.limits.queries < LIMITS["paid"].queries:
        hint = 'Set it to "cron", or PLAN_LIMITS to "paid".'
        raise ConfigError("PASS_ENGINE", "the free plan's queries are too few for a flow.", hint=hint)
    together(settings.steward_token, settings.steward_tokens)
    if settings.alert_webhook_url and not settings.alert_webhook_secret:
        raise ConfigError(
            "ALERT_WEBHOOK_SECRET",
            "ALERT_WEBHOOK_URL is set without it.",
            hint="Set the secret that signs the alerts, or remove the address.",
        )
    return settings


def _refuse_other_bucket(settings: Settings) -> None:
    """Raise ConfigError where one value stands for the bucket, and another bucket is walked."""
    stands = settings.tables.of("r2_bucket")
    if stands.own is None and list(settings.buckets) != [stands.value]:
        message = f"r2_bucket is always {stands.value!r}, and BUCKETS names {', '.join(settings.buckets)}."
        raise ConfigError("TABLES", message, hint="Let BUCKETS name just that bucket.")


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
