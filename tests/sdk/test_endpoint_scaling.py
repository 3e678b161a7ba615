"""Replicas of services of the kind AKS: how many there shall be, what is kept of it, and a service that scales."""

from __future__ import annotations

import sys
import threading
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from typing import Any
from uuid import uuid4

import httpx
import pytest

from tests.waiting import until
from zaffre.core.entities import ServiceSpec
from zaffre.core.errors import InvalidValue, Unsupported, WebserviceException
from zaffre.core.scaling import Scaling
from zaffre.sdk import aks_settings
from zaffre.sdk.aks_requirements import AutoScaler
from zaffre.sdk.environment import Environment
from zaffre.sdk.inference import InferenceConfig
from zaffre.sdk.model import Model
from zaffre.sdk.webservice_aks import AksWebservice
from zaffre.sdk.workspace import Workspace

SECONDS = 300.0  # generous: the machine may be busy with other tests
SPEC = ServiceSpec(entry_script="score.py", source_name="s", snapshot_id="0", environment={})
FIXED = aks_settings.applied(SPEC, {"num_replicas": 3})
SCRIPT = """
import json, time
def init():
    pass
def run(data):
    time.sleep(json.loads(data))
    return "done"
"""


@pytest.mark.parametrize(
    ("known", "given", "scaling", "workers"),
    [
        (SPEC, {}, Scaling(), None),  # as on Azure, where nothing is said
        (SPEC, {"autoscale_enabled": True}, Scaling(), None),
        (SPEC, {"autoscale_max_replicas": 4}, Scaling(min_workers=1, max_workers=4), None),
        (SPEC, {"autoscale_min_replicas": 2, "autoscale_max_replicas": 4}, Scaling(min_workers=2, max_workers=4), None),
        (SPEC, {"autoscale_refresh_seconds": 5, "autoscale_target_utilization": 50},
         Scaling(refresh_seconds=5, target_utilization=50), None),
        (SPEC, {"num_replicas": 3}, None, "3"),
        (SPEC, {"autoscale_enabled": False, "num_replicas": 3}, None, "3"),
        (FIXED, {}, None, "3"),
        (FIXED, {"autoscale_enabled": True, "autoscale_max_replicas": 2}, Scaling(min_workers=1, max_workers=2), None),
        (aks_settings.applied(SPEC, {"autoscale_max_replicas": 4}), {"autoscale_target_utilization": 90},
         Scaling(min_workers=1, max_workers=4, target_utilization=90), None),
    ],
)  # fmt: skip
def test_how_many_replicas_there_shall_be(
    known: ServiceSpec, given: dict[str, Any], scaling: Scaling | None, workers: str | None
) -> None:
    made = aks_settings.applied(known, given)
    assert made.scaling == scaling
    assert made.environment_variables.get("WORKER_COUNT") == workers


@pytest.mark.parametrize(
    ("known", "given", "words"),
    [
        (FIXED, {"autoscale_max_replicas": 4}, "fixed number of replicas, 3: set autoscale_enabled=True"),
        (aks_settings.applied(SPEC, {"autoscale_min_replicas": 4}), {"autoscale_max_replicas": 2},
         "max_workers of a service's scaling must be at least min_workers, 4, not 2"),
    ],
)  # fmt: skip
def test_changes_of_the_number_that_cannot_be(known: ServiceSpec, given: dict[str, Any], words: str) -> None:
    with pytest.raises(WebserviceException, match=f"Invalid configuration, .*{words}"):
        aks_settings.applied(known, given)


@pytest.mark.parametrize(
    ("wrong", "words"),
    [
        ({"autoscale_target_utilization": 101}, "autoscale_target_utilization must be at most 100"),
        ({"autoscale_refresh_seconds": 4000}, "autoscale_refresh_seconds must be at most 3600"),
        ({"autoscale_max_replicas": 1.5}, "autoscale_max_replicas must be a whole number"),
    ],
)
def test_settings_of_scaling_that_cannot_be(wrong: dict[str, Any], words: str) -> None:
    with pytest.raises(WebserviceException, match=words):
        AksWebservice.deploy_configuration(**wrong)
    with pytest.raises(Unsupported, match="autoscale_max_replicas: 65 are more than the 64"):
        aks_settings.check_honoured({"autoscale_max_replicas": 65})


@pytest.mark.parametrize(
    "wrong",
    [{"min_workers": 0}, {"max_workers": 65}, {"min_workers": 3, "max_workers": 2}, {"refresh_seconds": 0},
     {"target_utilization": 101}],
)  # fmt: skip
def test_a_scaling_that_cannot_be(wrong: dict[str, int]) -> None:
    with pytest.raises(InvalidValue, match=f"{list(wrong)[-1]} of a service's scaling must be"):
        Scaling(**wrong)


def test_what_the_scoring_server_is_told() -> None:
    assert " ".join(Scaling().arguments()) == "--max-workers auto --target-utilization 70 --scale-interval 1"
    assert Scaling(min_workers=2, max_workers=5).arguments()[:4] == ("--workers", "2", "--max-workers", "5")


def inference(source: Path) -> InferenceConfig:
    source.mkdir(exist_ok=True)
    (source / "score.py").write_text(SCRIPT)
    environment = Environment("own")
    environment.python.user_managed_dependencies = True
    environment.python.interpreter_path = sys.executable
    return InferenceConfig("score.py", source_directory=str(source), environment=environment)


def under_load(service: AksWebservice, count: int, is_enough: Callable[[], bool]) -> set[int]:
    """The statuses that so many callers got until ``is_enough``."""
    statuses: set[int] = set()
    over = threading.Event()
    address, key = service.direct_uri or "", service.get_keys()[0]

    def call() -> None:
        while not over.is_set():
            asked = httpx.post(address, content="0.2", headers={"authorization": f"Bearer {key}"}, timeout=SECONDS)
            statuses.add(asked.status_code)

    with ThreadPoolExecutor(count) as pool:
        going = [pool.submit(call) for _ in range(count)]
        try:
            until(is_enough, "the service to scale", SECONDS)
        finally:
            over.set()
            for one in going:
                one.result()
    return statuses


def gauge(service: AksWebservice, name: str) -> int:
    address = (service.direct_uri or "").removesuffix("/score") + "/metrics"
    key = service.get_keys()[0]
    text = httpx.get(address, headers={"authorization": f"Bearer {key}"}, timeout=SECONDS).text
    return int(next(line.split()[1] for line in text.splitlines() if line.startswith(f"{name} ")))


def most_workers(service: AksWebservice) -> int:
    total = service.get_metrics().total
    return 0 if total is None else total.workers


def test_a_service_of_the_kind_aks_scales_and_is_changed(workspace: Workspace, tmp_path: Path) -> None:
    config = AksWebservice.deploy_configuration(
        autoscale_min_replicas=1, autoscale_max_replicas=2, autoscale_target_utilization=60,
        max_request_wait_time=60_000, cpu_cores=0.1, memory_gb=0.5,
    )  # fmt: skip
    name = f"scaled-{uuid4().hex[:8]}"
    service = Model.deploy(workspace, name, [], inference(tmp_path / "source"), config)
    assert isinstance(service, AksWebservice)
    try:
        service.wait_for_deployment(timeout_sec=SECONDS)
        assert service.autoscaler == AutoScaler(True, 2, 1, 1, 60)
        assert (service.num_replicas, service.container_resource_requirements.cpu) == (None, 0.1)
        assert service.serialize()["autoScaler"]["maxReplicas"] == 2
        assert under_load(service, 4, lambda: gauge(service, "zaffre_workers") == 2) == {200}
        assert "more workers: from 1 to 2 (of 1, " in service.get_logs()
        until(lambda: most_workers(service) == 2, "the metrics to tell of two workers", SECONDS)
        service.update(autoscale_enabled=False, num_replicas=1)
        service.wait_for_deployment(timeout_sec=SECONDS)
        assert (service.num_replicas, service.autoscaler.autoscale_enabled) == (1, False)
        assert gauge(service, "zaffre_workers_wanted") == 1
        with pytest.raises(WebserviceException, match="fixed number of replicas"):
            service.update(autoscale_max_replicas=3)
        with pytest.raises(Unsupported, match="cpu_cores is 4096, and the server's machine has"):
            service.update(cpu_cores=4096)
        with pytest.raises(Unsupported, match="memory_gb is 1e\\+06, and the server's machine has"):
            service.update(memory_gb=1_000_000)
    finally:
        service.delete()
