"""``mlflow.projects.run(..., backend="azureml")``, and runs of MLflow inside a submitted run."""

from __future__ import annotations

from pathlib import Path

import mlflow
import mlflow.projects
import pytest
from mlflow.exceptions import ExecutionException, MlflowException
from mlflow.tracking import MlflowClient

from zaffre.sdk.environment import Environment
from zaffre.sdk.experiment import Experiment
from zaffre.sdk.script_run_config import ScriptRunConfig
from zaffre.sdk.workspace import Workspace

SCRIPT = """
import sys
import mlflow
with mlflow.start_run() as run:
    mlflow.log_metric("loss", float(sys.argv[1]))
if float(sys.argv[1]) < 0:
    sys.exit(3)
"""
NESTED = """
import os, mlflow
mlflow.set_tracking_uri(URI)
with mlflow.start_run() as mine:
    assert mine.info.run_id == os.environ["AZUREML_RUN_ID"]
    mlflow.log_metric("outer", 1.0)
    mlflow.log_text("x", "x.txt")
    with mlflow.start_run(nested=True) as inner:
        mlflow.log_metric("inner", 2.0)
"""


@pytest.fixture
def project(tmp_path: Path) -> Path:
    folder = tmp_path / "project"
    folder.mkdir()
    (folder / "train.py").write_text(SCRIPT)
    (folder / "MLproject").write_text(
        "name: small\nentry_points:\n  main:\n    parameters:\n      loss: float\n    command: python train.py {loss}\n"
    )
    return folder


CONFIG = {"COMPUTE": "local", "USE_CONDA": False, "STREAM_OUTPUT": True}


@pytest.mark.timeout(600)
def test_a_project_runs_as_a_submitted_run(tracking: MlflowClient, workspace: Workspace, project: Path) -> None:
    done = mlflow.projects.run(
        str(project), parameters={"loss": 0.5}, experiment_name="tests", backend="azureml", backend_config=CONFIG
    )
    assert done.get_status() == "FINISHED"
    run = workspace.get_run(done.run_id)
    assert (run.status, run.get_metrics(), run.experiment.name) == ("Completed", {"loss": 0.5}, "tests")
    assert tracking.get_run(done.run_id).data.tags["mlflow.project.backend"] == "azureml"
    with pytest.raises(ExecutionException):
        mlflow.projects.run(
            str(project), parameters={"loss": -1}, experiment_name="tests", backend="azureml", backend_config=CONFIG
        )


def test_a_backend_configuration_of_another_backend_is_refused(tracking: MlflowClient, project: Path) -> None:
    assert tracking
    with pytest.raises(MlflowException, match="kube-context: not a setting of this backend"):
        mlflow.projects.run(str(project), backend="azureml", backend_config={"kube-context": "x"})
    (project / "MLproject").write_text(
        "name: small\ndocker_env:\n  image: python\nentry_points:\n  main:\n    command: ls\n"
    )
    with pytest.raises(MlflowException, match="Docker image are not built"):
        mlflow.projects.run(str(project), experiment_name="tests", backend="azureml", backend_config={})


@pytest.mark.timeout(600)
@pytest.mark.parametrize("form", ["URI of Azure", "URI of the workspace", "URI that is set"])
def test_a_run_of_mlflow_in_a_submitted_script_is_that_run(
    workspace: Workspace, uri: str, tmp_path: Path, form: str
) -> None:
    source = tmp_path / "source"
    source.mkdir()
    azures = f"{uri!r}"
    ours = "__import__('azureml.core').core.Run.get_context().experiment.workspace.get_mlflow_tracking_uri()"
    script = NESTED.replace("URI", azures if form == "URI of Azure" else ours, 1)
    if form == "URI that is set":
        script = script.replace(f"mlflow.set_tracking_uri({ours})\n", "")
    (source / "train.py").write_text(script)
    environment = Environment("own")
    environment.python.user_managed_dependencies = True
    run = Experiment(workspace, "jobs").submit(ScriptRunConfig(str(source), "train.py", environment=environment))
    run.wait_for_completion()
    assert (run.status, run.get_metrics()) == ("Completed", {"outer": 1.0})
    assert "x.txt" in run.get_file_names()
    (child,) = run.get_children()
    assert child.parent is not None
    assert (child.parent.id, child.status, child.get_metrics()) == (run.id, "Completed", {"inner": 2.0})
