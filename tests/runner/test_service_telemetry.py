"""Telemetry from a serving process to the workspace: over updates, ends of processes and an absent server."""

from __future__ import annotations

import json
import sys
import time
from collections.abc import Iterator
from dataclasses import replace
from functools import partial
from pathlib import Path
from uuid import uuid4

import httpx
import pytest

from tests import waiting
from tests.runner.test_service_container import environment as in_docker
from tests.server_process import ServerProcess
from zaffre.core.ids import now_ms
from zaffre.core.telemetry_wire import ServiceMetrics
from zaffre.core.wire import ServicePatch
from zaffre.sdk import service_spec
from zaffre.sdk.environment import Environment
from zaffre.sdk.inference import InferenceConfig
from zaffre.sdk.model import Model
from zaffre.sdk.webservice_local import LocalWebservice
from zaffre.sdk.workspace import Workspace

SECONDS = 120.0
until = partial(waiting.until, patience=SECONDS)

SCRIPT = """
import json, os, time
def init():
    pass
def run(data):
    what = json.loads(data)
    if what == "die":
        os._exit(7)
    if what == "raise":
        raise ValueError("asked to")
    time.sleep(what)
    return what
"""


class Deployed:
    """The service ``svc`` of a workspace of its own."""

    def __init__(self, workspace: str, source: Path, environment: Environment | None = None) -> None:
        source.mkdir(exist_ok=True)
        (source / "score.py").write_text(SCRIPT)
        self.workspace = Workspace("sub", "group", workspace)
        if environment is None:
            environment = Environment("own")
            environment.python.user_managed_dependencies = True
            environment.python.interpreter_path = sys.executable
        config = InferenceConfig("score.py", source_directory=str(source), environment=environment)
        made = Model.deploy(self.workspace, "svc", [], config, LocalWebservice.deploy_configuration())
        assert isinstance(made, LocalWebservice)
        made.wait_for_deployment(timeout_sec=SECONDS)
        self.service = made

    def ask(self, what: object) -> int:
        assert self.service.scoring_uri is not None
        return httpx.post(self.service.scoring_uri, content=json.dumps(what), timeout=SECONDS).status_code

    def metrics(self) -> ServiceMetrics:
        scope = self.workspace._scope
        later = now_ms() + 60_000
        return scope.client.get(scope.path("services", "svc", "metrics"), ServiceMetrics, until=later)

    def counted(self, requests: int) -> ServiceMetrics:
        def whole() -> ServiceMetrics | None:
            found = self.metrics()
            return found if found.total is not None and found.total.requests >= requests else None

        found: ServiceMetrics = until(whole, f"{requests} requests in the workspace")
        assert found.total is not None
        assert found.total.requests == requests
        return found


@pytest.fixture
def deployed(server: ServerProcess, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[Deployed]:
    assert server.url
    monkeypatch.chdir(tmp_path)
    made = Deployed(f"ws-{uuid4().hex[:10]}", tmp_path / "source")
    yield made
    made.service.delete()


def test_requests_errors_times_and_use_arrive_in_the_workspace(deployed: Deployed) -> None:
    assert [deployed.ask(what) for what in (0.05, 0.05, 0.05, "raise", "die")] == [200, 200, 200, 500, 502]
    total = deployed.counted(5).total
    assert total is not None
    assert (total.statuses, total.server_errors, total.client_errors) == ({"200": 3, "500": 1, "502": 1}, 2, 0)
    assert total.failures == 1
    assert total.p50_ms is not None
    assert 49 < total.p50_ms < 5000
    until(lambda: any(point.memory_bytes > 5_000_000 for point in deployed.metrics().points), "memory")


def test_a_new_revision_is_told_apart_and_nothing_of_the_old_one_is_lost(deployed: Deployed) -> None:
    assert deployed.ask(0) == 200
    deployed.service.reload()
    deployed.service.wait_for_deployment(timeout_sec=SECONDS)
    assert deployed.ask(0) == 200
    assert deployed.counted(2).revisions == [1, 2]


def test_a_revision_without_telemetry_tells_nothing(deployed: Deployed) -> None:
    for stored in (False, True):
        deployed.service.update_deployment_state()
        spec = replace(service_spec.current(deployed.service._service), telemetry=stored)
        deployed.service._patch(ServicePatch(spec=spec))
        deployed.service.wait_for_deployment(timeout_sec=SECONDS)
        assert deployed.ask(0) == 200
        assert deployed.metrics().stored is stored
    assert set(deployed.counted(1).revisions) <= {1, 3}


def test_what_happened_while_the_server_was_away_is_told_later(
    own_server: ServerProcess, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("ZAFFRE_HOME", str(own_server.home))
    monkeypatch.chdir(tmp_path)
    deployed = Deployed("default", tmp_path / "source")
    try:
        own_server.kill()
        assert deployed.ask(0) == 200
        time.sleep(11)  # into another stretch
        assert deployed.ask(0) == 200
        own_server.start()
        total = deployed.counted(2).total
        assert total is not None
        assert total.seconds > 10
    finally:
        deployed.service.delete()


@pytest.mark.usefixtures("docker")
def test_a_container_is_measured_too(
    server: ServerProcess, tmp_path: Path, workspace_name: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    assert server.url
    monkeypatch.chdir(tmp_path)
    deployed = Deployed(workspace_name, tmp_path / "source", in_docker())
    try:
        assert [deployed.ask(what) for what in (0.05, "raise", "die")] == [200, 500, 502]
        total = deployed.counted(3).total
        assert total is not None
        assert total.statuses == {"200": 1, "500": 1, "502": 1}
        until(lambda: any(point.memory_bytes > 5_000_000 for point in deployed.metrics().points), "memory")
    finally:
        deployed.service.delete()
