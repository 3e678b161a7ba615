"""``mlflow.autolog()`` with the real frameworks: each script of ``autolog/`` runs as users run it, and all of what it
logged must be there."""

from __future__ import annotations

import json
import math
import os
import subprocess
from collections.abc import Iterator
from concurrent.futures import Future, ThreadPoolExecutor
from pathlib import Path
from uuid import uuid4

import pytest
from mlflow.entities import LoggedModel, Run
from mlflow.tracking import MlflowClient

from tests.mlflow_client import frameworks
from tests.mlflow_client.conftest import open_workspace
from tests.server_process import ServerProcess, clean_environment
from tests.test_architecture import ROOT

SCRIPTS = ("sklearn_search", "spark_notebook", "torch_loop", "lightning_fit", "xgboost_train", "lightgbm_train")
FOLDER = Path(__file__).parent / "autolog"

# The first run on a machine makes the environment, which fetches half a gigabyte at least.
pytestmark = pytest.mark.timeout(3000)


class Logged:
    """What one workspace got from the scripts."""

    def __init__(self, client: MlflowClient, results: dict[str, Future[str]], name: str) -> None:
        self.client = client
        self.name = name
        self._results = results

    def output(self, script: str) -> str:
        """What the script printed, once it has ended well."""
        return self._results[script].result()

    def runs(self, experiment: str) -> list[Run]:
        """The runs of an experiment, the oldest first."""
        found = self.client.get_experiment_by_name(experiment)
        assert found is not None
        return list(self.client.search_runs([found.experiment_id], order_by=["attributes.start_time ASC"]))

    def models(self, run: Run) -> list[LoggedModel]:
        """The models that a run logged, each of them ready and named by the run itself."""
        outputs = run.outputs.model_outputs if run.outputs else []
        models = [self.client.get_logged_model(output.model_id) for output in outputs]
        assert all(model.status.value == "READY" and model.source_run_id == run.info.run_id for model in models)
        return models

    def files(self, run: Run) -> set[str]:
        return {file.path for file in self.client.list_artifacts(run.info.run_id)}

    def history(self, run: Run, metric: str) -> list[float]:
        """The values of a metric, whose steps count up from 0."""
        points = self.client.get_metric_history(run.info.run_id, metric)
        assert [point.step for point in points] == list(range(len(points)))
        assert run.data.metrics[metric] == points[-1].value
        return [point.value for point in points]


def contexts(run: Run) -> set[tuple[str, str]]:
    """Name and use of each data set that a run read."""
    used = run.inputs.dataset_inputs if run.inputs else []
    return {(one.dataset.name, tag.value) for one in used for tag in one.tags}


@pytest.fixture(scope="module")
def logged(shared_server: ServerProcess, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Logged]:
    """Every script, two at a time, in the same workspace."""
    python = frameworks.interpreter()
    name = f"ws-{uuid4().hex[:12]}"
    uri = open_workspace(shared_server, name)

    def run(script: str) -> str:
        environment = clean_environment(
            shared_server.home,
            DO_NOT_TRACK="true",
            MLFLOW_TRACKING_URI=uri,
            MLFLOW_TRACKING_TOKEN=shared_server.token,
            MLFLOW_REQUIREMENTS_INFERENCE_TIMEOUT="1",  # else each model is loaded once more, to guess what it needs
            OMP_NUM_THREADS="1",
            MPLBACKEND="agg",
            PYTHONPATH=str(ROOT / "src"),
            SPARK_LOCAL_IP="127.0.0.1",
            JDK_JAVA_OPTIONS="-XX:TieredStopAtLevel=1",  # a short session: compiling well costs more than it gains
        )
        command = [str(python), str(FOLDER / f"{script}.py"), name]
        folder = tmp_path_factory.mktemp(script)
        done = subprocess.run(command, env=environment, cwd=folder, capture_output=True, text=True, check=False)
        assert done.returncode == 0, f"{script}:\n{done.stdout}\n{done.stderr}"
        return done.stdout

    with pytest.MonkeyPatch.context() as patch, ThreadPoolExecutor(2) as pool:
        patch.setenv("MLFLOW_TRACKING_TOKEN", shared_server.token)
        results = {script: pool.submit(run, script) for script in SCRIPTS}
        yield Logged(MlflowClient(tracking_uri=uri, registry_uri=uri), results, name)


def test_a_grid_search_of_scikit_learn(logged: Logged) -> None:
    logged.output("sklearn_search")
    runs = logged.runs("sklearn")
    (parent,) = (run for run in runs if "mlflow.parentRunId" not in run.data.tags)
    children = [run for run in runs if run is not parent]
    assert {run.info.status for run in runs} == {"FINISHED"}
    assert {run.data.tags["mlflow.parentRunId"] for run in children} == {parent.info.run_id}
    assert sorted(run.data.params["C"] for run in children) == ["0.01", "0.1", "1.0"]
    scores = [run.data.metrics["mean_test_score"] for run in children]
    assert parent.data.metrics["best_cv_score"] == pytest.approx(max(scores))
    assert parent.data.params["best_C"] in {run.data.params["C"] for run in children}
    assert parent.data.params["cv"] == "2"
    assert {"training_accuracy_score", "training_roc_auc"} <= parent.data.metrics.keys()
    assert {"cv_results.csv", "training_confusion_matrix.png"} <= logged.files(parent)
    assert contexts(parent) == {("dataset", "train")}
    assert {use for run in children for _, use in contexts(run)} == {"train"}
    models = {model.name: model for model in logged.models(parent)}
    assert models.keys() == {"model", "best_estimator"}
    assert models["model"].params["best_C"] == parent.data.params["best_C"]
    assert parent.data.tags["mlflow.autologging"] == "sklearn"


def test_a_training_loop_of_pytorch(logged: Logged) -> None:
    logged.output("torch_loop")
    (run,) = logged.runs("torch")
    losses = logged.history(run, "loss")
    assert len(losses) == 40
    assert losses[-1] < losses[0] / 100
    assert run.data.params == {"lr": "0.3", "epochs": "40"}
    assert contexts(run) == {("line", "training")}
    assert logged.files(run) == {"checkpoint"}
    (model,) = logged.models(run)
    assert (model.name, model.params) == ("model", run.data.params)
    version = logged.client.get_model_version("line", "1")
    assert (version.run_id, version.status) == (run.info.run_id, "READY")


def test_a_trainer_of_lightning(logged: Logged) -> None:
    logged.output("lightning_fit")
    (run,) = logged.runs("lightning")
    for metric in ("train_loss", "val_loss"):
        values = logged.history(run, metric)
        assert len(values) == 3
        assert values[-1] < values[0]
    assert (run.data.params["epochs"], run.data.params["lr"], run.data.params["optimizer_name"]) == ("3", "0.1", "SGD")
    assert {"model_summary.txt", "checkpoints"} <= logged.files(run)
    (model,) = logged.models(run)
    assert model.name == "model"
    assert {metric.key for metric in model.metrics or []} >= {"train_loss"}


def test_a_booster_of_xgboost(logged: Logged) -> None:
    logged.output("xgboost_train")
    (run,) = logged.runs("xgboost")
    for metric in ("train-logloss", "test-logloss"):
        assert len(logged.history(run, metric)) == 10
    assert (run.data.params["max_depth"], run.data.params["num_boost_round"]) == ("2", "10")
    assert {"feature_importance_weight.json", "feature_importance_weight.png"} <= logged.files(run)
    assert {("dataset", "train"), ("test", "eval")} <= contexts(run)
    (model,) = logged.models(run)
    assert model.name == "model"


def test_a_booster_of_lightgbm(logged: Logged) -> None:
    logged.output("lightgbm_train")
    (run,) = logged.runs("lightgbm")
    assert len(logged.history(run, "valid_0-binary_logloss")) == 10
    assert (run.data.params["num_leaves"], run.data.params["num_boost_round"]) == ("4", "10")
    assert {"feature_importance_gain.json", "feature_importance_split.png"} <= logged.files(run)
    assert {use for _, use in contexts(run)} == {"train", "eval"}
    (model,) = logged.models(run)
    assert model.name == "model"


def test_a_spark_session_logs_as_a_databricks_notebook_does(logged: Logged, tmp_path: Path) -> None:
    printed = logged.output("spark_notebook")
    (run,) = logged.runs("spark")
    losses = logged.history(run, "epoch_loss")
    assert losses == sorted(losses, reverse=True)
    assert losses[0] == pytest.approx(math.log(2), abs=0.01)
    assert (run.data.params["maxIter"], run.data.params["regParam"]) == ("5", "0.01")
    assert run.data.metrics["areaUnderROC_data"] == 1.0
    assert {"model", "report.json"} <= logged.files(run)
    path = logged.client.download_artifacts(run.info.run_id, "report.json", str(tmp_path))
    assert json.loads(Path(path).read_text()) == {"area": 1.0, "rows": 40}
    assert {use for _, use in contexts(run)} == {"train", "eval"}
    assert f"/ws/{logged.name}/runs/{run.info.run_id}" in printed


def test_the_environment_is_named_by_what_it_is_made_of(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """Only the wheel for this Python, this machine and the locked version is taken."""
    monkeypatch.delenv("UV_FIND_LINKS", raising=False)
    for name in ("torch-9.9.9+cpu-cp311-cp311-linux_x86_64.whl", "torch-junk.whl", "torchvision-1.0-py3-none-any.whl"):
        (tmp_path / name).touch()
    monkeypatch.setenv("PIP_FIND_LINKS", f"{tmp_path} /nowhere{os.sep}")
    assert frameworks.processor_wheel() is None
    locked = frameworks.TORCH_LOCK.read_text().partition("torch==")[2].split()[0]
    good = tmp_path / f"torch-{locked}+cpu-py3-none-any.whl"
    good.touch()
    assert frameworks.processor_wheel() == good
