"""The JSON Schemas of what answers say of plans."""

from __future__ import annotations

from api.shapes import ANYTHING, FLAG, MAYBE_NUMBER, MAYBE_TEXT, NUMBER, TEXT, JsonSchema, closed, listed, maybe, ref
from words import PLAN_KINDS, PLAN_STATES, PLAN_STEPS

_TOTALS: JsonSchema = {
    "type": "object",
    "additionalProperties": NUMBER,
    "description": "How many items there are of each step, and what they come to.",
}
_HELD: dict[str, JsonSchema] = {
    "id": NUMBER,
    "digest": {**TEXT, "description": "A chain of SHA-256 over what it was made on and each of its items."},
    "items": NUMBER,
    "totals": _TOTALS,
    "complete": {**FLAG, "description": "Whether it holds all that the live request would do."},
    "stopped_after": {"description": "Where it ends, where it is not complete."},
    "expires_at": TEXT,
    "forecast": {**maybe(ref("Forecast")), "description": "What applying it takes; null where that is not known."},
}
_ABOUT: JsonSchema = {**listed({"type": ["string", "integer"]}), "description": "What it is about, as a list."}
_STEP: JsonSchema = {"type": "string", "enum": list(PLAN_STEPS)}

PLAN: JsonSchema = {
    "anyOf": [ref("NewPlan"), ref("PlanWork"), {"type": "null"}],
    "description": "The plan that a dry run made, or that a live one applies; null for a token that may only read.",
}

PLAN_COMPONENTS: dict[str, JsonSchema] = {
    "NewPlan": closed(_HELD),
    "PlanLeftOut": closed({"item": NUMBER, "step": _STEP, "about": _ABOUT, "why": TEXT}),
    "PlanWork": closed(
        {
            "id": NUMBER,
            "items": NUMBER,
            "dealt_with": {**NUMBER, "description": "Items that are applied or left out, by all calls."},
            "left_out": {**NUMBER, "description": "Items that were left out, by all calls."},
            "shown": {
                **listed(ref("PlanLeftOut")),
                "description": "The first items that this call left out.",
            },
        }
    ),
    "Plan": closed(
        {
            **_HELD,
            "kind": {"type": "string", "enum": list(PLAN_KINDS)},
            "state": {"type": "string", "enum": list(PLAN_STATES)},
            "request": ANYTHING,
            "made_at": TEXT,
            "made_run": NUMBER,
            **dict.fromkeys(("made_by", "token_name", "approved_at", "approved_by", "approved_token"), MAYBE_TEXT),
            **dict.fromkeys(("begun_at", "applied_at", "ended_at"), MAYBE_TEXT),
            "applied_run": {**MAYBE_NUMBER, "description": "The latest run that applied it."},
            "superseded_by": {**MAYBE_NUMBER, "description": "The plan that took its place; null: no plan did."},
            "left_out": NUMBER,
            "items_kept": {**FLAG, "description": "Whether its items are still there; of old plans they are dropped."},
        }
    ),
    "Plans": closed({"plans": listed(ref("Plan")), "next": MAYBE_NUMBER}),
    "PlanItem": {
        "type": "object",
        "properties": {
            "item": NUMBER,
            "step": _STEP,
            "about": _ABOUT,
            "rows": {
                **listed(ANYTHING),
                "description": "Rows of artifacts as they were; others are by their reference.",
            },
            "left_out": {**MAYBE_TEXT, "description": "Why it was left out."},
        },
        "required": ["item", "step", "about", "left_out"],
    },
    "PlanItems": closed({"items": listed(ref("PlanItem")), "next": MAYBE_NUMBER}),
    "Applied": {
        "anyOf": [ref("Backfill"), ref("Recovery"), ref("Undo"), ref("Forget")],
        "description": "What the live request of its kind answers.",
    },
}
