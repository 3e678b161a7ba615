"""Requests made up by schemathesis for every route of both doors: none is answered with a fault of ours."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

import httpx
import hypothesis
import pytest
import schemathesis
from hypothesis import HealthCheck
from hypothesis import strategies as st
from schemathesis import Case, GenerationMode
from starlette.testclient import TestClient

from tests.server.fuzz import protocol
from tests.server.mlflow.conftest import Door
from tests.server.rest import serve
from zaffre.core.errors import AzureMLException
from zaffre.core.wire import API
from zaffre.server import openapi
from zaffre.server.mlflow.routes import ACTS, TRANSFERS

EXAMPLES = 6  # for each route and each kind of data; the whole file is to take about a minute
FAULTS_THAT_MAY_BE = (501, 503, 507)  # not built, not there now, disk full

MLFLOW = schemathesis.openapi.from_dict(protocol.document(ACTS, TRANSFERS))
OURS = schemathesis.openapi.from_dict(openapi.document())
# Streams that do not end, and what would end the server's own workspace or the session.
LEFT_OUT = ("/stream", "/signout", "/tickets")


def operations(schema: Any) -> list[Any]:
    found = [result.ok() for result in schema.get_all_operations()]
    return [operation for operation in found if not operation.path.endswith(LEFT_OUT)]


@pytest.fixture(scope="module")
def http(tmp_path_factory: pytest.TempPathFactory) -> Iterator[TestClient]:
    with serve(tmp_path_factory.mktemp("fuzz") / "home") as client:
        yield client


@pytest.fixture(scope="module")
def known(http: TestClient) -> dict[str, list[str]]:
    """Names of things that are there, for the fields that name such things: made-up ones lead nowhere."""
    door = Door(http)
    run = door.run()
    files = f"/api/2.0/mlflow-artifacts/artifacts/0/{run}/artifacts"
    http.put(f"{files}/m/MLmodel", content=b"flavors").raise_for_status()
    door.post("registered-models/create", {"name": "model"})
    door.post("model-versions/create", {"name": "model", "source": f"runs:/{run}/m", "run_id": run})
    logged = door.post("logged-models", {"experiment_id": "0", "name": "l"})["model"]["info"]["model_id"]
    door.post("runs/log-metric", {"run_id": run, "key": "k", "value": 1, "timestamp": 1})
    return {
        "run_id": [run],
        "run_uuid": [run],
        "id": [run],
        "run_ids": [run],
        "experiment_id": ["0"],
        "experiment_ids": ["0"],
        "experiment": ["Default"],
        "metric_key": ["k"],
        "name": ["model", "Default", "k"],
        "version": ["1"],
        "model_id": [logged],
        "ws": ["default"],
        "path": [f"0/{run}/artifacts/m/MLmodel", f"0/{run}/artifacts/new", "m/MLmodel"],
        "filter": ["metrics.k > 0", "tags.a = 'b'", "name LIKE '%'"],
        "source": [f"runs:/{run}/m"],
    }


def with_known(draw: Any, values: Any, known: dict[str, list[str]]) -> Any:
    """``values`` with names of real things in half of the fields that take such."""
    if not isinstance(values, dict):
        return values
    found = dict(values)
    for name in found:
        if name in known and (name == "ws" or draw(st.booleans())):
            real = draw(st.sampled_from(known[name]))
            found[name] = [real] if isinstance(found[name], list) else real
    return found


def send(http: TestClient, case: Case[Any], draw: Any, known: dict[str, list[str]]) -> Any:
    case.path_parameters = with_known(draw, case.path_parameters, known)
    case.query = with_known(draw, case.query, known)
    case.body = with_known(draw, case.body, known)
    given = case.as_transport_kwargs(base_url="http://127.0.0.1")
    wanted = ("method", "url", "params", "json", "data", "headers", "content")
    options = {name: value for name, value in given.items() if name in wanted and value is not None}
    if isinstance(options.get("data"), bytes | str):
        options["content"] = options.pop("data")
    headers = {name: value for name, value in options.pop("headers", {}).items() if name.lower() == "content-type"}
    try:
        return http.request(**options, headers=headers)
    except httpx.InvalidURL:  # longer than this client sends
        hypothesis.reject()


def settings(function: Any) -> Any:
    quick = hypothesis.settings(
        max_examples=EXAMPLES,
        derandomize=True,
        database=None,
        phases=[hypothesis.Phase.generate],
        suppress_health_check=list(HealthCheck),
    )
    return quick(function)


def drawn(data: st.DataObject, operation: Any) -> Case[Any]:
    mode = data.draw(st.sampled_from([GenerationMode.POSITIVE, GenerationMode.NEGATIVE]))
    try:
        made: Case[Any] = data.draw(operation.as_strategy(generation_mode=mode))
    except hypothesis.errors.Unsatisfiable:
        hypothesis.reject()
    return made


@pytest.mark.parametrize("operation", operations(MLFLOW), ids=lambda found: f"{found.method} {found.path}")
@settings
@hypothesis.given(data=st.data())
def test_mlflows_protocol(http: TestClient, known: dict[str, list[str]], operation: Any, data: st.DataObject) -> None:
    answer = send(http, drawn(data, operation), data.draw, known)
    assert answer.status_code < 500 or answer.status_code in FAULTS_THAT_MAY_BE, answer.text
    if answer.status_code >= 400 and answer.status_code != 416:
        body = answer.json()
        assert set(body) == {"error_code", "message"}
        assert body["message"]


@pytest.mark.parametrize("operation", operations(OURS), ids=lambda found: f"{found.method} {found.path}")
@settings
@hypothesis.given(data=st.data())
def test_our_own_api(http: TestClient, known: dict[str, list[str]], operation: Any, data: st.DataObject) -> None:
    case = drawn(data, operation)
    if operation.method.upper() == "DELETE" and operation.path.endswith("/workspaces/{ws}"):
        known = {}
    answer = send(http, case, data.draw, known)
    assert answer.status_code < 500 or answer.status_code in FAULTS_THAT_MAY_BE, answer.text
    if answer.status_code >= 400 and answer.status_code != 416:
        error = answer.json()["error"] if operation.path.startswith(API) else {"code": "Service", **answer.json()}
        assert error["code"] in AzureMLException.by_code
        assert error["message"]
