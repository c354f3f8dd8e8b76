"""The tokens that let somebody in: the one that may do all, and those with a name and a role.

A message about a token names its place in the secret, never what it holds.
"""

from __future__ import annotations

import re
from collections.abc import Sequence
from dataclasses import dataclass, field

from errors import ConfigError
from words import ROLES, Role

LONG, VARIED = 32, 10
"""Characters of a named token, and different ones among them: `openssl rand -hex 32` has 64 and about 16."""

OPERATOR = "operator"
"""The name of STEWARD_TOKEN."""

WORK = ("recovery", "undo")
"""Who paused where a run did: no person has these names."""

_NAME = re.compile(r"[A-Za-z0-9][A-Za-z0-9._@-]{0,63}")
_VALUE = re.compile(r"[\x21-\x7e]+")
_RIGHT = (
    "entries NAME:ROLE:TOKEN with white space between them: a name of up to 64 letters, digits and . _ @ -, one of "
    f"{', '.join(ROLES)}, and {LONG} random characters or more (openssl rand -hex 32)"
)


@dataclass(frozen=True)
class Token:
    """A token, whose it is, and what it may do. Two of one name are valid at once, so one can replace the other."""

    name: str
    role: Role
    value: str = field(repr=False)

    def may(self, needed: Role) -> bool:
        """Tell whether the role is enough."""
        return ROLES.index(self.role) >= ROLES.index(needed)


def read_named_tokens(name: str, raw: object) -> tuple[Token, ...]:
    """Return the tokens of STEWARD_TOKENS from its raw value; raises ConfigError naming the entry that is wrong."""
    if raw is None or raw == "":
        return ()
    if not isinstance(raw, str):
        raise _wrong(name, "the value is not text.")
    entries = raw.split()
    if not entries:
        raise _wrong(name, "the value is empty.")
    tokens = [_entry(name, place, text) for place, text in enumerate(entries, start=1)]
    for place, token in enumerate(tokens, start=1):
        before = tokens[: place - 1]
        if any(one.value == token.value for one in before):
            raise _wrong(name, f"entry {place} has the token of one before it.")
        if any(one.name == token.name and one.role != token.role for one in before):
            raise _wrong(name, f"entry {place} gives {token.name} another role than one before it.")
    return tuple(tokens)


def together(operator: str | None, named: Sequence[Token]) -> tuple[Token, ...]:
    """Return STEWARD_TOKEN, where there is one, and the named tokens; raises ConfigError where one is both."""
    if operator is None:
        return tuple(named)
    if any(token.value == operator for token in named):
        raise _wrong("STEWARD_TOKENS", "an entry has the token of STEWARD_TOKEN, which may do all.")
    return (Token(OPERATOR, ROLES[-1], operator), *named)


def _entry(name: str, place: int, text: str) -> Token:
    owner, _, rest = text.partition(":")
    said, _, value = rest.partition(":")
    role = next((role for role in ROLES if role == said), None)
    if role is None or not _NAME.fullmatch(owner) or not _VALUE.fullmatch(value):
        raise _wrong(name, f"entry {place} is not NAME:ROLE:TOKEN.")
    if owner.lower() in WORK:
        raise _wrong(name, f"entry {place} has a name that runs have.")
    if len(value) < LONG or len(set(value)) < VARIED:
        raise _wrong(name, f"the token of entry {place} can be guessed: it is short, or the same few characters again.")
    return Token(owner, role, value)


def _wrong(name: str, message: str) -> ConfigError:
    return ConfigError(name, message, hint=f"Set it to {_RIGHT}.")
