"""The real ``mlflow`` package with an ``azureml://`` tracking URI, against a real server process."""

from __future__ import annotations

import os
from collections.abc import Iterator

os.environ["DO_NOT_TRACK"] = "true"  # read when mlflow is imported: it would report to its makers

import mlflow
import pytest
from mlflow.tracking import MlflowClient, fluent

from tests.server_process import ServerProcess
from zaffre.sdk.workspace import Workspace

AZURE = (
    "azureml://westeurope.api.azureml.ms/mlflow/v2.0/subscriptions/sub/resourceGroups/group/providers/"
    "Microsoft.MachineLearningServices/workspaces/"
)


@pytest.fixture
def workspace(server: ServerProcess, workspace_name: str, monkeypatch: pytest.MonkeyPatch) -> Workspace:
    assert server.url
    monkeypatch.setenv("MLFLOW_HTTP_REQUEST_MAX_RETRIES", "1")
    return Workspace("sub", "group", workspace_name)


@pytest.fixture
def uri(workspace: Workspace) -> str:
    """The workspace's address as a configuration written for Azure has it."""
    return f"{AZURE}{workspace.name}"


@pytest.fixture
def tracking(uri: str, monkeypatch: pytest.MonkeyPatch) -> Iterator[MlflowClient]:
    """``mlflow`` set up as a script does it, with experiment "tests"; nothing of it outlives the test."""
    monkeypatch.setattr(fluent, "_active_experiment_id", None)
    monkeypatch.setenv("MLFLOW_EXPERIMENT_ID", "")  # set_experiment sets it for the process's children
    mlflow.set_tracking_uri(uri)
    mlflow.set_experiment("tests")
    yield MlflowClient()
    while mlflow.active_run():
        mlflow.end_run()
    mlflow.set_tracking_uri(None)  # type: ignore[arg-type]
