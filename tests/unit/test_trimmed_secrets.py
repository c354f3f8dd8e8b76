"""White space around a secret is never meant: it is taken off and logged once by name, or refused by name."""

from __future__ import annotations

import pytest

from errors import ConfigError
from settings import read_settings, read_token
from tests.support.actions import TOKEN, Api
from tests.support.fakes import migrated_world

TEXTS = ("STEWARD_TOKEN", "ALERT_WEBHOOK_SECRET", "ALERT_WEBHOOK_URL", "HEARTBEAT_URL")
VALUES = {"STEWARD_TOKEN": "t0ken", "ALERT_WEBHOOK_SECRET": "s3cret"}
ALERTS = {"ALERT_WEBHOOK_SECRET": "s3cret", "ALERT_WEBHOOK_URL": "https://a.example/x"}


def value_of(name: str) -> str:
    return VALUES.get(name, "https://hooks.example/path?key=1")


@pytest.mark.parametrize("name", TEXTS)
@pytest.mark.parametrize("around", ["{}\n", "{}\r\n", " {}", "\t{} \n"])
def test_white_space_around_a_secret_or_an_address_is_taken_off(name: str, around: str) -> None:
    found = read_settings({**ALERTS, name: around.format(value_of(name))})
    assert getattr(found, name.lower()) == value_of(name)


@pytest.mark.parametrize("name", TEXTS)
@pytest.mark.parametrize("value", ["a\nb", "a\0b", "a\tb", "a\x7f"])
def test_a_control_character_inside_is_refused_by_name_and_the_value_is_not_shown(name: str, value: str) -> None:
    raw = value if name not in ("ALERT_WEBHOOK_URL", "HEARTBEAT_URL") else f"https://hooks.example/{value}x"
    with pytest.raises(ConfigError) as refused:
        read_settings({**ALERTS, name: raw})
    assert refused.value.name == name
    assert raw not in refused.value.sentence()


@pytest.mark.parametrize("value", ["\n", " \t "])
def test_nothing_but_white_space_is_refused_by_name(value: str) -> None:
    with pytest.raises(ConfigError, match="STEWARD_TOKEN"):
        read_token(value)


def test_an_address_with_a_space_inside_is_refused_by_name() -> None:
    with pytest.raises(ConfigError, match="HEARTBEAT_URL"):
        read_settings({"HEARTBEAT_URL": "https://beat.example/a b"})


def test_a_token_put_with_a_newline_lets_its_bearer_in() -> None:
    api = Api(migrated_world(), {"STEWARD_TOKEN": f"{TOKEN}\n"})
    assert api.json("GET", "/summary").status_code == 200
    assert api.send("GET", "/summary", None, {"Authorization": "Bearer another"}).status_code == 401


def test_a_token_that_cannot_be_meant_is_answered_503_by_name() -> None:
    answer = Api(migrated_world(), {"STEWARD_TOKEN": "two\nlines"}).json("GET", "/summary")
    assert (answer.status_code, answer.json()["setting"]) == (503, "STEWARD_TOKEN")
    assert "two\nlines" not in answer.text


def test_a_token_is_read_alike_in_both_places() -> None:
    for raw in (None, "", "t0ken", "t0ken\n", " t0ken"):
        assert read_token(raw) == read_settings({"STEWARD_TOKEN": raw}).steward_token


def test_the_trimming_is_logged_once_by_name_and_without_the_value(capsys: pytest.CaptureFixture[str]) -> None:
    read_settings({"HEARTBEAT_URL": "https://beat.example/abc\n"})
    read_settings({"HEARTBEAT_URL": "https://beat.example/abc\n"})
    assert capsys.readouterr().out.count("setting_trimmed") <= 1
