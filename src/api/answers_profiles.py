"""The JSON Schemas of what answers say of profiles."""

from __future__ import annotations

from api.shapes import MAYBE_NUMBER, MAYBE_TEXT, NUMBER, TEXT, JsonSchema, closed, listed, maybe, ref
from naming.names import TABLE, WORDS

_STATE: dict[str, JsonSchema] = {
    "paused_by": MAYBE_TEXT,
    "pause_reason": MAYBE_TEXT,
    "lease_run": MAYBE_NUMBER,
    "open_errors": NUMBER,
    "open_warnings": NUMBER,
    "last_tick": MAYBE_NUMBER,
    "last_tick_status": MAYBE_TEXT,
    "last_tick_at": MAYBE_TEXT,
    "last_pass_ended_at": MAYBE_TEXT,
}
_NAMES: JsonSchema = {"type": "object", "additionalProperties": TEXT}

PROFILE_COMPONENTS: dict[str, JsonSchema] = {
    "Names": {
        **closed(dict.fromkeys((TABLE, *WORDS), MAYBE_TEXT)),
        "description": "What the database calls the words that answers use; null: it has no column for it.",
    },
    "ProfileState": closed(_STATE),
    "Profile": closed(
        {
            "name": {**MAYBE_TEXT, "description": "What `?profile=` takes; null where PROFILES declares none."},
            "database": {**TEXT, "description": "The binding of its D1 database."},
            "table": {**TEXT, "description": "What its database calls `artifacts`."},
            "buckets": listed(TEXT),
            "backfill_mode": TEXT,
            "state": maybe(ref("ProfileState")),
            "error": {**MAYBE_TEXT, "description": "Why it gives no answer."},
        }
    ),
    "Profiles": closed({"profiles": listed(ref("Profile"))}),
    "Proposal": closed(
        {
            "table": TEXT,
            "tables": {**_NAMES, "description": "What TABLES would say."},
            "children": {**listed(TEXT), "description": "What CHILDREN would say, beside the declared foreign keys."},
            "references": {**listed(TEXT), "description": "The foreign keys that point at it."},
            "sampled": {**NUMBER, "description": "Keys that R2 was asked for."},
            "found": {**NUMBER, "description": "Of those, the ones that are objects of a bucket."},
            "notes": {**listed(TEXT), "description": "What to look at before it is used."},
        }
    ),
    "Proposals": closed({"proposals": listed(ref("Proposal"))}),
}
