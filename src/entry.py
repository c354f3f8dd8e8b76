"""The Worker's entry point: wiring only."""

from __future__ import annotations

from typing import Any

from workers import WorkerEntrypoint, WorkflowEntrypoint, asgi

from api.app import create_app
from bindings.configured import configured
from bindings.connect import WorkerEnvironment
from bindings.flows import WorkflowSteps
from bindings.queue import QueueMessages
from cron.tick import run_tick
from events.delivery import deliver
from flow.pass_flow import walk_by_flow

APP = create_app(WorkerEnvironment)


class TickFailedError(Exception):
    """Raised at the end of a failed tick, so that the platform's own cron log shows it as failed."""


class Default(WorkerEntrypoint):
    """The Worker."""

    async def fetch(self, request: Any) -> Any:
        """Answer an HTTP request."""
        return await asgi.fetch(APP, request.js_object, self.env)

    async def scheduled(self, controller: Any, env: Any, ctx: Any) -> None:
        """Do one tick of the cron trigger."""
        ports, settings = configured("tick_not_configured")
        outcome = await run_tick(ports, settings, str(controller.cron))
        if outcome["status"] == "failed":
            raise TickFailedError(f"tick {outcome['run_id']} failed: see GET /runs/{outcome['run_id']}")

    async def queue(self, batch: Any, env: Any, ctx: Any) -> None:
        """Take a batch of event notifications, or of dead letters."""
        ports, settings = configured("events_not_configured")
        messages = QueueMessages(batch)
        messages.answer(await deliver(ports, settings, messages.delivery()))


class PassFlow(WorkflowEntrypoint):
    """A pass over a bucket, as a Workflow."""

    async def run(self, event: Any, step: Any) -> str:
        """Walk the pass that the instance was started for."""
        return await walk_by_flow(WorkflowSteps(step), WorkerEnvironment, event["payload"])
