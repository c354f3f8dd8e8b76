"""The cloud bench's account by the real wrangler, which asks an API on this machine: its words, ids and answers."""

from __future__ import annotations

import os
import signal
import subprocess
import sys
import time
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from typing import Any

import pytest

from bench.cloud.__main__ import INTERRUPTED
from bench.cloud.account import Account, AccountError, GoneError, Part
from bench.cloud.package import packed
from bench.cloud.stand import Stand, new_name, parts
from bench.cloud.wrangler import WranglerAccount
from tests.support.cloud_account import MemoryAccount
from tests.support.cloudflare_api import ACCOUNT, Answer, CloudflareApi, served
from tooling.paths import ROOT

NAME = new_name()
BENCH = [sys.executable, "-m", "bench.cloud"]
WITHOUT = {name: value for name, value in os.environ.items() if not name.startswith("CLOUDFLARE_")}


@pytest.fixture
def api() -> CloudflareApi:
    return CloudflareApi()


@pytest.fixture
def login(api: CloudflareApi) -> Iterator[dict[str, str]]:
    with served(api) as url:
        yield {**WITHOUT, "CLOUDFLARE_API_BASE_URL": url, "CLOUDFLARE_API_TOKEN": "made-up"}


@pytest.fixture
def real(login: dict[str, str]) -> WranglerAccount:
    return WranglerAccount({**login, "CLOUDFLARE_ACCOUNT_ID": ACCOUNT})


@pytest.fixture
def folder() -> Iterator[Path]:
    with packed() as found:
        yield found


@pytest.fixture(params=["in memory", "wrangler"])
def account(request: pytest.FixtureRequest, real: WranglerAccount) -> Account:
    return MemoryAccount() if request.param == "in memory" else real


def test_a_part_that_is_not_there_is_gone_and_no_failure(account: Account) -> None:
    def is_gone(part: Part) -> bool:
        with pytest.raises(GoneError):
            account.remove(part, NAME)
        return True

    with ThreadPoolExecutor(4) as pool:
        assert all(pool.map(is_gone, Part))


def test_a_stand_is_made_deployed_and_removed(account: Account, api: CloudflareApi, folder: Path) -> None:
    stand = Stand(account, NAME, folder, say=lambda _: None, sleep=lambda _: None)
    stand.make()
    assert all(stand.ids[part] for part in (Part.DATABASE, Part.NAMESPACE))
    if isinstance(account, WranglerAccount):
        assert stand.url == f"https://{NAME}.someone.workers.dev"
        assert len([kind for kind, names in api.names.items() if names]) == len(parts())
    assert stand.remove() == {}
    assert {kind for kind, names in api.names.items() if names} == set()


def test_a_refusal_is_a_failure_in_its_own_words(api: CloudflareApi, real: WranglerAccount) -> None:
    api.refuses = (10008, "The bucket you tried to delete is not empty")
    with pytest.raises(AccountError, match="not empty") as raised:
        real.remove(Part.BUCKET, NAME)
    assert not isinstance(raised.value, GoneError)


class Interrupting(CloudflareApi):
    """Sends Ctrl-C, as a terminal does: to all of the bench's group, just before it makes the KV namespace."""

    group = 0

    def answer(self, method: str, path: str, query: dict[str, list[str]], body: dict[str, Any]) -> Answer:
        """Answer after the signal."""
        if (method, path.rpartition("/")[2]) == ("POST", "namespaces"):
            os.killpg(self.group, signal.SIGINT)
            time.sleep(5)  # longer than the removal takes that must not overtake it
        return super().answer(method, path, query, body)


def test_ctrl_c_waits_for_wrangler_and_what_it_made_is_removed() -> None:
    api = Interrupting()
    with served(api) as url:
        account = {"CLOUDFLARE_API_BASE_URL": url, "CLOUDFLARE_API_TOKEN": "made-up", "CLOUDFLARE_ACCOUNT_ID": ACCOUNT}
        with subprocess.Popen(  # noqa: S603  # our own module
            BENCH, cwd=ROOT, env={**WITHOUT, **account, "PYTHONPATH": "src:."}, stdout=subprocess.PIPE, process_group=0
        ) as bench:
            api.group = bench.pid
            said, _ = bench.communicate()
    assert bench.returncode == INTERRUPTED
    assert said.decode().splitlines()[-5:] == [
        "making: KV namespace",
        "interrupted: removing what was made",
        "removed: KV namespace",
        "removed: database",
        "nothing is left in the account",
    ]
    assert not any(api.names.values())


def test_without_an_account_it_says_what_to_do() -> None:
    nobody = {**WITHOUT, "HOME": "/nonexistent", "XDG_CONFIG_HOME": "/nonexistent", "PYTHONPATH": "src:."}
    done = subprocess.run(BENCH, cwd=ROOT, env=nobody, capture_output=True, text=True, check=False)  # noqa: S603  # ours
    assert (done.returncode, done.stdout) == (1, "")
    assert done.stderr.startswith("bench-cloud needs a Cloudflare account, and none is logged in. Set CLOUDFLARE_API_")


def test_a_login_with_several_accounts_must_name_one(api: CloudflareApi, login: dict[str, str]) -> None:
    api.accounts = [{"id": "1" * 32, "name": "mine"}]
    WranglerAccount(login).check()
    api.accounts.append({"id": "2" * 32, "name": "my employer's"})
    with pytest.raises(AccountError, match=r"Set CLOUDFLARE_ACCOUNT_ID to one of: 1+ \(mine\), 2+ "):
        WranglerAccount(login).check()
