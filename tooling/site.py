"""Build the documentation as a site in .cache/site: `make docs`.

mkdocs has an environment of its own: nothing else here needs it, and set-up stays as short as it is.
"""

from __future__ import annotations

import os
import subprocess
import sys

from tooling.paths import CACHE, ROOT
from tooling.setup import SetupError, Step, run_all

VENV = CACHE / "docs"
SITE = CACHE / "site"
LOCK = ROOT / "docs" / "site.lock"
PYTHON = VENV / ("Scripts" if os.name == "nt" else "bin") / "python"


def steps() -> tuple[Step, ...]:
    """Return the steps that bring mkdocs here."""
    return (
        Step(
            name="docs-venv",
            what="virtual environment for the documentation (.cache/docs)",
            program=getattr(sys, "_base_executable", sys.executable),
            arguments=("-m", "venv", "--clear", str(VENV)),
            inputs=(),
            output=PYTHON,
            hint="This Python has no working venv module. On Debian or Ubuntu: apt-get install python3-venv",
        ),
        Step(
            name="docs",
            what="mkdocs (pip)",
            program=str(PYTHON),
            arguments=("-m", "pip", "install", "--disable-pip-version-check", "--require-hashes", "-r", str(LOCK)),
            inputs=(LOCK,),
            output=PYTHON.with_name("mkdocs"),
            hint="pip could not install docs/site.lock. It needs PyPI or a mirror of it (pip config set "
            "global.index-url ...)",
        ),
    )


def main() -> int:
    """Build the site; a link that leads nowhere fails it."""
    try:
        run_all(steps())
    except SetupError as error:
        print(f"docs: {error}", file=sys.stderr)
        return 1
    quiet = {**os.environ, "NO_MKDOCS_2_WARNING": "1"}
    arguments = [str(PYTHON), "-m", "mkdocs", "build", "--strict", "--quiet", "--site-dir", str(SITE)]
    built = subprocess.run(arguments, cwd=ROOT, env=quiet, check=False)
    if built.returncode == 0:
        print(f"docs: {SITE / 'index.html'}")
    return built.returncode


if __name__ == "__main__":
    sys.exit(main())
