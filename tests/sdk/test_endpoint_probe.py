"""The liveness probe of services of the kind AKS: its settings, and a service that is started anew by it."""

from __future__ import annotations

import sys
from pathlib import Path
from uuid import uuid4

import httpx
import pytest

from tests.waiting import until
from zaffre.core.entities import ServiceSpec
from zaffre.core.errors import WebserviceException
from zaffre.core.liveness import LivenessProbe
from zaffre.sdk import aks_settings
from zaffre.sdk.aks_requirements import LivenessProbeRequirements
from zaffre.sdk.environment import Environment
from zaffre.sdk.inference import InferenceConfig
from zaffre.sdk.model import Model
from zaffre.sdk.webservice_aks import AksWebservice
from zaffre.sdk.workspace import Workspace

SECONDS = 300.0  # generous: the machine may be busy with other tests
SPEC = ServiceSpec(entry_script="score.py", source_name="s", snapshot_id="0", environment={})
SCRIPT = """
import os, signal
def init():
    pass
def run(data):
    if data == "stop":  # both processes: nobody is left who could answer
        os.kill(os.getppid(), signal.SIGSTOP)
        os.kill(os.getpid(), signal.SIGSTOP)
    return os.getpid()
"""


def test_the_settings_of_a_probe() -> None:
    assert aks_settings.applied(SPEC, {}).probe is None
    made = aks_settings.applied(SPEC, {"period_seconds": 5, "failure_threshold": 2})
    assert made.probe == LivenessProbe(period_seconds=5, failure_threshold=2)
    assert aks_settings.applied(made, {"timeout_seconds": 7}).probe == LivenessProbe(
        period_seconds=5, failure_threshold=2, timeout_seconds=7
    )
    with pytest.raises(WebserviceException, match=r"Invalid configuration, period_seconds .* from 1 to 86400"):
        aks_settings.applied(SPEC, {"period_seconds": 100_000})
    with pytest.raises(WebserviceException, match="timeout_seconds must be a whole number"):
        AksWebservice.deploy_configuration(timeout_seconds=1.5)  # type: ignore[arg-type]


def test_a_service_that_does_not_answer_its_probe_is_started_anew(workspace: Workspace, tmp_path: Path) -> None:
    (tmp_path / "score.py").write_text(SCRIPT)
    environment = Environment("own")
    environment.python.user_managed_dependencies = True
    environment.python.interpreter_path = sys.executable
    inference = InferenceConfig("score.py", source_directory=str(tmp_path), environment=environment)
    config = AksWebservice.deploy_configuration(
        auth_enabled=False, num_replicas=1, period_seconds=1, initial_delay_seconds=1, timeout_seconds=10,
        failure_threshold=2,
    )  # fmt: skip
    service = Model.deploy(workspace, f"probed-{uuid4().hex[:8]}", [], inference, config)
    assert isinstance(service, AksWebservice)
    try:
        service.wait_for_deployment(timeout_sec=SECONDS)
        assert service.liveness_probe_requirements == LivenessProbeRequirements(1, 1, 10, 2, 1)
        assert service.serialize()["livenessProbeRequirements"]["failureThreshold"] == 2
        address = service.direct_uri or ""
        stopped = httpx.post(address, content="pid", timeout=SECONDS).json()
        with pytest.raises(httpx.HTTPError):
            httpx.post(address, content="stop", timeout=2)

        def answers_anew() -> bool:
            try:
                return bool(httpx.post(address, content="pid", timeout=30).json() != stopped)
            except httpx.HTTPError:
                return False

        until(answers_anew, "another process to answer", SECONDS)
        until(
            lambda: "ended because it did not answer 2 liveness probes within 10 s" in service.get_logs(),
            "the log to say so",
            SECONDS,
        )
    finally:
        service.delete()
