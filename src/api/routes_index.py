"""What each route about the index of objects does: backfill, and the rules."""

from __future__ import annotations

from dataclasses import asdict

from starlette.responses import JSONResponse, Response

from api.calls import Call
from backfill.preview import preview
from backfill.request import BackfillRequest, chosen_bucket
from backfill.rules import Rule, read_rules, replace_rules
from plans.backfilling import backfill_as_asked


async def post_backfill(call: Call) -> Response:
    """Do one manual backfill."""
    request, may_plan = BackfillRequest(**call.body), call.may("operate")
    return JSONResponse(await backfill_as_asked(call.ports, call.settings, request, may_plan=may_plan))


async def get_rules(call: Call) -> Response:
    """List the rules in the order they are tried."""
    rule_set = await read_rules(call.ports.database)
    return JSONResponse({"rules": [asdict(rule) for rule in rule_set.rules]})


async def put_rules(call: Call) -> Response:
    """Replace all rules, and answer with those stored."""
    await replace_rules(call.ports, [Rule(**rule) for rule in call.body["rules"]])
    return await get_rules(call)


async def post_rules_preview(call: Call) -> Response:
    """Answer what a rule set would classify; nothing is stored."""
    rules = [Rule(**rule) for rule in call.body["rules"]]
    bucket = chosen_bucket(call.settings, call.body.get("r2_bucket"))
    return JSONResponse(await preview(call.ports, bucket, call.body["r2_prefix"], rules))
