"""What a deployment is called and which colour it shows, so that production is not mistaken for staging."""

from __future__ import annotations

import re
from dataclasses import dataclass

from errors import ConfigError

_RIGHT = 'a name of up to 40 characters, and a colour if you like, as in "production:#b00020"'
_TEXT = re.compile(r"(?P<name>[^:]{1,40})(?::(?P<colour>#[0-9a-fA-F]{6}))?")


@dataclass(frozen=True)
class Deployment:
    """A name, and a colour as `#rrggbb` or None."""

    name: str
    colour: str | None


def read_deployment(name: str, raw: object) -> Deployment | None:
    """Return the deployment that ENVIRONMENT names, None where it is not set; raises ConfigError for anything else."""
    if raw is None or raw == "":
        return None
    found = _TEXT.fullmatch(raw) if isinstance(raw, str) and raw.isprintable() else None
    if found is None or found["name"] != found["name"].strip():
        raise ConfigError(name, f"the value {str(raw)[:80]!r} is not valid.", hint=f"Set it to {_RIGHT}.")
    return Deployment(found["name"], found["colour"] and found["colour"].lower())
