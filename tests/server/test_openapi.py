"""The OpenAPI document: every route of the REST API, and the same one everywhere."""

from __future__ import annotations

from starlette.routing import Route

from zaffre.core.wire import API
from zaffre.server.api.routes import routes
from zaffre.server.openapi import document


def test_every_route_of_the_api_is_documented_under_a_name_of_its_own() -> None:
    paths = document()["paths"]
    for route in routes():
        assert isinstance(route, Route)
        shown = route.path.replace(":path}", "}")
        if shown.startswith(API):
            documented = {method.upper() for method in paths[shown]}
            assert (route.methods or set()) - documented <= {"HEAD"}, shown
    names = [operation["operationId"] for path in paths.values() for operation in path.values()]
    assert len(names) == len(set(names))


def test_every_schema_that_is_named_is_there() -> None:
    made = document()
    named: set[str] = set()

    def walk(value: object) -> None:
        if isinstance(value, dict):
            if isinstance(value.get("$ref"), str):
                named.add(value["$ref"].rpartition("/")[2])
            for inner in value.values():
                walk(inner)
        elif isinstance(value, list):
            for inner in value:
                walk(inner)

    walk(made)
    assert {"Run", "MetricsBatch", "MetricSeries", "Service", "ErrorAnswer"} <= named
    assert named <= set(made["components"]["schemas"])


def test_the_document_is_the_same_each_time() -> None:
    assert document() == document()
