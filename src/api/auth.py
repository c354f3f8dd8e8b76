"""Bearer authentication that fails closed."""

from __future__ import annotations

import hashlib
import hmac

from starlette.requests import Request

from errors import ConfigError, StewardError


class NotAuthenticatedError(StewardError):
    """The bearer token is missing or wrong; the answer does not say which."""


class TooManyFailuresError(StewardError):
    """The client failed to authenticate too often of late."""


def authenticate(request: Request, token: str | None) -> None:
    """Return where the request carries `token`.

    Raises ConfigError where no token is configured, NotAuthenticatedError otherwise. Both sides are hashed first, so
    that the comparison takes the same time whatever the length.
    """
    if not token:
        hint = "Set it with: npx wrangler secret put STEWARD_TOKEN"
        raise ConfigError("STEWARD_TOKEN", "the secret is not set, so nothing is served.", hint=hint)
    given = next((value for name, value in request.scope["headers"] if name == b"authorization"), b"")
    scheme, _, credentials = given.partition(b" ")
    matches = hmac.compare_digest(_hash(credentials), _hash(token.encode()))
    if scheme.lower() != b"bearer" or not matches:
        raise NotAuthenticatedError(
            "The bearer token is missing or wrong.", hint="Send the header Authorization: Bearer <STEWARD_TOKEN>."
        )


def _hash(value: bytes) -> bytes:
    return hashlib.sha256(value).digest()
