"""What each route does: read the request, call the domain, answer."""

from __future__ import annotations

from collections.abc import Awaitable, Callable
from dataclasses import asdict, dataclass
from typing import Any, Protocol

from starlette.requests import Request
from starlette.responses import JSONResponse, Response

from backfill.preview import preview
from backfill.rules import Rule, read_rules, replace_rules
from backfill.run import BackfillRequest, chosen_bucket, run_backfill
from errors import InputError
from invariants import findings
from invariants.run import run_check
from ports import Ports
from recovery.call import RecoverRequest
from recovery.guards_run import GuardsRequest, change_guards
from recovery.run import recover
from recovery.undo import undo_run
from reporting.summary import summarise
from runs import record as runs
from runs.pause import pause, read_control, resume
from settings import Settings


class Environment(Protocol):
    """Where the Worker's configuration and platform come from."""

    def token(self) -> str | None:
        """Return the bearer token, readable even where another setting is malformed."""
        ...

    def settings(self) -> Settings:
        """Return the settings, or raise ConfigError."""
        ...

    def ports(self, settings: Settings) -> Ports:
        """Return the platform, or raise ConfigError."""
        ...

    async def may_fail_again(self, client: str) -> bool:
        """Count a failed authentication of this client; False when it failed too often of late."""
        ...


@dataclass(frozen=True)
class Call:
    """One authenticated request, checked against its schemas, with what it may use."""

    settings: Settings
    ports: Ports
    body: dict[str, Any]
    query: dict[str, Any]
    path: dict[str, Any]


Handler = Callable[[Call], Awaitable[Response]]


async def healthz(_request: Request) -> Response:
    """Say that the Worker runs, and nothing else."""
    return JSONResponse({"status": "ok"})


async def post_backfill(call: Call) -> Response:
    """Do one manual backfill."""
    return JSONResponse(await run_backfill(call.ports, call.settings, BackfillRequest(**call.body)))


async def post_check(call: Call) -> Response:
    """Check every invariant; the answer is 200 whether or not they hold."""
    return JSONResponse(await run_check(call.ports, call.settings, call.body["mode"]))


async def post_recover(call: Call) -> Response:
    """Do one call of the recovery, dry or live."""
    return JSONResponse(await recover(call.ports, call.settings, RecoverRequest(**call.body)))


async def get_summary(call: Call) -> Response:
    """Answer the Artifacts Summary."""
    return JSONResponse(await summarise(call.ports, call.settings))


async def get_findings(call: Call) -> Response:
    """List findings, newest first."""
    found = await findings.list_findings(
        call.ports.database, open_only=call.query.get("open"), invariant=call.query.get("invariant")
    )
    return JSONResponse({"findings": found})


async def get_runs(call: Call) -> Response:
    """List runs, newest first; `next` is the `before` of the following page."""
    found = await runs.list_runs(call.ports.database, **call.query)
    more = len(found) == call.query["limit"]
    return JSONResponse({"runs": found, "next": found[-1]["id"] if more else None})


async def get_run(call: Call) -> Response:
    """Answer one run."""
    return JSONResponse(await runs.require_run(call.ports.database, int(call.path["run_id"])))


async def post_undo(call: Call) -> Response:
    """Take back the merges of a live recovery."""
    return JSONResponse(await undo_run(call.ports, call.settings, int(call.path["run_id"])))


async def get_rules(call: Call) -> Response:
    """List the rules in the order they are tried."""
    rule_set = await read_rules(call.ports.database)
    return JSONResponse({"rules": [asdict(rule) for rule in rule_set.rules]})


async def put_rules(call: Call) -> Response:
    """Replace all rules, and answer with those stored."""
    await replace_rules(call.ports.database, [Rule(**rule) for rule in call.body["rules"]])
    return await get_rules(call)


async def post_rules_preview(call: Call) -> Response:
    """Answer what a rule set would classify; nothing is stored."""
    rules = [Rule(**rule) for rule in call.body["rules"]]
    bucket = chosen_bucket(call.settings, call.body.get("r2_bucket"))
    return JSONResponse(await preview(call.ports, bucket, call.body["r2_prefix"], rules))


async def post_guards(call: Call) -> Response:
    """Install the guards, or lift them for some minutes."""
    request = GuardsRequest(**call.body)
    if request.lift and not (request.reason or "").strip():
        raise InputError("reason", "Guards are lifted for a reason.", hint="Say why, for who comes next.")
    given = [name for name in ("minutes", "reason") if getattr(request, name) is not None]
    if given and not request.lift:
        hint = 'Send "lift": true to lift the guards, or {} to install them.'
        raise InputError(given[0], "It says how guards are lifted, and this request does not lift them.", hint=hint)
    return JSONResponse(await change_guards(call.ports, call.settings, request))


async def post_pause(call: Call) -> Response:
    """Pause scheduled backfill."""
    await pause(call.ports.database, call.ports.clock, by="operator", reason=call.body["reason"])
    return await _pause_state(call)


async def post_resume(call: Call) -> Response:
    """End the pause."""
    await resume(call.ports.database)
    return await _pause_state(call)


async def _pause_state(call: Call) -> Response:
    control = await read_control(call.ports.database)
    names = ("paused_by", "pause_reason", "paused_at")
    return JSONResponse({"paused": control["paused_by"] is not None, **{name: control[name] for name in names}})
