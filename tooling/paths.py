"""Where things are: one place, so that every tool agrees.

Imports nothing but the standard library, because `setup.py` runs before anything is installed.
"""

import os
from pathlib import Path

ROOT = Path(__file__).resolve().parent.parent
CACHE = ROOT / ".cache"
VENV = ROOT / ".venv"
NODE_MODULES = ROOT / "node_modules"
PYTHON_MODULES = ROOT / "python_modules"
COMMAND = ROOT / "cli"
"""The operator's command, a package of its own."""
WORKERD = ROOT / "tooling" / "workerd"
BUNDLE_LINK = CACHE / "bundle"
"""The folder of the bundle in use; `tooling/workerd` hands it to the runtime."""


def venv_bin() -> Path:
    """Return the folder of the virtual environment's programs."""
    return VENV / ("Scripts" if os.name == "nt" else "bin")


def path_with_venv() -> str:
    """Return a PATH on which the virtual environment's node, npm and uv come first."""
    return os.pathsep.join([str(venv_bin()), os.environ.get("PATH", os.defpath)])
