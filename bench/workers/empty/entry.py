"""The smallest Python Worker: what a start costs before any of our code."""

from __future__ import annotations

from typing import Any

from workers import Response, WorkerEntrypoint


class Default(WorkerEntrypoint):
    """Answers everything and ticks for nothing."""

    async def fetch(self, request: Any) -> Any:
        """Answer."""
        return Response("ok")

    async def scheduled(self, controller: Any, env: Any, ctx: Any) -> None:
        """Do nothing."""
