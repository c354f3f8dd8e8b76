from __future__ import annotations

import json
import re
from pathlib import Path

import pytest
from starlette.routing import Route

from api.answers import COMPONENTS
from api.app import create_app
from api.openapi import describe
from api.operations import OPERATIONS
from api.validation import validated
from settings import SETTINGS
from tests.support.actions import FakeEnvironment
from tests.support.fakes import migrated_world

DOCS = Path(__file__).parents[3] / "docs"


def routes() -> set[tuple[str, str]]:
    app = create_app(lambda: FakeEnvironment(migrated_world(), {}))
    found = set()
    for route in app.routes:
        assert isinstance(route, Route)
        path = route.path.replace(":number", "")
        found |= {(method, path) for method in route.methods or () if method != "HEAD"}
    return found


def test_every_route_is_described_and_nothing_else() -> None:
    described = {(method.upper(), path) for path, methods in describe()["paths"].items() for method in methods}
    assert described | {("GET", "/openapi.json")} == routes()


def test_every_reference_leads_to_a_component_and_every_component_is_referred_to() -> None:
    referred = set(re.findall(r'"#/components/schemas/(\w+)"', json.dumps(describe())))
    assert referred == COMPONENTS.keys()


@pytest.mark.parametrize("operation", [one for one in OPERATIONS if one.example is not None], ids=lambda one: one.path)
def test_every_example_is_valid(operation: object) -> None:
    [one] = [each for each in OPERATIONS if each is operation]
    assert one.body is not None
    validated(one.body, one.example)


def test_operation_ids_are_unique() -> None:
    ids = [found["operationId"] for methods in describe()["paths"].values() for found in methods.values()]
    assert len(ids) == len(set(ids))


def test_every_setting_and_every_route_is_documented() -> None:
    configuration = (DOCS / "configuration.md").read_text()
    for setting in SETTINGS:
        assert f"| `{setting.name}` |" in configuration, setting.name
        assert setting.meaning in configuration, setting.name
    http = (DOCS / "http.md").read_text()
    for operation in OPERATIONS:
        assert f"`{operation.method} {operation.path}`" in http
