"""`make run`: the real Worker on this machine, with a dirty sample the first time, until Ctrl-C.

The state folder outlives it: database, bucket, KV, and the token. A sample that was interrupted is made anew; a state
that this program did not begin is only migrated and served.
"""

import argparse
import secrets
import shutil
import signal
import socket
import sys
import time
from collections.abc import Sequence
from contextlib import closing
from dataclasses import dataclass
from pathlib import Path
from types import FrameType
from typing import Any, Protocol

from tooling.client import Steward, UnexpectedAnswerError
from tooling.harness import Config, Harness, HarnessError
from tooling.notifications import LocalNotifications, quick_consumers
from tooling.reports import backfill_table, check_table
from tooling.sample import Sample, make_sample
from tooling.sample_loader import create_dirty_database, put_rules, store_objects
from tooling.table import number, table
from tooling.trees import Files, files_of, installed_files

HOST = "127.0.0.1"
TICK_URL = "/cdn-cgi/handler/scheduled?cron=*/15+*+*+*+*"
"""The local runtime's own way to fire a cron trigger; there is no such address in production."""

_UNFINISHED = "sample-unfinished"
_TOKEN = "token"  # noqa: S105  # a file's name
_LOOK_EVERY_SECONDS = 0.5
_NOTIFY_EVERY_SECONDS = 2
_LONGEST_SECONDS = 86_400
_SIGNALS = (signal.SIGINT, signal.SIGTERM)


class RunError(Exception):
    """It cannot run as asked; the message says why and what to do."""


class Cron(Protocol):
    """What fires the cron handler."""

    def scheduled(self) -> str:
        """Fire it once, and return its outcome."""
        ...


class Fired(Protocol):
    """A Worker whose cron can be fired, and which says what its last tick did."""

    @property
    def harness(self) -> Cron:
        """What fires it."""
        ...

    def last_tick(self) -> dict[str, Any]:
        """Return the last tick's run."""
        ...


@dataclass(frozen=True)
class Options:
    """What the command line asks for."""

    port: int
    state: Path
    sample: bool
    files: Path | None
    tick_every: int = 0
    """Seconds between two firings of the cron; 0 for none."""


def read_options(arguments: Sequence[str]) -> Options:
    """Return the options, or end the program with what is wrong with them."""
    parser = argparse.ArgumentParser(prog="make run", description="Serve the Worker on this machine.")
    parser.add_argument("--port", type=_port, default=8787)
    parser.add_argument("--state", type=Path, default=Path(".wrangler/state"))
    parser.add_argument("--sample", choices=("0", "1"), default="1")
    parser.add_argument("--files", type=_folder)
    parser.add_argument("--tick-every", type=_seconds, default=60)
    given = parser.parse_args(arguments)
    return Options(given.port, given.state, given.sample == "1", given.files, given.tick_every)


def _port(text: str) -> int:
    if not text.isdecimal() or not 1 <= int(text) < 2**16:
        raise argparse.ArgumentTypeError(f"{text!r} is not a port: give a number from 1 to {2**16 - 1}")
    return int(text)


def _seconds(text: str) -> int:
    if not text.isdecimal() or int(text) > _LONGEST_SECONDS:
        raise argparse.ArgumentTypeError(
            f"{text!r} is not a time: give whole seconds up to {_LONGEST_SECONDS}, 0 for off"
        )
    return int(text)


def _folder(text: str) -> Path:
    if not Path(text).is_dir():
        raise argparse.ArgumentTypeError(f"there is no folder {text!r}")
    return Path(text)


def main(arguments: Sequence[str]) -> int:
    """Run until Ctrl-C and return the exit code."""
    for number_of_signal in _SIGNALS:
        signal.signal(number_of_signal, _interrupt)
    try:
        _run(read_options(arguments))
    except KeyboardInterrupt:
        print("\nrun: stopped")
    except (RunError, HarnessError, UnexpectedAnswerError) as error:
        print(f"run: {error}", file=sys.stderr)
        return 1
    return 0


def _interrupt(_signal: int, _frame: FrameType | None) -> None:
    """Stop once: a second Ctrl-C must not cut the closing short."""
    for number_of_signal in _SIGNALS:
        signal.signal(number_of_signal, signal.SIG_IGN)
    raise KeyboardInterrupt


def _run(options: Options) -> None:
    refuse_port_in_use(options.port)
    fill = _is_to_be_filled(options)
    token = read_token(options.state)
    if fill:
        (options.state / _UNFINISHED).touch()
    print(f"run: starting the Worker on the {'new ' if fill else ''}state in {options.state}", flush=True)
    variables = {"STEWARD_TOKEN": token, "BACKFILL_MODE": "live"}
    config = Config(vars=variables, queues=quick_consumers(), port=options.port)
    with Harness(config, state=options.state) as harness:
        steward = Steward(harness, token)
        if fill:
            _begin_with_sample(steward, options)
        else:
            _migrate(harness)
            wake_flows(steward)
        _serve(steward, options.state, options.tick_every)


def _is_to_be_filled(options: Options) -> bool:
    """Tell whether a sample is to be made; raises RunError where FILES was given and none is."""
    fill = is_new(options.state) and options.sample
    if options.files and not fill:
        message = f"FILES fills a new state with a sample, and {options.state} is not new"
        raise RunError(f"{message}: name another STATE" if options.sample else "FILES and SAMPLE=0 exclude each other")
    return fill


def refuse_port_in_use(port: int) -> None:
    """Raise RunError where another program listens on the port."""
    with closing(socket.socket()) as probe:
        probe.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        try:
            probe.bind((HOST, port))
        except OSError as error:
            raise RunError(f"port {port} cannot be used ({error.strerror}): try make run PORT={port + 1}") from None


def is_new(state: Path) -> bool:
    """Tell whether the state is to be filled: it is empty, or the sample in it was interrupted (then it is emptied)."""
    if state.exists() and not state.is_dir():
        raise RunError(f"STATE={state} is a file: name a folder")
    if (state / _UNFINISHED).exists():
        print("run: the sample was interrupted last time: making it anew")
        shutil.rmtree(state)
    return not state.exists() or not any(path.name != _TOKEN for path in state.iterdir())


def read_token(state: Path) -> str:
    """Return the state's own token, made the first time; readable by this user only."""
    state.mkdir(parents=True, exist_ok=True)
    path = state / _TOKEN
    if not path.exists():
        path.touch(mode=0o600)
        path.write_text(f"local-{secrets.token_hex(8)}\n")
    return path.read_text().strip()


def _migrate(harness: Harness) -> None:
    applied = harness.apply_migrations()
    print(f"  migrations applied: {', '.join(applied) or 'none, all were there'}")


def wake_flows(steward: Steward) -> None:
    """Let the flows of passes under way go on, as production's engine does by itself."""
    for one in steward.get("/summary")["passes"]:
        if one.get("engine") == "workflow" and one["state"] == "under way" and one["instance"]:
            steward.harness.flow_wake(one["instance"])
            print(f"  the flow {one['instance']} goes on from its last step")


def _begin_with_sample(steward: Steward, options: Options) -> None:
    _fill(steward, files_of(options.files) if options.files else installed_files())
    (options.state / _UNFINISHED).unlink()
    fire_tick(steward)
    _explain_refusal(steward)


def _fill(steward: Steward, files: Files) -> None:
    harness, sample = steward.harness, make_sample(key for key, _ in files.found)
    print("run: a sample: an old database, dirty on purpose, and its bucket")
    create_dirty_database(harness, sample)
    print(f"  {number(len(sample.artifacts))} artifacts, {number(len(sample.datapoints))} datapoints, no unique index")
    _migrate(harness)
    steward.post("/guards")
    _fill_bucket(harness, files, sample)
    put_rules(steward)
    print("\n" + table(("made wrong on purpose", "rows"), sample.summary(_keys(harness))) + "\n")


def _fill_bucket(harness: Harness, files: Files, sample: Sample) -> None:
    started = time.monotonic()
    stored = store_objects(harness, files.found, sample)
    print(f"  {number(stored)} objects stored in R2 in {time.monotonic() - started:.1f} s, from {files.origin}")
    if files.passed_over:
        print(f"  {number(files.passed_over)} files passed over: too large, a link, or a name that R2 does not take")


def _keys(harness: Harness) -> list[str]:
    return [found["key"] for found in harness.r2_list()]


def fire_tick(steward: Steward) -> None:
    """Fire the cron handler and print what its run recorded."""
    print("run: firing the cron once, as Cloudflare does every 15 minutes")
    outcome = steward.harness.scheduled()
    run = steward.last_tick()
    counts = run["counts"]
    print("\n" + table(*check_table(counts["check"].get("invariants", []))))
    walked = {
        name: report for name, report in counts["backfill"].items() if isinstance(report, dict) and "scanned" in report
    }
    if walked:
        print("\n" + table(*backfill_table(walked.items())))
    print(f"\n  tick: run {run['id']} {run['status']}; the cron handler's outcome: {outcome}")
    for line in (run["error"] or "").splitlines():
        print(f"  {line}")


def _explain_refusal(steward: Steward) -> None:
    """Say what to do where live backfill waits for the unique index."""
    buckets = steward.last_tick()["counts"]["backfill"].values()
    if any(isinstance(bucket, dict) and bucket.get("refused") == "unique_index" for bucket in buckets):
        losers = steward.harness.d1(_LOSERS).rows[0]["n"]
        print("\n  That is the sample's doing. See what recovery would do, then let it:\n")
        print("  .venv/bin/steward recover")
        print(f"  .venv/bin/steward recover --live --max-deletes {losers}")
        print("\n  Its answer names what a person must settle: keys without a rule, datapoints without an artifact.")
        print(
            "  make demo shows both being settled. Until then it leaves backfill paused; steward resume ends the pause."
        )


_LOSERS = (
    "SELECT count(*) - (SELECT count(*) FROM (SELECT DISTINCT r2_bucket, r2_key FROM artifacts)) AS n FROM artifacts"
)


def _serve(steward: Steward, state: Path, every: int) -> None:
    harness, fired = steward.harness, time.monotonic()
    print(f"\nrun: serving on {harness.url} (Ctrl-C stops it; the state stays in {state})\n")
    print(f"  page   {harness.url}  (asks for the token once)")
    print(f"  token  {steward.token}")
    print(f"  shell  export STEWARD_URL={harness.url} STEWARD_TOKEN={steward.token}")
    print("         .venv/bin/steward status")
    print(f"  tick   curl -s '{harness.url}{TICK_URL}'")
    print("  put    PATH=.venv/bin:$PATH node_modules/.bin/wrangler r2 object put artifacts/KEY --file FILE --local \\")
    print(f"           --persist-to {state}  # its row follows")
    fires = f"The cron fires every {every} s" if every else "No cron fires (TICK_EVERY=0)"
    print(f"\n{fires}. What the Worker logs:", flush=True)
    harness.clear_logs()
    shown, notifications, looked = 0, LocalNotifications(harness), time.monotonic()
    while True:
        lines = harness.logs()
        for line in lines[shown:]:
            print(line.message.rstrip(), flush=True)
        shown = len(lines)
        if time.monotonic() - looked >= _NOTIFY_EVERY_SECONDS:
            notifications.look()
            looked = time.monotonic()
        if every and time.monotonic() - fired >= every:
            fired = time.monotonic()
            fire_once(steward)
        time.sleep(_LOOK_EVERY_SECONDS)


def fire_once(steward: Fired) -> None:
    """Fire the cron handler once, and print one line about it; a tick that fails is shown and ends nothing."""
    outcome = steward.harness.scheduled()
    run = steward.last_tick()
    print(
        f"run: cron fired: run {run['id']} {run['status']}, outcome {outcome}: {run['error'] or 'no error'}", flush=True
    )


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
