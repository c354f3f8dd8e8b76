"""Which Worker is meant: STEWARD_URL and STEWARD_TOKEN, or a named environment of `~/.config/steward.toml`."""

from __future__ import annotations

import stat
import tomllib
from collections.abc import Mapping
from dataclasses import dataclass, field, replace
from pathlib import Path
from urllib.parse import urlsplit

from steward.errors import CliError, NotAuthenticatedError
from steward.exits import Exit
from steward.harmless import harmless

EXAMPLE = """[production]
url = "https://artifact-steward.example.workers.dev"
token_env = "PRODUCTION_TOKEN"  # or: token = "…" """

_KEYS = {"url", "token", "token_env"}
_LOCAL = {"localhost", "127.0.0.1", "::1"}


@dataclass(frozen=True)
class Environment:
    """One deployment: where it is, and the token for it alone."""

    name: str
    url: str
    token: str = field(repr=False)
    warning: str = ""
    actor: str = ""
    """Who asks, for the Worker's record; the Worker keeps it beside the token's name, which it can prove."""


def read_environment(name: str | None, variables: Mapping[str, str]) -> Environment:
    """Return the environment of that name, as `_found` does, and who asks: STEWARD_ACTOR, else the login name."""
    actor = variables.get("STEWARD_ACTOR") or variables.get("USER") or variables.get("USERNAME") or ""
    return replace(_found(name, variables), actor=actor)


def _found(name: str | None, variables: Mapping[str, str]) -> Environment:
    """Return the environment called `name`, else that of STEWARD_URL, else the file's `default` or only one.

    A token is never taken from elsewhere than its address: that would send one deployment's secret to another.
    """
    if name is None and variables.get("STEWARD_URL"):
        return _environment("STEWARD_URL", variables["STEWARD_URL"], variables.get("STEWARD_TOKEN"), "STEWARD_TOKEN")
    path = config_path(variables)
    tables = _tables(path)
    chosen = name or _default(path, tables)
    table = tables.get(chosen)
    if not isinstance(table, dict):
        known = ", ".join(sorted(name for name, found in tables.items() if isinstance(found, dict)))
        raise _wrong(
            f"There is no environment {harmless(chosen)!r} in {path}.", f"It has: {harmless(known) or 'none'}."
        )
    return _of_table(chosen, table, path, variables)


def config_path(variables: Mapping[str, str]) -> Path:
    """Return where the file is."""
    folder = variables.get("XDG_CONFIG_HOME") or Path(variables.get("HOME") or Path.home()) / ".config"
    return Path(folder) / "steward.toml"


def _tables(path: Path) -> dict[str, object]:
    try:
        return tomllib.loads(path.read_text(encoding="utf-8"))
    except FileNotFoundError:
        hint = f"Set STEWARD_URL and STEWARD_TOKEN, or write {path}:\n{EXAMPLE}"
        raise _wrong("No Worker is named.", hint) from None
    except (OSError, ValueError) as error:
        # Only the kind: the message of a broken line may quote the line, and the line may be the token's.
        raise _wrong(f"{path} cannot be read ({type(error).__name__}).", f"It looks like this:\n{EXAMPLE}") from None


def _default(path: Path, tables: Mapping[str, object]) -> str:
    given = tables.get("default")
    if isinstance(given, str):
        return given
    names = [name for name, found in tables.items() if isinstance(found, dict)]
    if len(names) != 1:
        hint = f'Name one with --env, or put default = "…" at the top. It has: {", ".join(map(harmless, names))}.'
        raise _wrong(f"{path} has {len(names)} environments and no default.", hint)
    return names[0]


def _of_table(name: str, table: Mapping[str, object], path: Path, variables: Mapping[str, str]) -> Environment:
    unknown = set(table) - _KEYS
    if unknown or not all(isinstance(value, str) for value in table.values()) or "url" not in table:
        raise _wrong(f"[{harmless(name)}] in {path} is not an environment.", f"It looks like this:\n{EXAMPLE}")
    variable = str(table.get("token_env", ""))
    token = variables.get(variable) if variable else str(table.get("token", ""))
    found = _environment(name, str(table["url"]), token, variable or f"token in {path}")
    open_to_others = "token" in table and bool(path.stat().st_mode & (stat.S_IRGRP | stat.S_IROTH))
    warning = f"others can read {path}, which holds a token: chmod 600" if open_to_others else ""
    return Environment(found.name, found.url, found.token, warning)


def _environment(name: str, url: str, token: str | None, where: str) -> Environment:
    parts = urlsplit(url.strip())
    if parts.scheme not in ("http", "https") or not parts.hostname or parts.username or parts.query or parts.fragment:
        raise _wrong(f"The address of {harmless(name)} is not one.", "Give it as https://host, without user or query.")
    if parts.scheme == "http" and parts.hostname not in _LOCAL:
        raise _wrong(
            f"The address of {harmless(name)} is http://: the token would be read on the way.", "Use https://."
        )
    token = (token or "").strip()
    if not token:
        raise NotAuthenticatedError(f"There is no token for {harmless(name)}.", hint=f"Set {harmless(where)}.")
    if not token.isascii() or not token.isprintable() or " " in token:
        raise _wrong(f"The token for {harmless(name)} holds what no header takes.", f"Set {harmless(where)} again.")
    return Environment(name, url.strip().rstrip("/"), token)


def _wrong(message: str, hint: str) -> CliError:
    return CliError(message, hint=hint, code=Exit.USAGE)
