from __future__ import annotations

import json
import tomllib
from pathlib import Path

import pytest

from errors import ConfigError, InputError
from settings import SETTINGS, read_settings

WRANGLER = tomllib.loads((Path(__file__).parents[2] / "wrangler.toml").read_text(encoding="utf-8"))

WEBHOOK = {"ALERT_WEBHOOK_URL": "https://example.com/hook", "ALERT_WEBHOOK_SECRET": "s"}

OF_A_PROFILE = ("profile", "database", "tick_share", "beside")

WRONG: list[tuple[str, object]] = [
    ("BUCKETS", None),
    ("BUCKETS", ""),
    ("BUCKETS", "artifacts"),
    ("BUCKETS", "{"),
    ("BUCKETS", "[]"),
    ("BUCKETS", {}),
    ("BUCKETS", []),
    ("BUCKETS", {"": "ARTIFACTS"}),
    ("BUCKETS", {"artifacts": ""}),
    ("BUCKETS", {"artifacts": "NOT A NAME"}),
    ("BUCKETS", {"artifacts": 1}),
    ("BUCKETS", {"artifacts": None}),
    ("BACKFILL_MODE", ""),
    ("BACKFILL_MODE", "Live"),
    ("BACKFILL_MODE", "live "),
    ("BACKFILL_MODE", True),
    ("BACKFILL_MODE", None),
    ("BACKFILL_MODE", ["live"]),
    ("TICK_MAX_OBJECTS", 0),
    ("TICK_MAX_OBJECTS", -1),
    ("TICK_MAX_OBJECTS", 1.5),
    ("TICK_MAX_OBJECTS", "many"),
    ("TICK_MAX_OBJECTS", "1e3"),
    ("TICK_MAX_OBJECTS", " 10"),
    ("TICK_MAX_OBJECTS", True),
    ("TICK_MAX_OBJECTS", None),
    ("TICK_MAX_OBJECTS", 10**9),
    ("TICK_MAX_OBJECTS", float("nan")),
    ("TICK_MAX_OBJECTS", float("inf")),
    ("TICK_SECONDS", 0),
    ("TICK_SECONDS", 901),
    ("WALK_LANES", 0),
    ("WALK_LANES", 7),
    ("PASS_ENGINE", "workflows"),
    ("PASS_ENGINE", "Cron"),
    ("PASS_ENGINE", None),
    ("PASS_ENGINE", ["cron"]),
    ("FLOW_STEPS", 0),
    ("FLOW_STEPS", 10_000),
    ("FLOW_STEPS", "all"),
    ("PASS_INTERVAL_HOURS", -1),
    ("PASS_INTERVAL_HOURS", "24h"),
    ("CLOCK_SLACK_SECONDS", -1),
    ("MISSING_LIMIT", "many"),
    ("MISSING_LIMIT_PERCENT", 101),
    ("MISSING_GRACE_HOURS", 0.5),
    ("HEAD_LIMIT", 100_001),
    ("COVERAGE_HOURS", []),
    ("FULL_CHECK_HOURS", -1),
    ("FULL_CHECK_HOURS", {}),
    ("DEAD_LETTER_QUEUE", ""),
    ("DEAD_LETTER_QUEUE", "Dead"),
    ("DEAD_LETTER_QUEUE", "-dead"),
    ("DEAD_LETTER_QUEUE", "d" * 64),
    ("DEAD_LETTER_QUEUE", 1),
    ("LIVE_WHERE", 1),
    ("LIVE_WHERE", ["deleted_at IS NULL"]),
    ("MAX_DELETES", -1),
    ("MAX_DELETES", "all"),
    ("PLAN_LIMITS", "bundled"),
    ("PLAN_LIMITS", ""),
    ("PLAN_LIMITS", None),
    ("PLAN_HOURS", 0),
    ("PLAN_HOURS", "a day"),
    ("REQUIRE_PLAN", "yes"),
    ("REQUIRE_PLAN", 1),
    ("REQUIRE_PLAN", []),
    ("DAILY_ROWS_READ", -1),
    ("DAILY_ROWS_READ", "5e9"),
    ("DAILY_ROWS_WRITTEN", 10**13),
    ("DAILY_ROWS_WRITTEN", None),
    ("CHILDREN", None),
    ("CHILDREN", "datapoints.artifact_id"),
    ("CHILDREN", {}),
    ("CHILDREN", ["datapoints"]),
    ("CHILDREN", [".artifact_id"]),
    ("CHILDREN", ["datapoints."]),
    ("CHILDREN", [1]),
    ("NOT_CHILDREN", ["datapoints"]),
    ("TABLES", "files"),
    ("TABLES", ["files"]),
    ("TABLES", {"table": "files"}),
    ("TABLES", {"artifacts": ""}),
    ("TABLES", {"artifacts": 1}),
    ("TABLES", {"artifacts": "steward_runs"}),
    ("TABLES", {"artifacts": "literal:files"}),
    ("TABLES", {"id": "r2_key"}),
    ("TABLES", {"id": "Key", "r2_key": "kEY"}),
    ("TABLES", {"id": "a\0b"}),
    ("TABLES", {"id": "literal:1"}),
    ("TABLES", {"r2_key": "literal:k"}),
    ("TABLES", {"r2_bucket": "literal:"}),
    ("TABLES", {"source_type": "literal:"}),
    ("TABLES", {"source_type": "literal: Unknown"}),
    ("TABLES", {"fetched_at": "literal:2026"}),
    ("PROFILES", {}),
    ("PROFILES", ["media"]),
    ("PROFILES", [{"name": "media"}]),
    ("PROFILES", [{"name": "Media", "database": "DB"}]),
    ("PROFILES", [{"name": "media", "database": "no binding"}]),
    ("PROFILES", [{"name": "media", "database": "DB", "STEWARD_TOKEN": "x"}]),
    ("PROFILES", [{"name": "a", "database": "DB"}, {"name": "a", "database": "DB2"}]),
    ("PROFILES", [{"name": "a", "database": "DB"}, {"name": "b", "database": "DB"}]),
    ("NOT_CHILDREN", ["Datapoints.artifact_ID"]),
    ("ALERT_WEBHOOK_URL", "example.com/hook"),
    ("ALERT_WEBHOOK_URL", "ftp://example.com"),
    ("ALERT_WEBHOOK_URL", "https://"),
    ("ALERT_WEBHOOK_URL", 1),
    ("ALERT_WEBHOOK_SECRET", 1),
    ("HEARTBEAT_URL", "javascript:alert(1)"),
    ("HEARTBEAT_URL", {}),
    ("ENVIRONMENT", 1),
    ("ENVIRONMENT", {"name": "production"}),
    ("ENVIRONMENT", ":#b00020"),
    ("ENVIRONMENT", "production:"),
    ("ENVIRONMENT", "production:red"),
    ("ENVIRONMENT", "production:#b0002"),
    ("ENVIRONMENT", "production #b00020:"),
    ("ENVIRONMENT", " production"),
    ("ENVIRONMENT", "p" * 41),
    ("ENVIRONMENT", "prod\u202euction"),
    ("ENVIRONMENT", "production\n"),
    ("STEWARD_TOKENS", 1),
    ("STEWARD_TOKENS", ["ci:read:0123456789abcdef0123456789abcdef"]),
    ("STEWARD_TOKENS", " "),
    ("STEWARD_TOKENS", "0123456789abcdef0123456789abcdef"),
    ("STEWARD_TOKENS", "ci:read"),
    ("STEWARD_TOKENS", "ci:admin:0123456789abcdef0123456789abcdef"),
    ("STEWARD_TOKENS", ":read:0123456789abcdef0123456789abcdef"),
    ("STEWARD_TOKENS", "c/i:read:0123456789abcdef0123456789abcdef"),
    ("STEWARD_TOKENS", "Recovery:read:0123456789abcdef0123456789abcdef"),
    ("STEWARD_TOKENS", "ci:read:0123456789abcdef0123456789abcde"),
    ("STEWARD_TOKENS", "ci:read:" + "abc" * 20),
    ("STEWARD_TOKENS", "ci:read:0123456789abcdef0123456789abcdef\0"),
    ("STEWARD_TOKENS", "a:read:0123456789abcdef0123456789abcdef b:read:0123456789abcdef0123456789abcdef"),
    ("STEWARD_TOKENS", "a:read:0123456789abcdef0123456789abcdef a:operate:f123456789abcdef0123456789abcdef"),
    ("STEWARD_TOKEN", 1),
    ("STEWARD_TOKEN", {"a": "b"}),
]


def test_nothing_configured_gives_the_documented_defaults() -> None:
    settings = read_settings({})
    assert settings.buckets == {"artifacts": "ARTIFACTS"}
    assert settings.backfill_mode == "dry"
    assert settings.tick_max_objects == 20000
    assert settings.tick_seconds == 20
    assert settings.pass_interval_hours == 24
    assert settings.full_check_hours == 24
    assert settings.children == (("datapoints", "artifact_id"),)
    assert settings.max_deletes == 1000
    assert settings.alert_webhook_url is None
    assert settings.heartbeat_url is None
    assert settings.steward_token is None


def test_the_vars_of_wrangler_toml_are_the_defaults() -> None:
    assert WRANGLER["vars"] == {setting.name: setting.default for setting in SETTINGS if setting.default is not None}


def test_every_setting_fills_the_field_of_its_name() -> None:
    fields = read_settings({}).__dict__.keys()
    assert [*(setting.name.lower() for setting in SETTINGS), *OF_A_PROFILE] == list(fields)


@pytest.mark.parametrize(("name", "value"), WRONG)
def test_a_malformed_value_is_refused_by_name_and_says_what_would_be_right(name: str, value: object) -> None:
    with pytest.raises(ConfigError) as refused:
        read_settings({name: value})
    assert refused.value.name == name
    assert str(refused.value).startswith(f"{name}: ")
    assert refused.value.hint.startswith("Set it to ")


def test_every_setting_has_a_malformed_value_in_this_list() -> None:
    assert {name for name, _ in WRONG} == {setting.name for setting in SETTINGS}


@pytest.mark.parametrize("name", ["BUCKET", "buckets", "TICK_MAX_OBJECT", "", "tick_seconds "])
def test_an_unknown_setting_is_refused_by_name(name: str) -> None:
    with pytest.raises(ConfigError, match="there is no such setting") as refused:
        read_settings({name: 1})
    assert refused.value.name == name


@pytest.mark.parametrize("setting", [s for s in SETTINGS if s.default is not None], ids=lambda s: s.name)
def test_a_value_given_as_json_text_means_the_same(setting: object) -> None:
    name, default = getattr(setting, "name", ""), getattr(setting, "default", None)
    text = default if isinstance(default, str) else json.dumps(default)
    assert read_settings({name: text}) == read_settings({})


def test_values_other_than_the_defaults_are_read() -> None:
    settings = read_settings(
        {
            "BUCKETS": {"a": "A", "naïve bucket": "B_2"},
            "BACKFILL_MODE": "off",
            "TICK_MAX_OBJECTS": "1",
            "CHILDREN": '["a.b", "schema.c.d", "a.b"]',
            "PASS_INTERVAL_HOURS": 0.0,
            **WEBHOOK,
        }
    )
    assert settings.buckets == {"a": "A", "naïve bucket": "B_2"}
    assert settings.backfill_mode == "off"
    assert settings.tick_max_objects == 1
    assert settings.children == (("a", "b"), ("schema.c", "d"))
    assert settings.pass_interval_hours == 0
    assert settings.alert_webhook_url == WEBHOOK["ALERT_WEBHOOK_URL"]


def test_no_children_beside_the_foreign_keys_is_a_right_value() -> None:
    assert read_settings({"CHILDREN": []}).children == ()


def test_an_empty_address_or_secret_counts_as_none() -> None:
    settings = read_settings({"HEARTBEAT_URL": "", "STEWARD_TOKEN": ""})
    assert settings.heartbeat_url is None
    assert settings.steward_token is None


def test_a_webhook_without_its_secret_is_refused() -> None:
    with pytest.raises(ConfigError) as refused:
        read_settings({"ALERT_WEBHOOK_URL": WEBHOOK["ALERT_WEBHOOK_URL"]})
    assert refused.value.name == "ALERT_WEBHOOK_SECRET"


@pytest.mark.parametrize("name", ["ALERT_WEBHOOK_URL", "HEARTBEAT_URL", "STEWARD_TOKEN", "ALERT_WEBHOOK_SECRET"])
def test_a_refused_secret_is_not_shown(name: str) -> None:
    with pytest.raises(ConfigError) as refused:
        read_settings({name: ["hunter2"]})
    assert "hunter2" not in refused.value.sentence()


def test_the_bucket_that_one_value_stands_for_is_the_one_that_is_walked() -> None:
    tables = {"r2_bucket": "literal:raw"}
    assert read_settings({"TABLES": tables, "BUCKETS": {"raw": "RAW"}}).tables.of("r2_bucket").own is None
    for buckets in ({"other": "RAW"}, {"raw": "RAW", "other": "OTHER"}):
        with pytest.raises(ConfigError, match="BUCKETS names") as refused:
            read_settings({"TABLES": tables, "BUCKETS": buckets})
        assert refused.value.name == "TABLES"


def test_another_table_has_none_of_the_children_of_the_default() -> None:
    assert read_settings({"TABLES": {"artifacts": "files"}}).children == ()
    assert read_settings({"TABLES": {"artifacts": "files"}, "CHILDREN": ["a.b"]}).children == (("a", "b"),)
    assert read_settings({"TABLES": {"id": "uuid"}}).children == (("datapoints", "artifact_id"),)


PROFILES: list[dict[str, object]] = [
    {"name": "first", "database": "DB"},
    {"name": "media", "database": "MEDIA", "BUCKETS": {"m": "M"}, "TABLES": {"artifacts": "files"}, "MAX_DELETES": 5},
]


def test_a_profile_has_its_own_settings_before_those_of_the_worker() -> None:
    settings = read_settings({"PROFILES": PROFILES, "MAX_DELETES": 7, "CHILDREN": ["datapoints.artifact_id"]})
    media = settings.of_profile("media")
    assert [one.profile for one in settings.all] == [one.profile for one in media.all] == ["first", "media"]
    assert (settings.profile, settings.database, settings.max_deletes) == ("first", "DB", 7)
    assert (media.database, media.buckets, media.max_deletes, media.children) == ("MEDIA", {"m": "M"}, 5, ())
    assert settings.of_profile(None) == settings


def test_a_profile_that_is_not_there_is_refused_with_those_that_are() -> None:
    with pytest.raises(InputError, match="no profile 'other'") as refused:
        read_settings({"PROFILES": PROFILES}).of_profile("other")
    assert (refused.value.status, refused.value.hint) == (404, "Use one of first, media.")
    with pytest.raises(InputError) as none:
        read_settings({}).of_profile("other")
    assert none.value.hint == "PROFILES declares none: leave it out."


def test_what_is_wrong_in_a_profile_is_refused_by_its_name() -> None:
    with pytest.raises(ConfigError, match=r"PROFILES: media: MAX_DELETES: ") as refused:
        read_settings({"PROFILES": [{**PROFILES[1], "MAX_DELETES": -1}]})
    assert refused.value.name == "PROFILES"


def test_profiles_may_be_spread_over_several_variables_of_five_kilobytes() -> None:
    parts = {f"PROFILES_{number}": json.dumps([{"name": f"p{number}", "database": f"D{number}"}]) for number in (10, 2)}
    settings = read_settings({"PROFILES": PROFILES, **parts})
    assert [one.profile for one in settings.all] == ["first", "media", "p2", "p10"]
    with pytest.raises(ConfigError) as refused:
        read_settings({"PROFILES_2": "media"})
    assert refused.value.name == "PROFILES_2"
