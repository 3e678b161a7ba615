"""The rows of a service on their way to the workspace: while it runs, when it is deleted, while the server is away."""

from __future__ import annotations

import os
import sys
from collections.abc import Iterator
from functools import partial
from pathlib import Path
from typing import Any

import pytest

from tests import waiting
from tests.server_process import ServerProcess
from zaffre.core.collection_wire import CollectedData
from zaffre.core.errors import WebserviceNotFound
from zaffre.sdk.environment import Environment
from zaffre.sdk.inference import InferenceConfig
from zaffre.sdk.model import Model
from zaffre.sdk.service_folder import ServiceFolder
from zaffre.sdk.webservice_local import LocalWebservice
from zaffre.sdk.workspace import Workspace

SECONDS = 120.0  # generous: the machine may be busy with other tests
until = partial(waiting.until, patience=SECONDS)

SCRIPT = """
import json
from azureml.monitoring import ModelDataCollector

def init():
    global inputs, predictions
    inputs = ModelDataCollector("tree", designation="inputs", feature_names=["a", "b"])
    predictions = ModelDataCollector("tree", designation="predictions", feature_names=["sum"])

def run(data):
    rows = json.loads(data)
    inputs.collect(rows)
    sums = [sum(row) for row in rows]
    predictions.collect(sums)
    return sums
"""


def deploy(workspace: Workspace, source: Path, *, collects: bool | None = True, **variables: str) -> LocalWebservice:
    """The service ``collecting``, ready to answer; it closes its files after a second."""
    source.mkdir(exist_ok=True)
    (source / "score.py").write_text(SCRIPT)
    environment = Environment("own")
    environment.python.user_managed_dependencies = True
    environment.python.interpreter_path = sys.executable
    environment.environment_variables = {"ZAFFRE_COLLECT_SECONDS": "1", **variables}
    inference = InferenceConfig("score.py", source_directory=str(source), environment=environment)
    configuration = LocalWebservice.deploy_configuration(collect_model_data=collects)
    service = Model.deploy(workspace, "collecting", [], inference, configuration, overwrite=True)
    service.wait_for_deployment(timeout_sec=SECONDS)
    assert isinstance(service, LocalWebservice)
    return service


def collected(workspace: Workspace, **wanted: Any) -> CollectedData:
    scope = workspace._scope
    return scope.client.get(scope.path("services", "collecting", "data"), CollectedData, **wanted)


def rows_by_designation(workspace: Workspace) -> dict[str, int]:
    found: dict[str, int] = {}
    for file in collected(workspace).files:
        found[file.designation] = found.get(file.designation, 0) + file.rows
    return found


@pytest.fixture
def workspace(server: ServerProcess, workspace_name: str) -> Iterator[Workspace]:
    assert server.process is not None
    there = Workspace("sub", "group", workspace_name)
    yield there
    LocalWebservice(there, "collecting", must_exist=False).delete()


def test_rows_come_to_the_default_datastore_and_stay_when_the_service_goes(
    workspace: Workspace, tmp_path: Path
) -> None:
    service = deploy(workspace, tmp_path / "source")
    service.run("[[1, 2], [3, 4.5]]")
    until(lambda: rows_by_designation(workspace) == {"inputs": 2, "predictions": 2}, "the first rows' files")
    service.run("[[5, 6]]")
    service.delete()

    found = collected(workspace)

    assert rows_by_designation(workspace) == {"inputs": 3, "predictions": 3}
    assert (found.rows, found.enabled, found.datastore) == (6, None, workspace.get_default_datastore().name)
    assert found.path == f"modeldata/sub/group/{workspace.name}/collecting"
    assert all(file.path.startswith(f"{found.path}/tree/default/{file.designation}/20") for file in found.files)
    assert found.size == sum(file.size for file in found.files) > 0


def test_without_the_setting_nothing_is_collected_and_the_log_says_so(workspace: Workspace, tmp_path: Path) -> None:
    service = deploy(workspace, tmp_path / "source", collects=None)
    assert service.run("[[1, 2]]") == [3]

    said = "data collection is off. Deploy with collect_model_data=True"
    waiting.until(lambda: said in service.get_logs(), "the line in the log", 60)
    assert service.get_logs().count(said) == 1
    assert collected(workspace).enabled is False
    assert collected(workspace).files == []


def test_azures_variable_switches_it_on_too_and_an_update_keeps_it(workspace: Workspace, tmp_path: Path) -> None:
    service = deploy(workspace, tmp_path / "source", collects=None, AML_MODEL_DC_STORAGE_ENABLED="true")
    service.run("[[1, 2]]")
    assert collected(workspace).enabled is True
    service.update(deployment_config=LocalWebservice.deploy_configuration(collect_model_data=True), wait=True)
    service.reload(wait=True)
    service.run("[[1, 2]]")

    until(lambda: collected(workspace).rows == 4, "the rows of both revisions")
    assert collected(workspace).enabled is True


def test_files_wait_while_the_server_is_away(own_server: ServerProcess, tmp_path: Path) -> None:
    workspace = Workspace("sub", "group", "default")
    service = deploy(workspace, tmp_path / "source")
    folder = ServiceFolder(own_server.home, "default", "collecting").collected
    own_server.kill()
    service.run("[[1, 2]]")
    until(lambda: list(folder.rglob("*.parquet")), "a file that waits")
    own_server.start()

    until(lambda: collected(workspace).rows == 2, "the file's arrival")
    until(lambda: not list(folder.rglob("*.parquet")), "its removal from the service's folder")
    service.delete()


def test_nothing_but_the_services_own_files_is_carried(workspace: Workspace, tmp_path: Path) -> None:
    """What a script puts into the folder: a link to a file of the machine, a file in another service's place."""
    service = deploy(workspace, tmp_path / "source")
    folder = ServiceFolder(Path(os.environ["ZAFFRE_HOME"]), workspace.name, "collecting").collected
    secret = tmp_path / "secret"
    secret.write_text("not for others")
    own = folder / f"modeldata/sub/group/{workspace.name}/collecting/tree/1/inputs/2026/11/21"
    other = folder / f"modeldata/sub/group/{workspace.name}/neighbour/tree/1/inputs/2026/11/21"
    for place in (own, other):
        place.mkdir(parents=True)
    (own / "inputs-101010-0a0a0a0a-1.parquet").symlink_to(secret)
    (other / "inputs-101010-0a0a0a0a-1.parquet").write_bytes(b"PAR1")
    (own / "notes.txt").write_text("x")
    service.run("[[1, 2]]")
    until(lambda: collected(workspace).rows == 2, "the arrival of what was collected")

    listed = workspace._scope.client.items(workspace._scope.path("datastores", "workspaceblobstore", "files"), dict)

    assert all(f"/{side}-" in one["path"] for one, side in zip(listed, ("inputs", "predictions"), strict=True))
    with pytest.raises(WebserviceNotFound, match="no data that one of this name collected"):
        workspace._scope.client.get(workspace._scope.path("services", "neighbour", "data"), CollectedData)
