"""A batch of a queue's messages, as `ports.Delivery`, and its answer."""

from __future__ import annotations

from typing import Any, Protocol

from js import JSON, Object
from pyodide.ffi import JsException, to_js

from ports import Delivery


class Delay(Protocol):
    """When messages are delivered again."""

    def seconds(self, attempts: int) -> int:
        """Return the seconds to wait after so many deliveries."""
        ...


class QueueMessages:
    """A raw MessageBatch (the SDK's wrapper would convert every message one by one)."""

    def __init__(self, batch: Any) -> None:
        self._batch = getattr(batch, "_binding", batch)

    def delivery(self) -> Delivery:
        """Return what was delivered."""
        return Delivery(str(self._batch.queue), self._together(), self._each)

    def answer(self, again: Delay | None) -> None:
        """Acknowledge all messages, or have each delivered again."""
        if again is None:
            self._batch.ackAll()
            return
        for message in self._batch.messages:
            options = {"delaySeconds": again.seconds(int(message.attempts))}
            message.retry(to_js(options, dict_converter=Object.fromEntries))

    def _together(self) -> str | None:
        # A body may be what JSON cannot hold: a BigInt, a circle.
        try:
            return str(JSON.stringify(self._batch.messages))
        except JsException:
            return None

    def _each(self) -> list[str]:
        return [_text(message) for message in self._batch.messages]


def _text(message: Any) -> str:
    try:
        return str(JSON.stringify(message))
    except JsException as error:
        return f"what JSON cannot hold: {error}"
