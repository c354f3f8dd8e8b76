"""Who is let in, as whom, and for what: bearer tokens with a role each, failing closed."""

from __future__ import annotations

import hashlib
import hmac
from collections.abc import Sequence
from ipaddress import IPv6Address, IPv6Network, ip_address

from starlette.requests import Request

from api.calls import Environment
from errors import ConfigError, InputError, StewardError
from ports import Asker
from tokens import WORK, Token
from words import Role

ACTOR_HEADER = "X-Steward-Actor"
MAX_ACTOR_CHARACTERS = 100

_NETWORK_BITS = 64
"""Who has one IPv6 address has the network of it: each of them would else be a client of its own."""


class NotAuthenticatedError(StewardError):
    """The bearer token is missing or wrong; the answer does not say which."""


class TooManyFailuresError(StewardError):
    """The client failed to authenticate too often of late."""


class ForbiddenError(StewardError):
    """The token is right, and its role too small: `role` is the one needed."""

    def __init__(self, token: Token, role: Role) -> None:
        message = f'This needs the role "{role}"; the token of {token.name} has "{token.role}".'
        super().__init__(message, hint="Use a token with that role: see STEWARD_TOKENS in docs/configuration.md.")
        self.role = role


async def let_in(request: Request, environment: Environment) -> Token:
    """Return the token that the request carries, or raise; failures are counted, and a right token is never kept out.

    Raises TooManyFailuresError in place of NotAuthenticatedError where there were too many.
    """
    try:
        return authenticate(request, environment.tokens())
    except NotAuthenticatedError as error:
        if await environment.may_fail_again(client_of(request)):
            raise
        message = "Wrong tokens were sent too often."
        raise TooManyFailuresError(message, hint="Wait a minute.") from error


def authenticate(request: Request, tokens: Sequence[Token]) -> Token:
    """Return the token that the request carries.

    Raises ConfigError where none is configured, NotAuthenticatedError otherwise. Both sides are hashed first, so that
    a comparison takes the same time whatever the length, and every token is compared, whichever is the right one.
    """
    if not tokens:
        hint = "Set it with: npx wrangler secret put STEWARD_TOKEN"
        raise ConfigError("STEWARD_TOKEN", "the secret is not set, so nothing is served.", hint=hint)
    given = next((value for name, value in request.scope["headers"] if name == b"authorization"), b"")
    scheme, _, credentials = given.partition(b" ")
    sent = _hash(credentials)
    same = [token for token in tokens if hmac.compare_digest(sent, _hash(token.value.encode()))]
    if scheme.lower() != b"bearer" or not same:
        raise NotAuthenticatedError(
            "The bearer token is missing or wrong.", hint="Send the header Authorization: Bearer <STEWARD_TOKEN>."
        )
    return same[0]


def permit(token: Token, role: Role) -> None:
    """Raise ForbiddenError where the token's role is too small."""
    if not token.may(role):
        raise ForbiddenError(token, role)


def asked_by(request: Request, token: Token) -> Asker:
    """Return who asks: whom the header names, without what no name holds, or else whose token it is.

    Raises InputError where it names a run's own work, whose pause only that work ends.
    """
    raw = next((value for name, value in request.scope["headers"] if name == ACTOR_HEADER.lower().encode()), b"")
    printable = (sign if sign.isprintable() else " " for sign in raw.decode(errors="replace"))
    actor = " ".join("".join(printable).split())[:MAX_ACTOR_CHARACTERS].strip()
    if actor.lower() in WORK:
        raise InputError(ACTOR_HEADER, f"{actor} is the name of a run's own work.", hint="Send a person's name.")
    return Asker(actor or token.name, token.name)


def client_of(request: Request) -> str:
    """Return whose failures are counted together.

    Cloudflare sets `cf-connecting-ip` itself on what comes from outside. A Worker's own fetch may say anything there,
    and carries `cf-worker`: those are one client, and so are all that come without an address.
    """
    if "cf-worker" in request.headers:
        return "worker"
    try:
        address = ip_address(request.headers.get("cf-connecting-ip", ""))
    except ValueError:
        return "unknown"
    if isinstance(address, IPv6Address):
        return str(IPv6Network((int(address), _NETWORK_BITS), strict=False))
    return str(address)


def _hash(value: bytes) -> bytes:
    return hashlib.sha256(value).digest()
