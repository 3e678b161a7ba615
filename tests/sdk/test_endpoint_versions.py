"""What is known of an endpoint's versions, and of the endpoint: figures, collected rows, and updates taken back."""

from __future__ import annotations

from collections.abc import Iterator
from functools import partial
from pathlib import Path
from typing import Any
from uuid import uuid4

import httpx
import pytest

from tests import waiting
from tests.sdk.test_endpoint_aks import SECONDS, Load, inference, shares
from zaffre.core.errors import DeploymentFailed, WebserviceException, WebserviceExists, WebserviceInvalid
from zaffre.core.telemetry_wire import ServiceMetricsPoint
from zaffre.sdk.endpoint_aks import VERSION, AksEndpoint
from zaffre.sdk.inference import InferenceConfig
from zaffre.sdk.model import Model
from zaffre.sdk.webservice import Webservice
from zaffre.sdk.workspace import Workspace

until = partial(waiting.until, patience=SECONDS)

SCRIPT = """
import json
from pathlib import Path
from azureml.monitoring import ModelDataCollector
def init():
    global inputs
    inputs = ModelDataCollector("tree", designation="inputs", feature_names=["a"])
def run(data):
    asked = json.loads(data)
    if asked == "raise" or Path(SWITCH).exists():
        raise ValueError("asked to")
    if isinstance(asked, list):
        inputs.collect(asked)
    return [MARK, asked]
"""


def collecting(folder: Path, mark: str, switch: str = "/no/such/file") -> InferenceConfig:
    """A version that says ``mark``, and raises once the file ``switch`` is there."""
    made = inference(folder / mark, mark)
    (folder / mark / "score.py").write_text(f"{SCRIPT}MARK, SWITCH = {mark!r}, {switch!r}\n")
    assert made.environment is not None
    made.environment.environment_variables = {"ZAFFRE_COLLECT_SECONDS": "1"}
    return made


@pytest.fixture
def endpoint(workspace: Workspace, tmp_path: Path) -> Iterator[AksEndpoint]:
    """With the versions ``stable`` and ``canary``."""
    config = AksEndpoint.deploy_configuration(version_name="stable", auth_enabled=False, collect_model_data=True)
    name = f"ep-{uuid4().hex[:8]}"
    made = Model.deploy(workspace, name, [], collecting(tmp_path, "stable"), config)
    assert isinstance(made, AksEndpoint)
    try:
        made.wait_for_deployment(timeout_sec=SECONDS)
        made.create_version(
            "canary", inference_config=collecting(tmp_path, "canary"), traffic_percentile=30, collect_model_data=True
        )
        made.wait_for_deployment(timeout_sec=SECONDS)
        yield made
    finally:
        made.delete()


def ask(endpoint: AksEndpoint, version: str, what: object) -> int:
    assert endpoint.direct_uri is not None
    return httpx.post(endpoint.direct_uri, json=what, headers={VERSION: version}, timeout=SECONDS).status_code


def told(service: Webservice, wanted: dict[str, int]) -> ServiceMetricsPoint:
    """The figures of the last hour, when they have come."""

    def total() -> ServiceMetricsPoint | None:
        found = service.get_metrics().total
        return found if found is not None and found.statuses == wanted else None

    found: ServiceMetricsPoint = until(total, f"{wanted} of {service.name}")
    return found


def test_figures_and_rows_of_versions_are_those_of_the_endpoint_together(endpoint: AksEndpoint) -> None:
    assert [ask(endpoint, "stable", [number]) for number in range(6)] == [200] * 6
    assert [ask(endpoint, "canary", what) for what in ([6], [7], "raise")] == [200, 200, 502]
    stable = told(endpoint.versions["stable"], {"200": 6})
    canary = told(endpoint.versions["canary"], {"200": 2, "502": 1})
    assert ask(endpoint, "none", [8]) == 404  # which no version has seen
    both = told(endpoint, {"200": 8, "404": 1, "502": 1})
    assert (both.requests, both.server_errors, both.client_errors, both.failures) == (10, 1, 1, 1)
    assert (both.mean_ms or 0) * 10 >= ((stable.mean_ms or 0) * 6 + (canary.mean_ms or 0) * 3) * 0.999

    until(lambda: len(endpoint.get_collected_data("inputs")) == 8, "eight rows")
    frame = endpoint.get_collected_data("inputs")
    assert sorted(frame["a"].tolist()) == list(range(8))
    assert set(frame["$aml_service_name"]) == {f"{endpoint.name}.stable", f"{endpoint.name}.canary"}
    assert sorted(endpoint.versions["canary"].get_collected_data("inputs")["a"].tolist()) == [6, 7]
    endpoint.delete_version("canary")
    assert told(endpoint, {"200": 8, "404": 1, "502": 1}).p99_ms == both.p99_ms  # what it answered was answered
    assert len(endpoint.get_collected_data("inputs")) == 8
    endpoint.create_version("copy")  # of the default one, with all its settings
    with pytest.raises(WebserviceExists, match="has a version copy already"):
        endpoint.create_version("copy")
    endpoint.wait_for_deployment(timeout_sec=SECONDS)
    assert endpoint.versions["copy"].run("[1]") == ["stable", [1]]


def test_a_bad_update_of_one_version_is_taken_back_and_the_other_goes_on(endpoint: AksEndpoint, tmp_path: Path) -> None:
    with pytest.raises(WebserviceInvalid, match=r"endpoint.versions\['stable'\].set_rollout"):
        endpoint.set_rollout(min_requests=5)
    endpoint.versions["canary"].set_rollout(min_requests=10, bake_seconds=600)
    assert endpoint.versions["canary"].rollout.min_requests == 10
    switch = tmp_path / "fail"
    with Load(endpoint) as load:
        endpoint.update_version("canary", inference_config=collecting(tmp_path, "worse", str(switch)))
        until(lambda: load.versions["worse"], "answers of the new revision")
        switch.touch()
        error: dict[str, Any] = until(lambda: endpoint.versions["canary"].error, "the roll-back")
        before = load.versions["canary"]
        until(lambda: load.versions["canary"] > before + 20, "answers of the revision before")
    assert error["details"]["reason"] == "RolledBack", error
    assert "Revision 2 was rolled back after" in error["message"]
    assert {status for version, status in load.answers if version == "stable"} == {200}
    assert {status for version, status in load.answers if version == "canary"} == {200, 502}
    assert {version for version, _ in load.answers} == {"stable", "canary"}
    endpoint.update_deployment_state()
    assert endpoint.state == "Healthy"
    with pytest.raises(DeploymentFailed, match="Revision 2 was rolled back"):
        endpoint.wait_for_deployment(timeout_sec=SECONDS)
    assert shares(endpoint) == {"stable": 70, "canary": 30}
    assert endpoint.versions["canary"].run("[1]") == ["canary", [1]]
    with pytest.raises(WebserviceException, match="answered 502"):
        endpoint.versions["canary"].run('"raise"')
