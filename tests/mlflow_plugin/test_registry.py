"""One registry behind two doors: MLflow through ``azureml://``, and ``azureml.core.Model``."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import mlflow
import mlflow.sklearn
import numpy
import pytest
from mlflow.tracking import MlflowClient
from sklearn.linear_model import LinearRegression  # type: ignore[import-untyped]

from zaffre.core.errors import ModelPathNotFoundException
from zaffre.sdk.mlflow_runs import register_model
from zaffre.sdk.model import Model
from zaffre.sdk.workspace import Workspace

X = numpy.array([[0.0], [1.0], [2.0], [3.0]])

pytestmark = [
    # mlflow.models guesses requirements and signatures, and warns of its own defaults.
    pytest.mark.filterwarnings("ignore::UserWarning:mlflow"),
    pytest.mark.filterwarnings("ignore::FutureWarning:mlflow"),
    pytest.mark.filterwarnings("ignore:.*deprecated since 2.9.0:FutureWarning"),
]


def doubling() -> Any:
    return LinearRegression().fit(X, 2 * X[:, 0])


def log_model(name: str = "model", registered: str | None = None) -> Any:
    return mlflow.sklearn.log_model(
        doubling(),
        name=name,
        registered_model_name=registered,
        pip_requirements=["scikit-learn"],
        input_example=X,
    )


def doubles(model: Any) -> bool:
    return bool(numpy.allclose(model.predict(numpy.array([[5.0]])), [10.0]))


def test_a_model_of_mlflow_opens_and_downloads_as_a_model(
    tracking: MlflowClient, workspace: Workspace, tmp_path: Path
) -> None:
    with mlflow.start_run() as run:
        log_model(registered="from-mlflow")
    tracking.set_model_version_tag("from-mlflow", "1", "stage", "first")
    model = Model(workspace, "from-mlflow")
    assert (model.version, model.run_id, model.tags["stage"]) == (1, run.info.run_id, "first")
    folder = model.download(str(tmp_path / "got"))
    assert doubles(mlflow.sklearn.load_model(folder))
    assert doubles(mlflow.pyfunc.load_model("models:/from-mlflow/1"))


def test_a_model_registered_here_loads_in_mlflow(tracking: MlflowClient, workspace: Workspace, tmp_path: Path) -> None:
    mlflow.sklearn.save_model(doubling(), str(tmp_path / "saved"), pip_requirements=["scikit-learn"])
    model = Model.register(workspace, str(tmp_path / "saved"), "from-here", tags={"a": "b"}, description="doubles")
    found = tracking.get_model_version("from-here", str(model.version))
    assert (found.tags, found.description) == ({"a": "b"}, "doubles")
    assert doubles(mlflow.pyfunc.load_model("models:/from-here/1"))
    tracking.set_registered_model_alias("from-here", "champion", "1")
    assert doubles(mlflow.pyfunc.load_model("models:/from-here@champion"))
    tracking.transition_model_version_stage("from-here", "1", "Production")
    assert doubles(mlflow.pyfunc.load_model("models:/from-here/Production"))
    model.add_tags({"c": "d"})
    assert tracking.get_model_version("from-here", "1").tags == {"a": "b", "c": "d"}
    model.delete()
    assert tracking.search_model_versions("name = 'from-here'") == []


def test_register_model_takes_files_of_the_run(tracking: MlflowClient, workspace: Workspace) -> None:
    assert tracking
    with mlflow.start_run() as run:
        mlflow.log_text("weights", "outputs/weights.txt")
        made = register_model(
            run, "files", "outputs/weights.txt", tags={"a": "b"}, description="text", model_framework="Custom"
        )
    assert isinstance(made, Model)
    assert (made.version, made.tags, made.description, made.model_framework) == (1, {"a": "b"}, "text", "Custom")
    assert workspace.models["files"].run_id == run.info.run_id
    with pytest.raises(TypeError, match="flavor"):
        register_model(run, "files", "outputs/weights.txt", flavor="x")


def test_register_model_takes_a_model_that_the_run_logged(tracking: MlflowClient, workspace: Workspace) -> None:
    assert tracking
    with mlflow.start_run() as run:
        log_model("net")
        made = register_model(run, "logged", "net", tags={"a": "b"})
    assert (made.name, made.version, made.tags, made.run_id) == ("logged", 1, {"a": "b"}, run.info.run_id)
    assert doubles(mlflow.pyfunc.load_model("models:/logged/1"))
    assert workspace.get_run(run.info.run_id).register_model("logged", "net/MLmodel").version == 2
    with pytest.raises(ModelPathNotFoundException, match="nothing"):
        register_model(run, "logged", "nothing")
