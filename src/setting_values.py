"""Read the raw value of a setting: each reader returns the value, or refuses it by the setting's name."""

from __future__ import annotations

import json
import re
from collections.abc import Callable, Mapping
from datetime import UTC, datetime
from typing import cast
from urllib.parse import urlsplit

import log
from errors import ConfigError


def wrong(name: str, raw: object, right: str) -> ConfigError:
    """Return the refusal of a value, which says what would be right."""
    return ConfigError(name, f"the value {json.dumps(raw, default=str)} is not valid.", hint=f"Set it to {right}.")


def decoded(raw: object) -> object:
    """Return a structured value: `[vars]` may hold it as a table or, from a dashboard, as JSON text."""
    if isinstance(raw, str):
        try:
            return json.loads(raw)
        except ValueError:
            return raw
    return raw


def integer(low: int, high: int) -> Callable[[str, object], int]:
    """Return the reader of a whole number between these two."""

    def read(name: str, raw: object) -> int:
        value = int(raw) if isinstance(raw, str) and re.fullmatch(r"\d{1,12}", raw) else raw
        if isinstance(value, float) and value.is_integer():
            value = int(value)
        if isinstance(value, bool) or not isinstance(value, int) or not low <= value <= high:
            raise wrong(name, raw, f"a whole number from {low} to {high}")
        return value

    return read


def flag(name: str, raw: object) -> bool:
    """Return true or false; raises ConfigError for anything else."""
    if not isinstance(raw, bool) and raw not in ("true", "false"):
        raise wrong(name, raw, "true or false")
    return raw in (True, "true")


def one_of(words: tuple[str, ...]) -> Callable[[str, object], str]:
    """Return the reader of one of these words."""

    def read(name: str, raw: object) -> str:
        if not isinstance(raw, str) or raw not in words:
            raise wrong(name, raw, f"one of {', '.join(json.dumps(word) for word in words)}")
        return raw

    return read


def buckets(name: str, raw: object) -> dict[str, str]:
    """Return BUCKETS from its raw value; raises ConfigError where it is none."""
    value = decoded(raw)
    right = 'a table of bucket name = "R2 binding", as in { artifacts = "ARTIFACTS" }'
    if not isinstance(value, Mapping) or not value:
        raise wrong(name, raw, right)
    for bucket, binding in value.items():
        if not bucket or not isinstance(binding, str) or not re.fullmatch(r"[A-Za-z_]\w*", binding):
            raise wrong(name, raw, right)
    return {str(bucket): str(binding) for bucket, binding in value.items()}


def children(name: str, raw: object) -> tuple[tuple[str, str], ...]:
    """Return a list of (table, column) from its raw value; raises ConfigError where it is none."""
    value = decoded(raw)
    right = 'a list of "table.column", as in ["datapoints.artifact_id"]'
    if not isinstance(value, list):
        raise wrong(name, raw, right)
    pairs = []
    for item in value:
        table, dot, column = item.rpartition(".") if isinstance(item, str) else ("", "", "")
        if not (table and dot and column):
            raise wrong(name, raw, right)
        pairs.append((table, column))
    return tuple(dict.fromkeys(pairs))


def read_by(read: Callable[[object], object]) -> Callable[[str, object], object]:
    """Return the reader of a structured value; what `read` refuses with a ValueError is refused by name."""

    def reading(name: str, raw: object) -> object:
        try:
            return read(decoded(raw))
        except ValueError as error:
            raise wrong(name, raw, str(error)) from error

    return reading


def queue_name(name: str, raw: object) -> str:
    """Return the name of a queue; raises ConfigError where it is none."""
    if not isinstance(raw, str) or not re.fullmatch(r"[a-z0-9](?:[a-z0-9-]{0,61}[a-z0-9])?", raw):
        raise wrong(name, raw, "the name of a queue: up to 63 lower-case letters, digits and hyphens")
    return raw


def trimmed(name: str, raw: object) -> object:
    """Return a text without the white space around it, as `echo token | wrangler secret put` leaves it.

    Raises ConfigError where there is a control character inside, or nothing else. A value that was
    trimmed is logged once, by its name.
    """
    if not isinstance(raw, str) or raw == "":
        return raw
    kept = raw.strip()
    if not kept or any(ord(sign) < _SPACE or ord(sign) == _DELETE for sign in kept):
        hint = f"Set it again: printf %s VALUE | npx wrangler secret put {name}"
        raise ConfigError(name, "the value is empty or holds a control character.", hint=hint)
    if kept != raw and name not in _TOLD:
        _TOLD.add(name)
        log.write(datetime.now(UTC), "warn", "setting_trimmed", setting=name)
    return kept


_TOLD: set[str] = set()
"""The settings whose white space was logged by this isolate."""

_SPACE, _DELETE = 32, 127


def secret(name: str, raw: object) -> str | None:
    """Return a secret from its raw value, None where it is not set; raises ConfigError as `trimmed` does."""
    return text(name, trimmed(name, raw))


def url(name: str, raw: object) -> str | None:
    """Return an address, None where it is not set; raises ConfigError where it is none, without showing it."""
    if raw is None or raw == "":
        return None
    raw = trimmed(name, raw)
    parts = urlsplit(raw) if isinstance(raw, str) and not re.search(r"\s", raw) else None
    if parts is None or parts.scheme not in ("http", "https") or not parts.hostname:
        # The address may carry a secret in its path or query, so it is not shown.
        raise ConfigError(
            name, "the value is not an address.", hint="Set it to an http:// or https:// URL, or remove it."
        )
    return cast(str, raw)


def text(name: str, raw: object) -> str | None:
    """Return a text, None where it is not set; raises ConfigError where it is none."""
    if raw is None or raw == "":
        return None
    if not isinstance(raw, str):
        raise ConfigError(name, "the value is not text.", hint="Set it to a text, or remove it.")
    return raw
