"""The Worker's entry point: wiring only."""

from __future__ import annotations

from typing import Any

from workers import WorkerEntrypoint, WorkflowEntrypoint, asgi

from api.app import create_app
from bindings.configured import configured
from bindings.connect import WorkerEnvironment
from bindings.flows import WorkflowSteps
from bindings.queue import QueueMessages
from cron.profiles import tick_all
from events.profiles import deliver_all
from flow.pass_flow import walk_by_flow
from profiles.apart import PARAM

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
        settings, connect = configured("tick_not_configured")
        ticked = await tick_all(settings, connect, str(controller.cron))
        if ticked.failed:
            raise TickFailedError("; ".join(ticked.failed))

    async def queue(self, batch: Any, env: Any, ctx: Any) -> None:
        """Take a batch of event notifications, or of dead letters."""
        settings, connect = configured("events_not_configured")
        messages = QueueMessages(batch)
        messages.answer(await deliver_all(settings, connect, messages.delivery()))


class PassFlow(WorkflowEntrypoint):
    """A pass over a bucket, as a Workflow."""

    async def run(self, event: Any, step: Any) -> str:
        """Walk the pass that the instance was started for."""
        params = event["payload"]
        return await walk_by_flow(WorkflowSteps(step), lambda: WorkerEnvironment(params.get(PARAM)), params)
