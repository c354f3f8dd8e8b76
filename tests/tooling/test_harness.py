"""The harness: a real Python Worker with real bindings, whose state survives being killed."""

from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from datetime import UTC, datetime
from pathlib import Path

import pytest

from tooling.fill import fill
from tooling.harness import Config, Harness, HarnessError

pytestmark = pytest.mark.worker

ENTRY = """
import asyncio
from workers import Response, WorkerEntrypoint

class Default(WorkerEntrypoint):
    async def fetch(self, request):
        rows = await self.env.DB.prepare("SELECT count(*) AS n FROM sqlite_master WHERE name = 'things'").all()
        if request.url.endswith("/slow"):
            await asyncio.sleep(60)
        print("asked", request.url.split("/")[-1])
        return Response(f"{rows.results[0].n} {self.env.BACKFILL_MODE}", headers={"x-made-by": "python"})

    async def scheduled(self, controller, env, ctx):
        await self.env.STATE.put("cron", f"{controller.cron} {int(controller.scheduledTime)}")
"""
MIGRATION = """-- Returns nothing; the things of this test.
CREATE TABLE things (name TEXT);
CREATE TRIGGER no_empty BEFORE INSERT ON things WHEN NEW.name = ''
BEGIN
    SELECT RAISE(ABORT, 'a thing needs a name; this one has none');
END;
"""
ODD_KEYS = ["Ünï/\u00e9", "Ünï/e\u0301", "a\n\"'%_*?[", "emoji/🎉", "folder/"]


@pytest.fixture(scope="module")
def entry(tmp_path_factory: pytest.TempPathFactory) -> Path:
    path = tmp_path_factory.mktemp("worker") / "entry.py"
    path.write_text(ENTRY)
    return path


@pytest.fixture(scope="module")
def harness(entry: Path) -> Iterator[Harness]:
    with Harness(Config(main=entry, vars={"BACKFILL_MODE": "live"}, r2=("OTHER",))) as started:
        yield started


def test_a_request_reaches_the_worker_with_the_vars_given(harness: Harness) -> None:
    reply = harness.fetch("GET", "/hello")
    assert (reply.status, reply.headers["x-made-by"]) == (200, "python")
    assert reply.text.endswith(" live")
    assert any(line.message == "asked hello" for line in harness.logs())


def test_requests_of_several_threads_are_answered_each(harness: Harness) -> None:
    with ThreadPoolExecutor(8) as pool:
        replies = list(pool.map(lambda n: harness.fetch("GET", f"/{n}"), range(16)))
    assert {reply.status for reply in replies} == {200}


def test_cron_fires_with_its_expression_and_time(harness: Harness) -> None:
    assert harness.scheduled("0 0 * * *", datetime(2026, 1, 2, tzinfo=UTC)) == "ok"
    assert harness.kv_get("cron") == "0 0 * * * 1767312000000"


def test_kv_values_come_and_go(harness: Harness) -> None:
    harness.kv_put("k/1", "é")
    assert (harness.kv_get("k/1"), harness.kv_list("k/")) == ("é", ["k/1"])
    harness.kv_delete("k/1")
    assert harness.kv_get("k/1") is None


def test_keys_come_back_byte_for_byte(harness: Harness) -> None:
    harness.r2_put(((key, "body") for key in ODD_KEYS), binding="OTHER")
    listed = [found["key"] for found in harness.r2_list(binding="OTHER")]
    assert listed == sorted(ODD_KEYS, key=str.encode)
    harness.r2_delete(ODD_KEYS, binding="OTHER")
    assert harness.r2_list(binding="OTHER") == []


def test_files_are_stored_whole(harness: Harness, tmp_path: Path) -> None:
    (tmp_path / "file").write_bytes(bytes(range(256)))
    harness.r2_put_files([("file", tmp_path / "file")])
    assert [found["size"] for found in harness.r2_list("file")] == [256]


def test_more_than_one_page_is_listed(harness: Harness) -> None:
    harness.r2_put((f"many/{number:04}", "") for number in range(1001))
    assert len(harness.r2_list("many/")) == 1001


def test_a_filled_bucket_lists_like_any_other(harness: Harness) -> None:
    fill(harness, (f"filled/{number}" for number in range(3)))
    harness.r2_put([("filled/2", "longer than the copies")])
    assert [(found["key"], found["size"]) for found in harness.r2_list("filled/")] == [
        ("filled/0", 4),
        ("filled/1", 4),
        ("filled/2", 22),
    ]


def test_refusals_carry_the_runtime_s_words(harness: Harness) -> None:
    with pytest.raises(HarnessError, match="no such table: nowhere"):
        harness.d1("SELECT * FROM nowhere")
    with pytest.raises(HarnessError, match="no binding NONE; there are WORKER, DB"):
        harness.d1("SELECT 1", binding="NONE")


def test_state_survives_a_kill(entry: Path, tmp_path: Path) -> None:
    migrations = tmp_path / "migrations"
    migrations.mkdir()
    (migrations / "0001_things.sql").write_text(MIGRATION)
    with Harness(Config(main=entry), state=tmp_path / "state") as harness:
        assert harness.apply_migrations(migrations) == ["0001_things.sql"]
        assert harness.apply_migrations(migrations) == []
        written = harness.d1_batch([("INSERT INTO things VALUES (?1)", [name]) for name in ("a", "b")])
        assert [rows.meta["changes"] for rows in written] == [1, 1]
        with pytest.raises(HarnessError, match="a thing needs a name; this one has none"):
            harness.d1("INSERT INTO things VALUES ('')")
        harness.r2_put([("kept", "body")])
        with ThreadPoolExecutor(1) as pool:
            in_flight = pool.submit(harness.fetch, "GET", "/slow")
            harness.fetch("GET", "/counted")
            harness.kill()
        assert "the runtime is gone" in str(in_flight.exception())
        with pytest.raises(HarnessError, match="not running"):
            harness.fetch("GET", "/counted")
        harness.start()
        assert harness.d1("SELECT name FROM things ORDER BY name").rows == [{"name": "a"}, {"name": "b"}]
        assert [found["key"] for found in harness.r2_list()] == ["kept"]
        assert harness.fetch("GET", "/counted").text == "1 dry"


def test_every_call_in_flight_ends_when_the_runtime_dies_though_a_new_call_comes_meanwhile(entry: Path) -> None:
    with Harness(Config(main=entry)) as harness:
        node = harness._running()
        slow: dict[str, object] = {"method": "GET", "path": "/slow", "headers": {}, "body": None}
        in_flight = [node.call("fetch", slow) for _ in range(3)]
        late: list[str] = []

        def call_again(_: object) -> None:
            try:
                node.call("fetch", slow)
            except HarnessError as error:
                late.append(str(error))

        in_flight[0].add_done_callback(call_again)
        harness.kill()
        ended = [str(one.exception(timeout=10)) for one in in_flight]
    assert all("the runtime is gone" in text for text in [*ended, *late]), (ended, late)
    assert len(late) == 1


def test_a_worker_that_cannot_be_imported_says_why(tmp_path: Path) -> None:
    (tmp_path / "entry.py").write_text("import no_such_module\n")
    with pytest.raises(HarnessError, match=r"did not start(.|\n)*No module named 'no_such_module'"):
        Harness(Config(main=tmp_path / "entry.py")).start()
