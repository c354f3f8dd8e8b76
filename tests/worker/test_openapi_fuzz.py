"""Schemathesis holds the real Worker to its own description: no 5xx but the documented 503, every answer matches."""

from __future__ import annotations

import os
from typing import Any
from urllib.parse import parse_qs, urlsplit

import pytest
import schemathesis
from hypothesis import HealthCheck, given, settings
from schemathesis import Case, GenerationMode
from schemathesis.schemas import APIOperation
from schemathesis.specs.openapi.checks import ignored_auth, negative_data_rejection, positive_data_acceptance

from api.openapi import describe
from tests.support.actions import TOKEN
from tests.worker.conftest import Steward

EXAMPLES = int(os.environ.get("FUZZ_EXAMPLES", "8"))
"""Per operation and mode; `make fuzz` asks for many more, and for new ones each time."""


def unasked(mode: GenerationMode) -> list[Any]:
    """Return the check that asks without a token, where it is left out: asked some hundred times, the answer is 429."""
    return [ignored_auth] if "FUZZ_EXAMPLES" in os.environ or mode is GenerationMode.NEGATIVE else []


TOO_LARGE = 413

Operation = APIOperation[Any, Any, Any, Any]
DESCRIBED: list[Operation] = [
    found.ok()  # type: ignore[union-attr]  # an Err would fail here, as it should
    for found in schemathesis.openapi.from_dict(describe()).get_all_operations()
]
BOUNDED = settings(
    max_examples=EXAMPLES,
    deadline=None,
    derandomize="FUZZ_EXAMPLES" not in os.environ,
    database=None,
    suppress_health_check=list(HealthCheck),
)


def test_the_running_worker_serves_this_very_description(steward: Steward) -> None:
    assert steward.send("GET", "/openapi.json", token=None).json() == describe()


CASES = [
    pytest.param(operation, mode, id=f"{operation.label}, {mode.value}")
    for operation in DESCRIBED
    for mode in (GenerationMode.POSITIVE, GenerationMode.NEGATIVE)
    if not (operation.path == "/healthz" and mode is GenerationMode.NEGATIVE)  # it takes nothing that could be wrong
]


@pytest.mark.parametrize(("operation", "mode"), CASES)
def test_every_answer_is_as_described(operation: Operation, mode: GenerationMode, steward: Steward) -> None:
    steward.put("raw/a.pdf", "raw/b", "other")

    @BOUNDED
    @given(case=operation.as_strategy(generation_mode=mode))
    def answers(case: Case[Any]) -> None:
        response = case.call(base_url=steward.harness.url.rstrip("/"), headers={"Authorization": f"Bearer {TOKEN}"})
        # Some 422s no schema can foretell: a bucket that is not configured, a rule given twice. And a body over 64 KiB
        # is refused as too large before any field of it is looked at, which the check does not count as refused.
        unlike = response.status_code == TOO_LARGE or _lost_on_the_way(case, str(response.request.url))
        not_asked = [positive_data_acceptance, *unasked(mode), *([negative_data_rejection] if unlike else [])]
        case.validate_response(response, excluded_checks=not_asked)

    answers()


def _lost_on_the_way(case: Case[Any], url: str) -> bool:
    """Tell whether a parameter that made the request wrong is not in it: no URL holds an empty list."""
    sent = parse_qs(urlsplit(url).query, keep_blank_values=True)
    return bool(set(case.query or {}) - set(sent))
