"""What a user of MLflow 2.21 does, run by that version in its own environment: prints one JSON object, check by check.

It knows nothing of the test suite, and of the server only its address, which comes in the environment.
"""

from __future__ import annotations

import json
import sys
import tempfile
import traceback
import warnings
from collections.abc import Callable
from pathlib import Path
from typing import Any

warnings.simplefilter("ignore")

import mlflow  # noqa: E402
import mlflow.sklearn  # noqa: E402
import numpy  # noqa: E402
from mlflow.data.numpy_dataset import from_numpy  # noqa: E402
from mlflow.exceptions import MlflowException  # noqa: E402
from mlflow.tracking import MlflowClient  # noqa: E402
from sklearn.linear_model import LinearRegression  # type: ignore[import-untyped]  # noqa: E402

X = numpy.array([[0.0], [1.0], [2.0], [3.0], [4.0], [5.0]])
Y = 2 * X[:, 0]


def refused(act: Callable[[], Any]) -> str:
    """The code with which the server refuses."""
    try:
        act()
    except MlflowException as error:
        return str(error.error_code)
    return ""


def experiments(client: MlflowClient) -> None:
    made = client.create_experiment("older", tags={"a": "b"})
    found = client.get_experiment_by_name("older")
    assert found
    assert (found.experiment_id, found.tags["a"]) == (made, "b")
    client.rename_experiment(made, "renamed")
    client.set_experiment_tag(made, "c", "d")
    assert [one.name for one in client.search_experiments(filter_string="tags.c = 'd'")] == ["renamed"]
    client.delete_experiment(made)
    assert client.get_experiment(made).lifecycle_stage == "deleted"
    client.restore_experiment(made)
    assert client.get_experiment(made).lifecycle_stage == "active"


def runs(client: MlflowClient) -> None:
    with mlflow.start_run(run_name="first", tags={"t": "1"}) as run:
        mlflow.log_param("p", 1)
        mlflow.log_params({"q": "x", "r": 0.5})
        mlflow.set_tags({"u": "2"})
    found = client.get_run(run.info.run_id)
    assert found.info.status == "FINISHED"
    assert found.info.run_name == "first"
    assert found.data.params == {"p": "1", "q": "x", "r": "0.5"}
    assert (found.data.tags["t"], found.data.tags["u"]) == ("1", "2")
    assert refused(lambda: client.log_param(run.info.run_id, "p", 2)) == "INVALID_PARAMETER_VALUE"
    assert refused(lambda: client.get_run("nobody")) == "RESOURCE_DOES_NOT_EXIST"
    client.delete_tag(run.info.run_id, "u")
    client.delete_run(run.info.run_id)
    assert client.get_run(run.info.run_id).info.lifecycle_stage == "deleted"
    client.restore_run(run.info.run_id)


def metrics(client: MlflowClient) -> None:
    with mlflow.start_run() as run:
        for step in range(50):
            mlflow.log_metric("loss", 1 / (step + 1), step=step)
        mlflow.log_metrics({"nan": float("nan"), "inf": float("inf")}, step=1)
    history = client.get_metric_history(run.info.run_id, "loss")
    assert [point.step for point in history] == list(range(50))
    assert history[49].value == 1 / 50
    found = client.get_run(run.info.run_id).data.metrics
    assert numpy.isnan(found["nan"])
    assert found["inf"] > 1e300


def asynchronous(client: MlflowClient) -> None:
    with mlflow.start_run() as run:
        for step in range(200):
            mlflow.log_metric("fast", step, step=step, synchronous=False)
        mlflow.flush_async_logging()
    assert len(client.get_metric_history(run.info.run_id, "fast")) == 200


def searching(client: MlflowClient) -> None:
    for score in (0.1, 0.9, 0.5):
        with mlflow.start_run(tags={"group": "search"}):
            mlflow.log_metric("score", score)
            mlflow.log_param("kind", f"k{score}")
    frame = mlflow.search_runs(filter_string="tags.group = 'search'", order_by=["metrics.score DESC"])
    assert list(frame["metrics.score"]) == [0.9, 0.5, 0.1]
    found = mlflow.search_runs(filter_string="metrics.score > 0.4 and params.kind LIKE 'k0.9%'", output_format="list")
    assert len(found) == 1
    experiment = found[0].info.experiment_id
    first = client.search_runs([experiment], "tags.group = 'search'", max_results=2)
    second = client.search_runs([experiment], "tags.group = 'search'", max_results=2, page_token=first.token)
    assert (len(first), len(second), second.token) == (2, 1, None)


def nested(client: MlflowClient) -> None:
    with mlflow.start_run() as parent, mlflow.start_run(nested=True) as child:
        mlflow.log_metric("m", 1)
    assert client.get_run(child.info.run_id).data.tags["mlflow.parentRunId"] == parent.info.run_id
    found = client.get_parent_run(child.info.run_id)
    assert found
    assert found.info.run_id == parent.info.run_id


def artifacts(client: MlflowClient) -> None:
    with tempfile.TemporaryDirectory() as folder, mlflow.start_run() as run:
        (Path(folder) / "sub").mkdir()
        (Path(folder) / "sub" / "b.bin").write_bytes(bytes(range(256)))
        mlflow.log_artifacts(folder, "tree")
        mlflow.log_text("words", "notes.txt")
        mlflow.log_dict({"k": [1]}, "d.json")
        mlflow.log_table({"a": [1, 2]}, "table.json")
        mlflow.log_image(numpy.zeros((4, 4, 3), dtype=numpy.uint8), "black.png")
    run_id = run.info.run_id
    listed = {found.path for found in client.list_artifacts(run_id)}
    assert listed == {"tree", "notes.txt", "d.json", "table.json", "black.png"}, listed
    assert mlflow.artifacts.load_text(f"runs:/{run_id}/notes.txt") == "words"
    with tempfile.TemporaryDirectory() as folder:
        found = mlflow.artifacts.download_artifacts(run_id=run_id, artifact_path="tree", dst_path=folder)
        assert (Path(found) / "sub" / "b.bin").read_bytes() == bytes(range(256))


def inputs(client: MlflowClient) -> None:
    with mlflow.start_run() as run:
        mlflow.log_input(from_numpy(X, name="points"), context="training")
    found = client.get_run(run.info.run_id).inputs
    assert found
    (used,) = found.dataset_inputs
    assert (used.dataset.name, used.tags[0].value) == ("points", "training")


def models(client: MlflowClient) -> None:
    with mlflow.start_run() as run:
        info = mlflow.sklearn.log_model(
            LinearRegression().fit(X, Y),
            "model",
            input_example=X,
            registered_model_name="line",
            pip_requirements=["scikit-learn"],
        )
    second = mlflow.register_model(info.model_uri, "line")
    assert second.version == "2"
    client.set_registered_model_alias("line", "best", "2")
    client.set_model_version_tag("line", "1", "checked", "yes")
    uris = ("models:/line/1", "models:/line@best", "models:/line/latest", info.model_uri)
    for uri in uris:
        assert numpy.allclose(mlflow.pyfunc.load_model(uri).predict(numpy.array([[7.0]])), [14.0]), uri
    assert {found.version for found in client.search_model_versions("name = 'line'")} == {"1", "2"}
    assert client.get_model_version_by_alias("line", "best").version == "2"
    assert client.get_model_version("line", "1").run_id == run.info.run_id
    client.transition_model_version_stage("line", "1", "Production")
    assert client.get_latest_versions("line", ["Production"])[0].version == "1"
    client.delete_model_version("line", "2")
    assert [found.name for found in client.search_registered_models("name = 'line'")] == ["line"]
    client.delete_registered_model("line")


def autologging(client: MlflowClient) -> None:
    mlflow.sklearn.autolog()
    try:
        with mlflow.start_run() as run:
            LinearRegression().fit(X, Y)
    finally:
        mlflow.sklearn.autolog(disable=True)
    found = client.get_run(run.info.run_id)
    assert found.data.params["fit_intercept"] == "True"
    assert "training_mean_squared_error" in found.data.metrics
    assert found.inputs
    assert found.inputs.dataset_inputs
    assert "model" in {one.path for one in client.list_artifacts(run.info.run_id)}
    assert numpy.allclose(mlflow.sklearn.load_model(f"runs:/{run.info.run_id}/model").predict(X), Y)


def tracing(client: MlflowClient) -> None:
    @mlflow.trace
    def add(a: int, b: int) -> int:
        return a + b

    assert add(1, 2) == 3
    mlflow.flush_trace_async_logging()
    experiment = client.get_experiment_by_name("session")
    assert experiment
    (found,) = client.search_traces([experiment.experiment_id])
    assert found.info.status == "OK"
    assert [span.name for span in found.data.spans] == ["add"]


CHECKS: tuple[Callable[[MlflowClient], None], ...] = (
    experiments,
    runs,
    metrics,
    asynchronous,
    searching,
    nested,
    artifacts,
    inputs,
    models,
    autologging,
    tracing,
)


def main() -> None:
    """Every check in turn: "" for one that holds, else why not."""
    mlflow.set_experiment("session")
    client = MlflowClient()
    found: dict[str, Any] = {"version": mlflow.__version__}
    for check in CHECKS:
        try:
            check(client)
            found[check.__name__] = ""
        except Exception:
            found[check.__name__] = traceback.format_exc()
    sys.stdout.write("\n" + json.dumps(found) + "\n")


if __name__ == "__main__":
    main()
