"""Logging, registering, finding and loading models with the real client and a real scikit-learn model."""

from __future__ import annotations

import time
from collections.abc import Callable
from pathlib import Path
from typing import Any

import mlflow
import mlflow.sklearn
import numpy
import pytest
from mlflow.exceptions import RestException
from mlflow.tracking import MlflowClient
from sklearn.linear_model import LinearRegression, LogisticRegression  # type: ignore[import-untyped]

X = numpy.array([[0.0], [1.0], [2.0], [3.0]])
Y = numpy.array([0.0, 2.0, 4.0, 6.0])

pytestmark = [
    # mlflow.models guesses requirements and signatures, and warns of its own defaults.
    pytest.mark.filterwarnings("ignore::UserWarning:mlflow"),
    pytest.mark.filterwarnings("ignore::FutureWarning:mlflow"),
    # Stages are deprecated, and alive.
    pytest.mark.filterwarnings("ignore:.*deprecated since 2.9.0:FutureWarning"),
]


def log_model(name: str = "model", registered: str | None = None) -> Any:
    """A logged linear model y = 2 x; requirements are given, since guessing them takes half a minute."""
    return mlflow.sklearn.log_model(
        LinearRegression().fit(X, Y),
        name=name,
        registered_model_name=registered,
        pip_requirements=["scikit-learn"],
        input_example=X,
    )


def predicts(model: Any) -> bool:
    return bool(numpy.allclose(model.predict(numpy.array([[5.0]])), [10.0]))


def test_a_logged_model_is_loaded_by_each_of_its_uris(tracking: MlflowClient) -> None:
    with mlflow.start_run() as run:
        info = log_model()
    for uri in (info.model_uri, f"runs:/{run.info.run_id}/model"):
        assert predicts(mlflow.sklearn.load_model(uri)), uri
    found = mlflow.get_logged_model(info.model_id)
    assert found.status.value == "READY"
    assert found.source_run_id == run.info.run_id
    outputs = tracking.get_run(run.info.run_id).outputs
    assert outputs
    assert outputs.model_outputs[0].model_id == info.model_id


def test_a_model_is_registered_while_it_is_logged(tracking: MlflowClient) -> None:
    with mlflow.start_run() as run:
        log_model(registered="grape")
    version = tracking.get_model_version("grape", "1")
    assert version.run_id == run.info.run_id
    assert version.status == "READY"
    assert predicts(mlflow.pyfunc.load_model("models:/grape/1"))
    assert predicts(mlflow.sklearn.load_model("models:/grape/latest"))


def test_a_model_is_registered_from_a_run_or_a_logged_model(tracking: MlflowClient) -> None:
    with mlflow.start_run() as run:
        info = log_model()
    first = mlflow.register_model(info.model_uri, "plum")
    second = mlflow.register_model(f"runs:/{run.info.run_id}/model", "plum", tags={"kind": "second"})
    assert (first.version, second.version) == ("1", "2")
    assert tracking.get_model_version("plum", "2").tags["kind"] == "second"
    for number in (1, 2):
        assert predicts(mlflow.sklearn.load_model(f"models:/plum/{number}"))


def test_a_model_saved_as_artifacts_is_registered(tracking: MlflowClient, tmp_path: Path) -> None:
    """As MLflow 2 clients log models: files among the run's artifacts, and a source that points there."""
    mlflow.sklearn.save_model(LinearRegression().fit(X, Y), str(tmp_path / "m"), pip_requirements=["scikit-learn"])
    with mlflow.start_run() as run:
        mlflow.log_artifacts(str(tmp_path / "m"), "model")
    tracking.create_registered_model("fig")
    source = f"{run.info.artifact_uri}/model"
    version = tracking.create_model_version("fig", source, run_id=run.info.run_id)
    assert version.status == "READY"
    assert predicts(mlflow.sklearn.load_model("models:/fig/1"))


def test_a_registered_version_outlives_its_run(tracking: MlflowClient) -> None:
    with mlflow.start_run() as run:
        info = log_model(registered="elm")
    tracking.delete_logged_model(info.model_id)
    tracking.delete_run(run.info.run_id)
    assert predicts(mlflow.sklearn.load_model("models:/elm/1"))


def test_aliases_stages_tags_and_descriptions(tracking: MlflowClient) -> None:
    with mlflow.start_run():
        log_model(registered="oak")
        log_model(registered="oak")
    tracking.set_registered_model_alias("oak", "champion", "1")
    assert predicts(mlflow.sklearn.load_model("models:/oak@champion"))
    assert tracking.get_model_version_by_alias("oak", "champion").version == "1"
    tracking.set_registered_model_alias("oak", "champion", "2")
    assert tracking.get_registered_model("oak").aliases == {"champion": "2"}
    assert tracking.get_model_version("oak", "2").aliases == ["champion"]
    tracking.delete_registered_model_alias("oak", "champion")
    with pytest.raises(RestException, match="alias champion not found") as caught:
        tracking.get_model_version_by_alias("oak", "champion")
    assert caught.value.error_code == "INVALID_PARAMETER_VALUE"

    tracking.set_registered_model_tag("oak", "team", "blue")
    tracking.set_model_version_tag("oak", "1", "checked", "yes")
    tracking.update_registered_model("oak", "a tree")
    tracking.update_model_version("oak", "1", "a young tree")
    found = tracking.get_registered_model("oak")
    assert (found.tags, found.description) == ({"team": "blue"}, "a tree")
    version = tracking.get_model_version("oak", "1")
    assert (version.tags, version.description) == ({"checked": "yes"}, "a young tree")
    tracking.delete_registered_model_tag("oak", "team")
    tracking.delete_model_version_tag("oak", "1", "checked")
    assert tracking.get_registered_model("oak").tags == {}
    assert tracking.get_model_version("oak", "1").tags == {}


def test_stages_still_work(tracking: MlflowClient) -> None:
    with mlflow.start_run():
        log_model(registered="ash")
        log_model(registered="ash")
    tracking.transition_model_version_stage("ash", "1", "production")
    tracking.transition_model_version_stage("ash", "2", "Production", archive_existing_versions=True)
    assert tracking.get_model_version("ash", "1").current_stage == "Archived"
    (latest,) = tracking.get_latest_versions("ash", ["Production"])
    assert latest.version == "2"
    with pytest.raises(RestException):
        tracking.transition_model_version_stage("ash", "1", "Nowhere")


def test_models_are_searched(tracking: MlflowClient) -> None:
    for name in ("s-b", "s-a", "s-c"):
        tracking.create_registered_model(name, tags={"kind": name[-1]})
    with mlflow.start_run() as run:
        log_model(registered="s-a")
        log_model(registered="s-a")
    assert [found.name for found in tracking.search_registered_models("name LIKE 's-%'")] == ["s-a", "s-b", "s-c"]
    assert [found.name for found in tracking.search_registered_models("tags.kind = 'c'")] == ["s-c"]
    page = tracking.search_registered_models("name LIKE 's-%'", max_results=2, order_by=["name DESC"])
    assert [found.name for found in page] == ["s-c", "s-b"]
    rest = tracking.search_registered_models(
        "name LIKE 's-%'", max_results=2, order_by=["name DESC"], page_token=page.token
    )
    assert [found.name for found in rest] == ["s-a"]
    assert [found.version for found in rest[0].latest_versions] == ["2"]
    versions = tracking.search_model_versions(f"run_id = '{run.info.run_id}'", order_by=["version_number ASC"])
    assert [(found.name, found.version) for found in versions] == [("s-a", "1"), ("s-a", "2")]
    assert [v.version for v in tracking.search_model_versions("name = 's-a' AND version_number > 1")] == ["2"]


def test_a_version_number_is_never_used_again(tracking: MlflowClient) -> None:
    with mlflow.start_run():
        log_model(registered="yew")
        log_model(registered="yew")
        tracking.delete_model_version("yew", "2")
        log_model(registered="yew")
    assert sorted(v.version for v in tracking.search_model_versions("name = 'yew'")) == ["1", "3"]


def test_a_model_is_renamed_copied_and_deleted(tracking: MlflowClient) -> None:
    with mlflow.start_run():
        log_model(registered="old-name")
    tracking.rename_registered_model("old-name", "new-name")
    assert predicts(mlflow.sklearn.load_model("models:/new-name/1"))
    copied = tracking.copy_model_version("models:/new-name/1", "copy")
    assert (copied.name, copied.version) == ("copy", "1")
    assert predicts(mlflow.sklearn.load_model("models:/copy/1"))
    tracking.delete_registered_model("new-name")
    with pytest.raises(RestException) as caught:
        tracking.get_registered_model("new-name")
    assert caught.value.error_code == "RESOURCE_DOES_NOT_EXIST"
    assert predicts(mlflow.sklearn.load_model("models:/copy/1"))


def test_a_taken_name_is_refused(tracking: MlflowClient) -> None:
    tracking.create_registered_model("taken")
    with pytest.raises(RestException) as caught:
        tracking.create_registered_model("taken")
    assert caught.value.error_code == "RESOURCE_ALREADY_EXISTS"


def test_logged_models_are_searched_tagged_and_deleted(tracking: MlflowClient) -> None:
    with mlflow.start_run() as run:
        infos = [log_model(name=f"cand-{i}") for i in range(3)]
        for i, info in enumerate(infos):
            mlflow.log_metric("acc", i / 10, step=1, model_id=info.model_id)
    tracking.set_logged_model_tags(infos[0].model_id, {"a": "1", "b": "2"})
    tracking.delete_logged_model_tag(infos[0].model_id, "b")
    assert tracking.get_logged_model(infos[0].model_id).tags["a"] == "1"
    assert "b" not in tracking.get_logged_model(infos[0].model_id).tags
    experiment = [run.info.experiment_id]
    best = tracking.search_logged_models(
        experiment, filter_string="metrics.acc > 0", order_by=[{"field_name": "metrics.acc", "ascending": False}]
    )
    assert [found.name for found in best] == ["cand-2", "cand-1"]
    assert {metric.key: metric.value for metric in best[0].metrics or []} == {"acc": 0.2}
    page = tracking.search_logged_models(experiment, max_results=2)
    assert len(page) == 2
    assert len(tracking.search_logged_models(experiment, max_results=2, page_token=page.token)) == 1
    tracking.delete_logged_model(infos[0].model_id)
    assert len(tracking.search_logged_models(experiment)) == 2


def test_sklearn_autolog_logs_params_metrics_and_the_model(
    tracking: MlflowClient, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("MLFLOW_REQUIREMENTS_INFERENCE_RAISE_ERRORS", "false")
    mlflow.sklearn.autolog(log_input_examples=False, silent=True, extra_tags={"auto": "1"})
    try:
        with mlflow.start_run() as run:
            LogisticRegression(C=0.5).fit(X, numpy.array([0, 0, 1, 1]))
    finally:
        mlflow.sklearn.autolog(disable=True)
    found = tracking.get_run(run.info.run_id)
    assert found.data.params["C"] == "0.5"
    assert found.data.metrics["training_accuracy_score"] == 1.0
    assert found.inputs
    assert found.inputs.dataset_inputs
    assert found.outputs
    (model,) = found.outputs.model_outputs
    assert predicts_class(mlflow.sklearn.load_model(f"models:/{model.model_id}"))


def predicts_class(model: Any) -> bool:
    return list(model.predict([[-5.0], [9.0]])) == [0, 1]


@pytest.mark.parametrize(
    "source",
    [
        "/etc",
        "file:///etc",
        "file://localhost/etc",
        "../../etc",
        "s3://bucket/model",
        "mlflow-artifacts://evil/1/{run}/artifacts",
        "mlflow-artifacts:/{exp}/{run}/artifacts/../../other",
        "mlflow-artifacts:/{exp}/{run}/artifacts/%2e%2e/x",
        "mlflow-artifacts:/{exp}/{run}/artifacts/%252e%252e/x",
        "mlflow-artifacts:/{exp}/{run}/artifacts?x=1",
        "mlflow-artifacts:/{exp}/{run}/artifacts#x",
        "mlflow-artifacts:/{exp}/{other}/artifacts/model",
        "runs:/{other}/model",
        "models:/m-00000000000000000000000000000000",
        "models:/nothing/1",
        "http://example.org/model",
    ],
)
def test_a_source_outside_its_run_is_refused(tracking: MlflowClient, source: str) -> None:
    experiment_id = mlflow.set_experiment("sources").experiment_id
    run, other = (tracking.create_run(experiment_id).info.run_id for _ in range(2))
    for run_id in (run, other):
        tracking.log_text(run_id, "x", "model/MLmodel")
    tracking.create_registered_model("guarded")
    uri = source.format(exp=experiment_id, run=run, other=other)
    with pytest.raises(RestException) as caught:
        tracking.create_model_version("guarded", uri, run_id=run)
    assert caught.value.error_code in ("INVALID_PARAMETER_VALUE", "RESOURCE_DOES_NOT_EXIST", "NOT_IMPLEMENTED")
    assert tracking.search_model_versions("name = 'guarded'") == []


def wait_for(condition: Callable[[], bool], seconds: float = 30) -> None:
    deadline = time.monotonic() + seconds
    while not condition():
        assert time.monotonic() < deadline
        time.sleep(0.05)
