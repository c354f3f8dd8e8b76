"""Outgoing HTTP through the runtime's own `fetch`."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import pyodide_http  # type: ignore[import-untyped]  # ships no types
from js import AbortSignal
from pyodide.ffi import JsException
from workers import fetch

from errors import OverloadedError, PlatformError

# A no-op in today's workerd (it looks for XMLHttpRequest); declared for libraries that would need it.
pyodide_http.patch_all()


class FetchPoster:
    """Makes requests with `workers.fetch`."""

    async def send(self, method: str, url: str, body: str, headers: Mapping[str, str], timeout_seconds: float) -> int:
        """Make the request and return the status.

        Raises OverloadedError where no answer came in time, PlatformError where there was no connection.
        """
        signal = AbortSignal.timeout(int(timeout_seconds * 1000))
        options: dict[str, Any] = {"method": method, "headers": dict(headers), "signal": signal}
        if body:
            options["body"] = body
        try:
            response = await fetch(url, **options)
        except (JsException, OSError) as error:
            # The address may hold a secret: only the failure is reported.
            if "timeout" in str(error).lower():
                message = f"No answer to a {method} within {timeout_seconds:g} s"
                raise OverloadedError(message, hint="It may have been taken all the same.") from error
            message = f"No connection for a {method}: {error}"
            raise PlatformError(message, hint="Check the address.") from error
        return int(response.status)
