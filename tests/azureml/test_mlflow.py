"""``azureml.mlflow`` with the real MLflow client: its runs are runs of the workspace."""

from __future__ import annotations

import importlib
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from tests.server_process import ServerProcess
from zaffre.core.errors import UserErrorException
from zaffre.sdk.experiment import Experiment
from zaffre.sdk.mlflow_runs import get_portal_url, register_model, tracking_scope
from zaffre.sdk.run import Run
from zaffre.sdk.workspace import Workspace

pytestmark = pytest.mark.filterwarnings("default")  # what MLflow itself warns of is not ours


@pytest.fixture
def mlflow() -> Iterator[Any]:
    client = importlib.import_module("mlflow")
    before = client.get_tracking_uri()
    yield client
    client.set_tracking_uri(before)


def test_a_run_of_mlflow_is_a_run_of_the_workspace(
    server: ServerProcess, workspace_name: str, mlflow: Any, tmp_path: Path
) -> None:
    assert server.url
    workspace = Workspace("sub", "group", workspace_name)
    mlflow.set_tracking_uri(workspace.get_mlflow_tracking_uri())
    mlflow.set_experiment("from-mlflow")
    (tmp_path / "model.txt").write_text("model", "utf-8")
    with mlflow.start_run() as started:
        for step in range(3):
            mlflow.log_metric("loss", 1.5 - step, step=step)
        mlflow.log_artifact(str(tmp_path / "model.txt"), "outputs")

    run = Run(Experiment(workspace, "from-mlflow"), started.info.run_id)

    assert (run.status, run.get_metrics()) == ("Completed", {"loss": [1.5, 0.5, -0.5]})
    assert run.get_file_names() == ["outputs/model.txt"]
    assert get_portal_url(started) == run.get_portal_url()
    assert register_model(started, "from-mlflow", "outputs/model.txt", tags={"a": "b"}).version == 1
    assert workspace.models["from-mlflow"].tags == {"a": "b"}
    with pytest.raises(TypeError, match="flavor"):
        register_model(started, "from-mlflow", "outputs/model.txt", flavor="x")


def test_the_default_workspace_is_at_the_root(server: ServerProcess, mlflow: Any) -> None:
    mlflow.set_tracking_uri(f"http://token:{server.token}@127.0.0.1:{server.port}")
    assert (tracking_scope().workspace, tracking_scope().client.url) == ("default", server.url)


def test_another_tracking_uri_says_what_to_do(mlflow: Any, tmp_path: Path) -> None:
    mlflow.set_tracking_uri(f"sqlite:///{tmp_path}/m.db")
    with pytest.raises(UserErrorException, match="get_mlflow_tracking_uri"):
        tracking_scope()
