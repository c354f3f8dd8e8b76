"""Measure on Cloudflare itself: `make bench-cloud`, for someone with an account.

Everything is made under a new name, measured, printed as a table to send back, and removed, also after a failure or
Ctrl-C. `make bench-cloud ARGS='--clean NAME'` removes what a run that was killed left.
"""

from __future__ import annotations

import argparse
import json
import os
import signal
import sys
import time
from collections.abc import Sequence

from bench.cloud.account import AccountError
from bench.cloud.measure import Table, measure
from bench.cloud.package import packed
from bench.cloud.stand import Stand, engines, new_name
from bench.cloud.wrangler import WranglerAccount
from bench.kept import commit
from tooling.paths import NODE_MODULES
from tooling.table import table

OBJECTS = 20_000
FEWEST = 1000
INTERRUPTED = 130


def main() -> int:
    """Measure or clean, as asked; return 1 where anything failed or is left."""
    parser = argparse.ArgumentParser(prog="make bench-cloud", description=__doc__)
    parser.add_argument("--objects", type=int, default=OBJECTS, help=f"objects to store and walk, {FEWEST} or more")
    parser.add_argument("--clean", metavar="NAME", help="only remove what the run of this name left")
    options = parser.parse_args()
    if options.objects < FEWEST:
        parser.error(f"--objects must be {FEWEST} or more")
    signal.signal(signal.SIGTERM, _interrupt)
    account = WranglerAccount(os.environ)
    try:
        account.check()
        with packed() as folder:
            stand = Stand(account, options.clean or new_name(), folder)
            return clean(stand) if options.clean else run(stand, options.objects, engines())
    except AccountError as error:
        print(error, file=sys.stderr)
        return 1


def run(stand: Stand, objects: int, with_engines: Sequence[str]) -> int:
    """Make, measure, print and remove; return 0 only where all of it was done."""
    stand.say(f"{stand.name}: whatever happens, `make bench-cloud ARGS='--clean {stand.name}'` removes all of it")
    found, code = Table(), 1
    try:
        stand.make()
        measure(stand, found, objects, with_engines)
        code = 0
    except AccountError as error:
        stand.say(f"stopped: {error}")
    except KeyboardInterrupt:
        stand.say("interrupted: removing what was made")
        code = INTERRUPTED
    finally:
        if found.rows:
            print_table(stand, found, objects)
        code = _removed(stand) or code
    return code


def clean(stand: Stand) -> int:
    """Remove what a run of this name left; return 1 where something could not be."""
    stand.take_over()
    return _removed(stand)


def print_table(stand: Stand, found: Table, objects: int) -> None:
    """Print what was measured so far, with what it was measured on."""
    with (NODE_MODULES / "wrangler" / "package.json").open(encoding="utf-8") as file:
        version = json.load(file)["version"]
    today = time.strftime("%Y-%m-%d", time.gmtime())
    stand.say(f"\n{objects:,} objects, {today}, commit {commit()}, wrangler {version}\n")
    stand.say(table(("what", "how", "found"), found.rows, indent=""))
    stand.say("")


def _removed(stand: Stand) -> int:
    try:
        left = stand.remove()
    except KeyboardInterrupt:
        stand.say(f"interrupted while removing. Go on with: make bench-cloud ARGS='--clean {stand.name}'")
        return INTERRUPTED
    for part, why in left.items():
        stand.say(f"LEFT: {part} {stand.name}: {why}")
    if left:
        stand.say(f"Try again with: make bench-cloud ARGS='--clean {stand.name}'")
        return 1
    stand.say("nothing is left in the account")
    return 0


def _interrupt(*_: object) -> None:
    raise KeyboardInterrupt


if __name__ == "__main__":
    sys.exit(main())
