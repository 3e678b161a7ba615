"""Logged models and data sets, and what links them to runs."""

from __future__ import annotations

import math
from dataclasses import replace

import pytest

from zaffre.core.entities import DatasetInput, Experiment, LoggedModel, ModelMetric, ModelOutput, Run, RunLinks
from zaffre.core.errors import InvalidName, InvalidValue, NotFound, StateConflict
from zaffre.core.filters import LOGGED_MODELS, Entity, Filter, OrderKey, parse_filter
from zaffre.core.wire import RunCreate
from zaffre.server.store.logged_models import Dataset, ModelQuery
from zaffre.server.tracking.tracking import Tracking

IRIS = DatasetInput(
    name="iris",
    digest="d1",
    source_type="http",
    source="{}",
    schema="s",
    profile="p",
    tags={"mlflow.data.context": "training"},
)


@pytest.fixture
def run(tracking: Tracking, experiment: Experiment) -> Run:
    return tracking.create_run("default", experiment.id, RunCreate(id="run"))


@pytest.fixture
def model(tracking: Tracking, experiment: Experiment) -> LoggedModel:
    return tracking.create_logged_model("default", experiment.id, name="forest", source_run_id="run")


def measured(value: float, *, step: int = 0, key: str = "acc", dataset: str = "") -> ModelMetric:
    return ModelMetric(key=key, value=value, timestamp=1, step=step, run_id="run", dataset_name=dataset)


def test_a_logged_model_is_pending_until_its_files_are_there(tracking: Tracking, experiment: Experiment) -> None:
    made = tracking.create_logged_model(
        "default", experiment.id, name="forest", model_type="tree", params={"depth": "3"}, tags={"a": "1"}
    )
    assert made.id.startswith("m-")
    assert len(made.id) == 34
    assert (made.status, made.model_type, made.params, made.tags) == (
        "LOGGED_MODEL_PENDING",
        "tree",
        {"depth": "3"},
        {"a": "1"},
    )
    ready = tracking.finish_logged_model("default", made.id, "LOGGED_MODEL_READY")
    assert ready.status == "LOGGED_MODEL_READY"
    assert tracking.get_logged_model("default", made.id) == ready
    with pytest.raises(InvalidValue, match="'DONE' is not a logged model's status"):
        tracking.finish_logged_model("default", made.id, "DONE")


def test_a_model_without_a_name_is_named_after_its_id(tracking: Tracking, experiment: Experiment) -> None:
    made = tracking.create_logged_model("default", experiment.id)
    assert made.name == made.id


@pytest.mark.parametrize("name", ["", "a/b", "a:b", "a.b", "50%", 'a"b', "a'b"])
def test_names_that_would_not_fit_a_uri_are_refused(tracking: Tracking, experiment: Experiment, name: str) -> None:
    with pytest.raises(InvalidName, match="Invalid model name"):
        tracking.create_logged_model("default", experiment.id, name=name)


def test_an_archived_experiment_takes_no_models(tracking: Tracking, experiment: Experiment) -> None:
    tracking.update_experiment("default", experiment.id, archived=True)
    with pytest.raises(StateConflict, match="'active' state"):
        tracking.create_logged_model("default", experiment.id)


def test_a_deleted_model_is_gone(tracking: Tracking, experiment: Experiment, model: LoggedModel) -> None:
    tracking.delete_logged_model("default", model.id)
    with pytest.raises(NotFound, match=model.id):
        tracking.get_logged_model("default", model.id)
    tracking.delete_logged_model("default", model.id)  # again, as a retry would
    with pytest.raises(NotFound, match="m-none"):
        tracking.delete_logged_model("default", "m-none")
    assert tracking.search_logged_models("default", ModelQuery(experiment_ids=[experiment.id])).items == []


def test_a_model_of_another_workspace_is_not_found(tracking: Tracking, model: LoggedModel) -> None:
    with pytest.raises(NotFound):
        tracking.get_logged_model("other", model.id)


def test_params_and_tags_of_a_model(tracking: Tracking, model: LoggedModel) -> None:
    tracking.log_model_params("default", model.id, {"depth": "3", "trees": "10"})
    tagged = tracking.set_model_tags("default", model.id, {"a": "1", "b": "2"})
    assert (tagged.params, tagged.tags) == ({"depth": "3", "trees": "10"}, {"a": "1", "b": "2"})
    tracking.delete_model_tag("default", model.id, "a")
    assert tracking.get_logged_model("default", model.id).tags == {"b": "2"}
    with pytest.raises(NotFound, match="No tag with key 'a'"):
        tracking.delete_model_tag("default", model.id, "a")
    with pytest.raises(NotFound):
        tracking.log_model_params("default", "m-unknown", {"a": "1"})


def test_a_model_keeps_every_point_of_its_metrics_for_each_data_set(
    tracking: Tracking, run: Run, model: LoggedModel
) -> None:
    batch = [measured(0.9, step=2), measured(0.5, step=1), measured(math.nan, step=2), measured(0.7, dataset="iris")]
    tracking.log_batch("default", run.id, [("acc", 0.9, 1, 2)], models={model.id: batch})
    tracking.log_batch("default", run.id, models={model.id: [measured(0.1, step=0), measured(math.inf, key="inf")]})
    found = tracking.get_logged_model("default", model.id).metrics
    assert [(metric.key, repr(metric.value), metric.step, metric.dataset_name) for metric in found] == [
        ("acc", "0.1", 0, ""),
        ("acc", "0.5", 1, ""),
        ("acc", "nan", 2, ""),  # the last that was sent for this step and time
        ("acc", "0.7", 0, "iris"),
        ("inf", "inf", 0, ""),
    ]
    assert tracking.get_run("default", run.id).metrics == {"acc": 0.9}


def test_metrics_of_an_unknown_model_undo_the_whole_batch(tracking: Tracking, run: Run) -> None:
    with pytest.raises(NotFound, match="m-unknown"):
        tracking.log_batch("default", run.id, [("acc", 1.0, 0, 0)], models={"m-unknown": [measured(1.0)]})
    assert tracking.get_run("default", run.id).metrics == {}


@pytest.fixture
def three(tracking: Tracking, experiment: Experiment, run: Run) -> list[str]:
    """Models "a", "b" and "c"; c has no metrics."""
    names = []
    for i, name in enumerate("abc"):
        made = tracking.create_logged_model(
            "default", experiment.id, name=name, params={"p": str(i)}, tags={"t": str(i)} if i else {}
        )
        if i < 2:
            values = [measured(i / 10, dataset="iris"), measured(0.9 - i / 10, step=1, dataset="wine")]
            tracking.log_batch("default", run.id, models={made.id: values})
        names.append(made.name)
    return names


def found(
    tracking: Tracking,
    experiment: Experiment,
    *,
    filter: Filter = (),
    order: tuple[OrderKey, ...] = (),
    datasets: list[Dataset] | None = None,
) -> list[str]:
    query = ModelQuery(experiment_ids=[experiment.id], filter=filter, order=order, datasets=datasets or [])
    names: list[str] = []
    after: str | None = None
    while True:
        page = tracking.search_logged_models("default", query, limit=2, after=after)
        names += [model.name for model in page.items]
        after = page.next
        if after is None:
            return names


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("name = 'a'", "a"),
        ("name IN ('a', 'c')", "ac"),
        ("params.p != '0'", "bc"),
        ("tags.t = '2'", "c"),
        ("metrics.acc > 0.85", "a"),
        ("metrics.acc <= 0.1", ""),  # the latest value counts, not any
        ("metrics.acc <= 0.85", "b"),
        ("status = 'LOGGED_MODEL_PENDING'", "abc"),
        ("creation_timestamp > 0 AND source_run_id = 'x'", ""),
    ],
)
def test_filters(tracking: Tracking, experiment: Experiment, three: list[str], text: str, expected: str) -> None:
    assert sorted(found(tracking, experiment, filter=parse_filter(text, LOGGED_MODELS))) == list(expected)
    assert len(three) == 3


def test_metrics_may_mean_one_data_set(tracking: Tracking, experiment: Experiment, three: list[str]) -> None:
    above = parse_filter("metrics.acc > 0.05", LOGGED_MODELS)
    assert found(tracking, experiment, filter=above, datasets=[("iris", None)]) == ["b"]
    assert found(tracking, experiment, filter=above, datasets=[("iris", "digest")]) == []
    assert found(tracking, experiment, filter=above, datasets=[("iris", "digest"), ("wine", None)]) == ["b", "a"]
    assert found(tracking, experiment, datasets=[("iris", None)]) == ["b", "a"]  # those that were measured on it
    assert found(tracking, experiment, datasets=[("iris", "digest")]) == []
    assert three


@pytest.mark.parametrize(
    ("key", "expected"),
    [
        (OrderKey(Entity.ATTRIBUTE, "name"), "abc"),
        (OrderKey(Entity.ATTRIBUTE, "name", descending=True), "cba"),
        (OrderKey(Entity.PARAM, "p", descending=True), "cba"),
        (OrderKey(Entity.TAG, "t", descending=True), "cba"),
        (OrderKey(Entity.METRIC, "acc"), "bac"),
        (OrderKey(Entity.METRIC, "acc", descending=True), "abc"),
        (OrderKey(Entity.METRIC, "acc", descending=True, dataset_name="iris"), "bac"),
    ],
)
def test_orders(tracking: Tracking, experiment: Experiment, three: list[str], key: OrderKey, expected: str) -> None:
    assert found(tracking, experiment, order=(key,)) == list(expected)
    assert three


def test_inputs_and_outputs_of_a_run(tracking: Tracking, run: Run, model: LoggedModel) -> None:
    tracking.log_inputs("default", run.id, [IRIS], [model.id])
    tracking.log_inputs("default", run.id, [replace(IRIS, tags={"mlflow.data.context": "scoring"})])
    tracking.log_outputs("default", run.id, [ModelOutput(model_id=model.id, step=3)])
    assert tracking.run_links("default", [run.id, "unknown"]) == {
        run.id: RunLinks(datasets=[IRIS], models=[model.id], outputs=[ModelOutput(model_id=model.id, step=3)])
    }


def test_links_to_an_unknown_model_are_refused(tracking: Tracking, run: Run) -> None:
    with pytest.raises(NotFound, match="m-no"):
        tracking.log_inputs("default", run.id, [IRIS], ["m-no"])
    with pytest.raises(NotFound, match="m-no"):
        tracking.log_outputs("default", run.id, [ModelOutput(model_id="m-no")])
    assert tracking.run_links("default", [run.id])[run.id] == RunLinks()


def test_data_sets_of_experiments(tracking: Tracking, experiment: Experiment, run: Run) -> None:
    other = tracking.create_run("default", experiment.id, RunCreate())
    tracking.log_inputs("default", run.id, [IRIS, DatasetInput(name="wine", digest="d2")])
    tracking.log_inputs("default", other.id, [IRIS])
    assert tracking.dataset_summaries("default", [experiment.id, 99]) == [
        (experiment.id, "iris", "d1", "training"),
        (experiment.id, "wine", "d2", None),
    ]
    assert tracking.dataset_summaries("other", [experiment.id]) == []
