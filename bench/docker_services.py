"""A local service in Docker: its first deployment, and an update with a changed entry script."""

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
            return [_updates(folder)]
        finally:
            server.stop()
            del os.environ["DOCKER_HOST"], os.environ["ZAFFRE_HOME"]


def _updates(folder: Path) -> Figure:
    source = folder / "source"
    source.mkdir()
    script = source / "score.py"
    script.write_text(_SCRIPT.format(number=0))
    config = InferenceConfig("score.py", source_directory=str(source), environment=_environment())
    begun = time.perf_counter()
    service = Model.deploy(Workspace("s", "g", "default"), "bench", [], config, LocalWebservice.deploy_configuration())
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
    name = "service.update() with a changed entry script (Docker), until it answers"
    return Figure(name, found, "s", 3.0, "its first deployment", first)


def _environment() -> Environment:
    made = Environment.from_docker_image("bench", BASE)
    made.python.user_managed_dependencies = False
    assert made.python.conda_dependencies is not None
    made.python.conda_dependencies.add_pip_package("numpy")
    return made
