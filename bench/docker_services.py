"""A service in Docker, of this machine and of the server: its first deployment, and an update with a changed script."""

from __future__ import annotations

import os
import time
from pathlib import Path

from bench.figure import Figure
from tests.docker_engine import BASE, shared_engine
from tests.server_process import ServerProcess
from zaffre.sdk.environment import Environment
from zaffre.sdk.inference import InferenceConfig
from zaffre.sdk.model import Model
from zaffre.sdk.webservice import WebserviceDeploymentConfiguration
from zaffre.sdk.webservice_aci import AciWebservice
from zaffre.sdk.webservice_local import LocalWebservice
from zaffre.sdk.workspace import Workspace

TIMES = 5
_SECONDS = 600.0
_SCRIPT = "def init(): pass\ndef run(data): return {number}\n"


def figures(folder: Path) -> list[Figure]:
    with shared_engine() as engine:
        os.environ |= {"DOCKER_HOST": engine.address, "ZAFFRE_HOME": str(folder / "home")}
        server = ServerProcess(folder / "home").start()
        try:
            configurations = {
                "Docker": LocalWebservice.deploy_configuration(),
                "ACI": AciWebservice.deploy_configuration(auth_enabled=True),
            }
            return [_updates(folder, kind, config) for kind, config in configurations.items()]
        finally:
            server.stop()
            del os.environ["DOCKER_HOST"], os.environ["ZAFFRE_HOME"]


def _updates(folder: Path, kind: str, deployment: WebserviceDeploymentConfiguration) -> Figure:
    source = folder / kind.lower()
    source.mkdir()
    script = source / "score.py"
    script.write_text(_SCRIPT.format(number=0))
    name = f"bench-{kind.lower()}"
    config = InferenceConfig("score.py", source_directory=str(source), environment=_environment(name))
    begun = time.perf_counter()
    workspace = Workspace("s", "g", "default")
    service = Model.deploy(workspace, name, [], config, deployment)
    service.wait_for_deployment(timeout_sec=_SECONDS)
    first = time.perf_counter() - begun
    found = []
    try:
        for number in range(1, TIMES + 1):
            script.write_text(_SCRIPT.format(number=number))
            begun = time.perf_counter()
            service.update(inference_config=config)
            service.wait_for_deployment(timeout_sec=_SECONDS)
            assert service.run("0") == number
            found.append(time.perf_counter() - begun)
    finally:
        service.delete()
    said = f"service.update() with a changed entry script ({kind}), until it answers"
    return Figure(said, found, "s", 3.0, "its first deployment", first)


def _environment(name: str) -> Environment:
    made = Environment.from_docker_image(name, BASE)
    made.python.user_managed_dependencies = False
    assert made.python.conda_dependencies is not None
    made.python.conda_dependencies.add_pip_package("numpy")
    return made
