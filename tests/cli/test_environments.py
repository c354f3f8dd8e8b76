"""Which Worker is meant, and with which token."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path

import pytest

from steward.environments import Environment, config_path, read_environment
from steward.errors import CliError
from steward.exits import Exit
from tests.cli.conftest import STRONG, Operator
from tests.support.command import Started, Where

TWO = """
[staging]
url = "https://staging.example"
token = "staging-token"
[production]
url = "https://production.example/"
token_env = "PRODUCTION_TOKEN"
"""


def write(home: Path, text: str) -> dict[str, str]:
    variables = {"HOME": str(home), "PRODUCTION_TOKEN": "production-token"}
    path = config_path(variables)
    path.parent.mkdir(exist_ok=True)
    path.write_text(text)
    path.chmod(0o600)
    return variables


def test_a_named_environment_has_its_own_address_and_token(tmp_path: Path) -> None:
    variables = write(tmp_path, TWO)
    assert read_environment("staging", variables) == Environment("staging", "https://staging.example", "staging-token")
    found = read_environment("production", variables)
    assert (found.url, found.token) == ("https://production.example", "production-token")


def test_a_name_wins_over_the_variables_and_takes_nothing_of_them(tmp_path: Path) -> None:
    variables = write(tmp_path, '[bare]\nurl = "https://bare.example"') | {
        "STEWARD_URL": "https://other.example",
        "STEWARD_TOKEN": "other-token",
    }
    with pytest.raises(CliError, match="no token for bare") as refused:
        read_environment("bare", variables)
    assert refused.value.exit is Exit.NOT_AUTHENTICATED
    assert read_environment(None, variables).url == "https://other.example"


def test_the_only_environment_is_meant_and_of_two_the_default(tmp_path: Path) -> None:
    assert read_environment(None, write(tmp_path, TWO.partition("[production]")[0])).name == "staging"
    assert read_environment(None, write(tmp_path, f'default = "production"\n{TWO}')).name == "production"
    with pytest.raises(CliError, match="2 environments and no default"):
        read_environment(None, write(tmp_path, TWO))


@pytest.mark.parametrize(
    ("text", "message"),
    [
        ("nope [", "cannot be read"),
        ('[a]\ntoken = "x"', "not an environment"),
        ('[a]\nurl = 5\ntoken = "x"', "not an environment"),
        ('[a]\nurl = "https://a.example"\ntokn = "x"', "not an environment"),
        ('[a]\nurl = "ftp://a.example"\ntoken = "x"', "not one"),
        ('[a]\nurl = "https://user:secret@a.example"\ntoken = "x"', "not one"),
        ('[a]\nurl = "http://a.example"\ntoken = "x"', "read on the way"),
        ('[a]\nurl = "https://a.example"\ntoken = "two words"', "no header takes"),
        ('[a]\nurl = "https://a.example"\ntoken = "x\\u0007"', "no header takes"),
        ('[b]\nurl = "https://a.example"\ntoken = "x"', "no environment 'a'"),
    ],
)
def test_a_wrong_file_is_refused_by_what_is_wrong_without_its_secrets(tmp_path: Path, text: str, message: str) -> None:
    with pytest.raises(CliError, match=message) as refused:
        read_environment("a", write(tmp_path, text))
    assert refused.value.exit is Exit.USAGE
    assert "secret" not in str(refused.value) + refused.value.hint


def test_without_anything_it_says_what_to_write(tmp_path: Path) -> None:
    with pytest.raises(CliError, match="No Worker is named") as refused:
        read_environment(None, {"HOME": str(tmp_path)})
    assert "STEWARD_URL" in refused.value.hint


def test_a_file_that_others_can_read_is_warned_of(tmp_path: Path) -> None:
    variables = write(tmp_path, TWO)
    config_path(variables).chmod(0o644)
    assert "chmod 600" in read_environment("staging", variables).warning
    assert read_environment("production", variables).warning == ""


def test_the_command_goes_where_the_name_says(operator: Operator) -> None:
    text = f'[here]\nurl = "{operator.served.url}"\ntoken = "{STRONG}"\n[gone]\nurl = "http://127.0.0.1:1"\ntoken = "x"'
    write(operator.where.home, text)
    where = Where(operator.where.home, {})
    said = Started(where, "pause", "why", "--env", "here").finish(operator.served.turn)
    assert (said.code, "pause, live, on here (127.0.0.1" in said.err) == (0, True), said
    assert Started(where, "pause", "why", "--env", "gone").finish(operator.served.turn).code == 1
    assert Started(where, "pause", "why").finish(operator.served.turn).code == 2


def test_no_token_is_ever_printed(operator: Operator) -> None:
    shown = []
    for token in (STRONG, "wrong-but-secret", f"{STRONG} {STRONG}"):
        where = Where(operator.where.home, {"STEWARD_URL": operator.served.url, "STEWARD_TOKEN": token})
        for arguments in (("status",), ("doctor",), ("check", "--json"), ("undo", "9"), ("--help",)):
            ran = Started(where, *arguments).finish(operator.served.turn)
            shown.append(ran.out + ran.err)
    operator.served.close()
    shown.append(Started(operator.where, "status").finish().err)
    assert not any(STRONG in text or "wrong-but-secret" in text for text in shown)
    assert STRONG not in repr(Environment("a", "https://a.example", STRONG))


@pytest.mark.parametrize(
    ("variables", "actor"),
    [
        ({"STEWARD_ACTOR": "Zoë of on-call", "USER": "zoe"}, "Zo? of on-call"),
        ({"USER": "zoe"}, "zoe"),
        ({}, "operator"),
    ],
)
def test_the_worker_records_who_asks(operator: Operator, variables: dict[str, str], actor: str) -> None:
    where = Where(operator.where.home, {**operator.where.variables, **variables})
    replace(operator, where=where).run("check")
    assert operator.world.database.one("SELECT actor FROM steward_runs ORDER BY id DESC LIMIT 1") == actor
