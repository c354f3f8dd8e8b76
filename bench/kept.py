"""Keep what was measured in one file: a part of it for each part, with its date, command and commit."""

from __future__ import annotations

import json
import platform
import subprocess
import time
from pathlib import Path

from bench.verdicts import Results
from tooling.paths import ROOT


def keep(path: Path, part: str, command: str, results: Results) -> None:
    """Put one part in place of what the file holds of it; the other parts stay as they are."""
    parts = _parts(path)
    parts[part] = {
        "at": time.strftime("%Y-%m-%dT%H:%M:%SZ", time.gmtime()),
        "command": command,
        "commit": commit(),
        "machine": f"{platform.machine()}, {platform.system()}",
        "holds": results.report(),
        "figures": results.figures,
    }
    fresh = path.with_suffix(".new")
    fresh.write_text(json.dumps({"parts": parts}, indent=2, ensure_ascii=False) + "\n", encoding="utf-8")
    fresh.replace(path)  # in one step: a bench that is killed here must not cost the other parts


def commit() -> str:
    """Return the commit that is checked out, "+" after it where files differ from it; "unknown" without git."""
    named, changed = _git("rev-parse", "--short=12", "HEAD"), _git("status", "--porcelain")
    if named is None:
        return "unknown"
    return named + ("+" if changed else "")


def _git(*arguments: str) -> str | None:
    try:
        done = subprocess.run(["git", *arguments], cwd=ROOT, capture_output=True, text=True, check=True)
    except (OSError, subprocess.CalledProcessError):
        return None
    return done.stdout.strip()


def _parts(path: Path) -> dict[str, object]:
    try:
        content = json.loads(path.read_text(encoding="utf-8"))
    except FileNotFoundError:
        return {}
    found = content.get("parts", {})
    return dict(found) if isinstance(found, dict) else {}
