"""Make docs/steward.svg anew: `make cast`. A real session of `steward` in a terminal, against a throwaway Worker."""

from __future__ import annotations

import fcntl
import io
import os
import pty
import re
import secrets
import struct
import subprocess
import sys
import tempfile
import termios
from collections.abc import Mapping

from rich._export_format import CONSOLE_SVG_FORMAT
from rich.console import Console
from rich.text import Text

from tooling.client import Steward
from tooling.harness import Config, Harness
from tooling.paths import COMMAND, ROOT
from tooling.sample import ATTIC_RULE, RULES, make_sample
from tooling.sample_loader import create_dirty_database, put_rules

PICTURE = ROOT / "docs" / "steward.svg"
COLUMNS, ROWS = 100, 40
SESSION = ("status", "recover --live --resume", "backfill --live --max-objects 3000 --slice 500", "check")
_OBJECTS = 3000
_FORMAT = re.sub(r"@font-face \{\{.*?\}\}\s*", "", CONSOLE_SVG_FORMAT, flags=re.DOTALL)
"""Rich's own, without the fonts that it loads from elsewhere: any monospaced one does."""


def main() -> int:
    """Run the session and store the picture."""
    token = secrets.token_hex(32)
    console = Console(record=True, width=COLUMNS, file=io.StringIO(), force_terminal=True, color_system="truecolor")
    with Harness(Config(vars={"STEWARD_TOKEN": token, "BACKFILL_MODE": "live"})) as harness:
        _stage(Steward(harness, token))
        with tempfile.TemporaryDirectory() as home:
            variables = {"STEWARD_URL": harness.url, "STEWARD_TOKEN": token, "HOME": home}
            for line in SESSION:
                console.print(Text.assemble(("$ ", "bold green"), (f"steward {line}", "bold")))
                for shown in settled(_run(line.split(), variables)):
                    console.print(Text.from_ansi(shown))
    PICTURE.write_text(console.export_svg(title="steward", code_format=_FORMAT, unique_id="steward"), encoding="utf-8")
    print(f"cast: {PICTURE}, {PICTURE.stat().st_size:,} bytes")
    return 0


def settled(output: str) -> list[str]:
    """Return the lines that are left on the screen, as far as a program rewrites whole lines of its own."""
    lines, at = [""], 0
    for part in re.split(r"(\r|\n|\x1b\[2K|\x1b\[1A|\x1b\[\?25[lh])", output):
        if part == "\n":
            at += 1
            lines += [""] * (at == len(lines))
        elif part == "\x1b[1A":
            at -= 1
        elif part == "\x1b[2K":
            lines[at] = ""
        elif part != "\r" and not part.startswith("\x1b[?25"):
            lines[at] += part
    return [line.rstrip() for line in lines]


def _stage(steward: Steward) -> None:
    keys = [f"reports/{number // 100}/{number:05}.{ending}" for number in range(_OBJECTS // 3) for ending in _ENDINGS]
    sample = make_sample(keys)
    create_dirty_database(steward.harness, sample)
    steward.harness.apply_migrations()
    steward.harness.r2_put((key, "body") for key in keys)
    put_rules(steward, [*RULES, ATTIC_RULE])
    steward.post("/check", mode="full")


_ENDINGS = ("pdf", "json", "md")


def _run(arguments: list[str], variables: Mapping[str, str]) -> str:
    """Return what a command writes to its terminal."""
    screen, inside = pty.openpty()
    fcntl.ioctl(inside, termios.TIOCSWINSZ, struct.pack("HHHH", ROWS, COLUMNS, 0, 0))
    environment = {"PATH": os.environ["PATH"], "PYTHONPATH": str(COMMAND / "src"), "TERM": "xterm-256color"}
    command = [sys.executable, "-m", "steward", *arguments]
    with subprocess.Popen(command, env={**environment, **variables}, stdout=inside, stderr=inside) as process:
        os.close(inside)
        found = bytearray()
        while chunk := _read(screen):
            found += chunk
        process.wait()
    os.close(screen)
    return found.decode()


def _read(screen: int) -> bytes:
    try:
        return os.read(screen, 65536)
    except OSError:  # Linux's way to say that the other end is closed
        return b""


if __name__ == "__main__":
    sys.exit(main())
