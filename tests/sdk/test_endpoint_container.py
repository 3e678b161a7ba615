"""A version of an endpoint in a container on the server's engine, beside one that is processes."""

from __future__ import annotations

from functools import partial
from pathlib import Path
from typing import Any
from uuid import uuid4

import pytest

from tests import waiting
from tests.docker_engine import BASE
from tests.sdk.test_endpoint_aks import Load, inference
from tests.server_process import ServerProcess
from zaffre.core.errors import Unsupported
from zaffre.docker import containers
from zaffre.docker.engine import Engine
from zaffre.sdk.endpoint_aks import AksEndpoint
from zaffre.sdk.environment import Environment
from zaffre.sdk.inference import InferenceConfig
from zaffre.sdk.model import Model
from zaffre.sdk.workspace import Workspace

SECONDS = 300.0
until = partial(waiting.until, patience=SECONDS)


def in_container(source: Path, mark: str) -> InferenceConfig:
    made = inference(source, mark)
    environment = Environment.from_docker_image(f"env-{mark}", BASE)
    environment.python.user_managed_dependencies = False
    made.environment = environment
    return made


def an_update_is_taken_back_in_containers(endpoint: AksEndpoint, folder: Path) -> None:
    """Of the version ``boxed``, while ``plain`` goes on; statuses and figures are those of processes."""
    endpoint.versions["boxed"].set_rollout(min_requests=10, bake_seconds=600)
    worse = in_container(folder / "worse", "worse")
    (folder / "worse" / "score.py").write_text(
        "def init():\n    pass\ndef run(data):\n    raise ValueError('no more')\n"
    )
    with Load(endpoint) as load:
        endpoint.update_version("boxed", inference_config=worse)
        error: dict[str, Any] = until(lambda: endpoint.versions["boxed"].error, "the roll-back")
        before = load.versions["boxed"]
        until(lambda: load.versions["boxed"] > before + 20, "answers of the revision before")
    assert error["details"]["reason"] == "RolledBack", error
    assert {status for version, status in load.answers if version == "plain"} == {200}
    assert {status for version, status in load.answers if version == "boxed"} == {200, 502}

    def counted() -> bool:
        one, other, both = (each.get_metrics().total for each in (*endpoint.versions.values(), endpoint))
        if one is None or other is None or both is None:
            return False
        failed = one.statuses.get("502", 0) >= 10 and "502" not in other.statuses
        return failed and both.requests == one.requests + other.requests == sum(load.answers.values()) + 3

    until(counted, "the figures of both")


def test_a_version_runs_in_a_container_where_its_environment_names_an_image(
    docker: Engine,
    own_server: ServerProcess,
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
    capsys: pytest.CaptureFixture[str],
) -> None:
    assert own_server.url
    monkeypatch.setenv("ZAFFRE_HOME", str(own_server.home))
    workspace = Workspace("sub", "group", "default")
    name = f"ep-{uuid4().hex[:8]}"
    config = AksEndpoint.deploy_configuration(version_name="boxed", cpu_cores_limit=0.5, memory_gb=0.1, num_replicas=2)
    endpoint = Model.deploy(workspace, name, [], in_container(tmp_path / "boxed", "boxed"), config)
    assert isinstance(endpoint, AksEndpoint)
    try:
        endpoint.wait_for_deployment(timeout_sec=SECONDS)
        assert "runs in a container on the server's machine" in capsys.readouterr().out
        assert endpoint.run("1") == ["boxed", 1]
        (found,) = containers.labelled(docker, f"zaffre.service=default/{name}.boxed")
        inside = containers.inspect(docker, found["Id"])
        assert inside is not None
        assert inside["HostConfig"]["NanoCpus"] == 500_000_000
        assert inside["HostConfig"]["MemoryReservation"] == int(0.1 * 1024**3)
        endpoint.create_version("plain", inference_config=inference(tmp_path / "plain", "plain"), traffic_percentile=50)
        endpoint.wait_for_deployment(timeout_sec=SECONDS)
        assert {one: version.run("1") for one, version in endpoint.versions.items()} == {
            "boxed": ["boxed", 1],
            "plain": ["plain", 1],
        }
        with pytest.raises(Unsupported, match="hold for containers"):
            endpoint.update_version("plain", memory_gb_limit=1)
        an_update_is_taken_back_in_containers(endpoint, tmp_path)
    finally:
        endpoint.delete()
    assert containers.labelled(docker, f"zaffre.service=default/{name}.boxed") == []
