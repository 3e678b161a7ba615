"""The rows of a service in a container: they leave it through a folder that is mounted."""

from __future__ import annotations

from functools import partial
from pathlib import Path

import pytest

from tests import waiting
from tests.docker_engine import BASE
from tests.server_process import ServerProcess
from zaffre.docker.engine import Engine
from zaffre.sdk import collected_data
from zaffre.sdk.environment import Environment
from zaffre.sdk.inference import InferenceConfig
from zaffre.sdk.model import Model
from zaffre.sdk.webservice_aci import AciWebservice
from zaffre.sdk.workspace import Workspace

SECONDS = 300.0  # generous: the machine may be busy with other tests
until = partial(waiting.until, patience=SECONDS)

SCRIPT = """
import json
from azureml.monitoring import ModelDataCollector
def init():
    global inputs
    inputs = ModelDataCollector("tree", designation="inputs", feature_names=["a", "b"])
def run(data):
    inputs.collect(json.loads(data))
    return "ok"
"""


def test_rows_of_a_container_come_to_the_datastore(
    docker: Engine, own_server: ServerProcess, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    assert docker.address
    monkeypatch.setenv("ZAFFRE_HOME", str(own_server.home))
    monkeypatch.chdir(tmp_path)
    Path("score.py").write_text(SCRIPT)
    environment = Environment.from_docker_image("plain", BASE)
    environment.environment_variables = {"ZAFFRE_COLLECT_SECONDS": "1"}
    workspace = Workspace("sub", "group", "default")
    config = AciWebservice.deploy_configuration(collect_model_data=True)
    service = Model.deploy(
        workspace, "contained-data", [], InferenceConfig("score.py", environment=environment), config
    )
    try:
        service.wait_for_deployment(timeout_sec=SECONDS)
        service.run("[[1, 2]]")
        found = until(lambda: collected_data.find(workspace._scope, "contained-data").files, "the file")
    finally:
        service.delete()

    assert (found[0].rows, found[0].designation) == (1, "inputs")
