"""Experiments, runs, metrics, params, tags and searches, as scripts use them."""

from __future__ import annotations

import math
import time

import mlflow
import numpy
import pytest
from mlflow.data.numpy_dataset import from_numpy
from mlflow.entities import Metric, Param, RunTag, ViewType
from mlflow.exceptions import MlflowException, RestException
from mlflow.tracking import MlflowClient, fluent


@pytest.mark.usefixtures("tracking")
def test_an_experiment_is_made_once_and_found_again() -> None:
    first = mlflow.set_experiment("again")
    second = mlflow.set_experiment("again")
    assert first.experiment_id == second.experiment_id
    assert first.lifecycle_stage == "active"
    assert first.artifact_location == f"mlflow-artifacts:/{first.experiment_id}"


def test_an_experiment_is_tagged_renamed_deleted_and_restored(tracking: MlflowClient) -> None:
    made = tracking.create_experiment("one", tags={"a": "1"})
    tracking.set_experiment_tag(made, "b", "2")
    tracking.rename_experiment(made, "two")
    found = tracking.get_experiment(made)
    assert found.name == "two"
    assert {"a": "1", "b": "2"}.items() <= found.tags.items()
    tracking.delete_experiment(made)
    assert tracking.get_experiment(made).lifecycle_stage == "deleted"
    with pytest.raises(MlflowException, match="already exists"):
        tracking.create_experiment("two")
    tracking.restore_experiment(made)
    assert tracking.get_experiment(made).lifecycle_stage == "active"


def test_experiments_are_searched_ordered_and_paged(tracking: MlflowClient) -> None:
    ids = [tracking.create_experiment(f"exp-{i}", tags={"kind": "even" if i % 2 == 0 else "odd"}) for i in range(5)]
    even = tracking.search_experiments(filter_string="tags.kind = 'even'", order_by=["name DESC"])
    assert [found.name for found in even] == ["exp-4", "exp-2", "exp-0"]
    page = tracking.search_experiments(filter_string="name LIKE 'exp-%'", max_results=2, order_by=["name ASC"])
    names = [found.name for found in page]
    while page.token:
        page = tracking.search_experiments(
            filter_string="name LIKE 'exp-%'", max_results=2, order_by=["name ASC"], page_token=page.token
        )
        names += [found.name for found in page]
    assert names == [f"exp-{i}" for i in range(5)]
    tracking.delete_experiment(ids[0])
    deleted = tracking.search_experiments(view_type=ViewType.DELETED_ONLY)
    assert [found.experiment_id for found in deleted] == [ids[0]]


def test_a_run_keeps_what_is_logged(tracking: MlflowClient) -> None:
    with mlflow.start_run(run_name="first", description="words", tags={"t": "1"}) as run:
        mlflow.log_param("lr", 0.1)
        mlflow.log_params({"depth": 3, "empty": ""})
        mlflow.log_metric("loss", 0.5)
        mlflow.log_metrics({"acc": 0.9, "val/acc": 1}, step=3)
        mlflow.set_tags({"team": "blue", "t": "2"})
    found = tracking.get_run(run.info.run_id)
    assert found.info.status == "FINISHED"
    assert found.info.run_name == "first"
    assert found.info.end_time >= found.info.start_time
    assert found.info.artifact_uri == f"mlflow-artifacts:/{found.info.experiment_id}/{found.info.run_id}/artifacts"
    assert found.data.params == {"lr": "0.1", "depth": "3", "empty": ""}
    assert found.data.metrics == {"loss": 0.5, "acc": 0.9, "val/acc": 1.0}
    assert {"team": "blue", "t": "2", "mlflow.runName": "first", "mlflow.note.content": "words"}.items() <= (
        found.data.tags.items()
    )


def test_a_run_without_a_name_gets_one(tracking: MlflowClient) -> None:
    with mlflow.start_run() as run:
        pass
    assert run.info.run_name
    assert tracking.get_run(run.info.run_id).data.tags["mlflow.runName"] == run.info.run_name


def test_a_failing_script_leaves_a_failed_run(tracking: MlflowClient) -> None:
    with pytest.raises(ZeroDivisionError), mlflow.start_run() as run:
        _ = 1 / 0
    assert tracking.get_run(run.info.run_id).info.status == "FAILED"


def test_nested_runs_know_their_parent(tracking: MlflowClient) -> None:
    with mlflow.start_run() as parent, mlflow.start_run(nested=True) as child:
        mlflow.log_metric("a", 1)
    found = tracking.get_run(child.info.run_id)
    assert found.data.tags["mlflow.parentRunId"] == parent.info.run_id
    children = tracking.search_runs([parent.info.experiment_id], f"tags.mlflow.parentRunId = '{parent.info.run_id}'")
    assert [run.info.run_id for run in children] == [child.info.run_id]
    above = mlflow.get_parent_run(child.info.run_id)
    assert above
    assert above.info.run_id == parent.info.run_id


def test_a_finished_run_is_resumed(tracking: MlflowClient) -> None:
    with mlflow.start_run() as run:
        mlflow.log_metric("a", 1, step=1)
    with mlflow.start_run(run_id=run.info.run_id) as again:
        assert tracking.get_run(again.info.run_id).info.status == "RUNNING"
        mlflow.log_metric("a", 2, step=2)
    found = tracking.get_run(run.info.run_id)
    assert found.info.status == "FINISHED"
    assert found.data.metrics == {"a": 2.0}


def test_a_run_may_end_in_any_state_and_be_renamed(tracking: MlflowClient) -> None:
    run = tracking.create_run(mlflow.set_experiment("states").experiment_id)
    for status in ("FINISHED", "FAILED", "KILLED", "RUNNING", "FINISHED"):
        tracking.update_run(run.info.run_id, status=status, name=f"now {status}")
        found = tracking.get_run(run.info.run_id)
        assert (found.info.status, found.info.run_name) == (status, f"now {status}")
    tracking.set_tag(run.info.run_id, "mlflow.runName", "by tag")
    assert tracking.get_run(run.info.run_id).info.run_name == "by tag"


def test_history_comes_in_order_with_duplicates_dropped(tracking: MlflowClient) -> None:
    with mlflow.start_run() as run:
        run_id = run.info.run_id
        tracking.log_batch(run_id, metrics=[Metric("m", float(i), 1000 + i, i) for i in range(1000)])
        tracking.log_batch(run_id, metrics=[Metric("m", float(i), 1000 + i, i) for i in range(500, 1500)])
    history = tracking.get_metric_history(run_id, "m")
    assert [(point.step, point.value, point.timestamp) for point in history] == [
        (i, float(i), 1000 + i) for i in range(1500)
    ]


def test_special_values_and_negative_steps(tracking: MlflowClient) -> None:
    with mlflow.start_run() as run:
        mlflow.log_metric("nan", math.nan)
        mlflow.log_metric("up", math.inf)
        mlflow.log_metric("down", -math.inf, step=-5)
    found = tracking.get_run(run.info.run_id).data.metrics
    assert math.isnan(found["nan"])
    assert found["up"] >= 1.7976931348623157e308
    assert found["down"] <= -1.7976931348623157e308
    (point,) = tracking.get_metric_history(run.info.run_id, "down")
    assert point.step == -5


def test_the_latest_value_is_that_of_the_greatest_step(tracking: MlflowClient) -> None:
    with mlflow.start_run() as run:
        for step in (1, 5, 3):
            mlflow.log_metric("m", step * 10, step=step)
    assert tracking.get_run(run.info.run_id).data.metrics == {"m": 50.0}


def test_a_param_never_changes(tracking: MlflowClient) -> None:
    with mlflow.start_run() as run:
        mlflow.log_param("c", 1)
        mlflow.log_param("c", 1)
        with pytest.raises(MlflowException, match="Changing param values is not allowed"):
            mlflow.log_param("c", 2)
        with pytest.raises(MlflowException):
            tracking.log_batch(
                run.info.run_id, params=[Param("d", "1"), Param("c", "3")], metrics=[Metric("m", 1, 1, 1)]
            )
    found = tracking.get_run(run.info.run_id).data
    assert found.params == {"c": "1"}
    assert found.metrics == {}  # a batch is all or nothing


def test_long_values_are_cut_short(tracking: MlflowClient) -> None:
    with mlflow.start_run() as run:
        tracking.log_param(run.info.run_id, "p", "x" * 7000)
        tracking.set_tag(run.info.run_id, "t", "y" * 9000)
    found = tracking.get_run(run.info.run_id).data
    assert found.params["p"] == "x" * 6000
    assert found.tags["t"] == "y" * 8000


def test_a_tag_is_set_again_and_deleted(tracking: MlflowClient) -> None:
    with mlflow.start_run() as run:
        mlflow.set_tag("a", "1")
        mlflow.set_tag("a", "2")
        mlflow.delete_tag("a")
    assert "a" not in tracking.get_run(run.info.run_id).data.tags
    with pytest.raises(RestException) as caught:
        tracking.delete_tag(run.info.run_id, "a")
    assert caught.value.error_code == "RESOURCE_DOES_NOT_EXIST"


def test_a_deleted_run_takes_nothing_until_it_is_restored(tracking: MlflowClient) -> None:
    with mlflow.start_run() as run:
        run_id = run.info.run_id
    tracking.delete_run(run_id)
    tracking.delete_run(run_id)
    assert tracking.get_run(run_id).info.lifecycle_stage == "deleted"
    for attempt in (
        lambda: tracking.log_metric(run_id, "a", 1),
        lambda: tracking.log_param(run_id, "a", 1),
        lambda: tracking.set_tag(run_id, "a", 1),
        lambda: tracking.log_batch(run_id, tags=[RunTag("a", "1")]),
        lambda: tracking.set_terminated(run_id),
    ):
        with pytest.raises(MlflowException, match="must be in the 'active' state") as caught:
            attempt()
        assert caught.value.error_code == "INVALID_PARAMETER_VALUE"
    assert tracking.search_runs([run.info.experiment_id]) == []
    tracking.restore_run(run_id)
    tracking.log_metric(run_id, "a", 1)


def test_deleting_an_experiment_takes_its_runs(tracking: MlflowClient) -> None:
    experiment_id = tracking.create_experiment("gone")
    run = tracking.create_run(experiment_id)
    tracking.delete_experiment(experiment_id)
    assert tracking.get_run(run.info.run_id).info.lifecycle_stage == "deleted"
    with pytest.raises(MlflowException):
        tracking.create_run(experiment_id)
    tracking.restore_experiment(experiment_id)
    assert tracking.get_run(run.info.run_id).info.lifecycle_stage == "active"


def make_runs(tracking: MlflowClient, count: int) -> tuple[str, list[str]]:
    """Runs number 0 to ``count`` with acc = i / 10, group even or odd, named run-i."""
    experiment_id = tracking.create_experiment(f"search-{time.time_ns()}")
    ids = []
    for i in range(count):
        run = tracking.create_run(experiment_id, run_name=f"run-{i}", start_time=1000 + i)
        tracking.log_batch(
            run.info.run_id,
            metrics=[Metric("acc", i / 10, 1, 0), Metric("val loss", 1 - i / 10, 1, 0)],
            params=[Param("group", "odd" if i % 2 else "even"), Param("a.b", str(i))],
            tags=[RunTag("num", str(i))],
        )
        ids.append(run.info.run_id)
    return experiment_id, ids


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("metrics.acc > 0.2", [3, 4]),
        ("metrics.acc >= 0.2 AND metrics.acc < 0.4", [2, 3]),
        ("metrics.`val loss` <= 0.7", [3, 4]),
        ("params.group = 'odd'", [1, 3]),
        ("params.group != 'odd' and tags.num != '0'", [2, 4]),
        ("params.`a.b` LIKE '%3'", [3]),
        ("tags.num ILIKE '4'", [4]),
        ("tags.missing IS NULL AND tags.num = '2'", [2]),
        ("params.missing IS NOT NULL", []),
        ("attributes.run_name = 'run-1'", [1]),
        ("run_name ILIKE 'RUN-%' AND start_time >= 1003", [3, 4]),
        ("attributes.status = 'RUNNING'", [0, 1, 2, 3, 4]),
        ("status = 'FINISHED'", []),
        ("metrics.nothing > 0", []),
    ],
)
def test_runs_are_found_by_filter(tracking: MlflowClient, text: str, expected: list[int]) -> None:
    experiment_id, ids = make_runs(tracking, 5)
    found = tracking.search_runs([experiment_id], text)
    assert sorted(ids.index(run.info.run_id) for run in found) == expected


def test_runs_are_found_by_id(tracking: MlflowClient) -> None:
    experiment_id, ids = make_runs(tracking, 3)
    found = tracking.search_runs([experiment_id], f"run_id IN ('{ids[0]}', '{ids[2]}')")
    assert {run.info.run_id for run in found} == {ids[0], ids[2]}
    found = tracking.search_runs([experiment_id], f"run_id NOT IN ('{ids[0]}', '{ids[2]}')")
    assert [run.info.run_id for run in found] == [ids[1]]


def test_runs_are_ordered_and_paged(tracking: MlflowClient) -> None:
    experiment_id, ids = make_runs(tracking, 7)
    without = tracking.create_run(experiment_id, start_time=1).info.run_id
    newest_first = [run.info.run_id for run in tracking.search_runs([experiment_id])]
    assert newest_first == [*reversed(ids), without]
    for order, expected in (
        ("metrics.acc DESC", [*reversed(ids), without]),
        ("metrics.acc ASC", [*ids, without]),  # without a value: last in both directions
        ("params.`a.b` DESC", [*reversed(ids), without]),
        ("attributes.start_time ASC", [without, *ids]),
        ("tags.num", [*ids, without]),
    ):
        seen: list[str] = []
        token = None
        while True:
            page = tracking.search_runs([experiment_id], order_by=[order], max_results=3, page_token=token)
            assert len(page) <= 3
            seen += [run.info.run_id for run in page]
            token = page.token
            if not token:
                break
        assert seen == expected, order


def test_search_runs_makes_a_table(tracking: MlflowClient) -> None:
    experiment_id, ids = make_runs(tracking, 3)
    frame = mlflow.search_runs([experiment_id], order_by=["metrics.acc DESC"])
    assert list(frame["run_id"]) == list(reversed(ids))
    assert list(frame["metrics.acc"]) == [0.2, 0.1, 0.0]
    by_name = mlflow.search_runs(
        experiment_names=[tracking.get_experiment(experiment_id).name], filter_string="params.group = 'odd'"
    )
    assert list(by_name["run_id"]) == [ids[1]]


@pytest.mark.parametrize(
    "text",
    ["metrics.a > 'x'", "colour = 'red'", "metrics.a > 1 OR metrics.a < 0", "params.a = 1", "metrics.a LIKE 'x'"],
)
def test_a_bad_filter_is_refused(tracking: MlflowClient, text: str) -> None:
    with pytest.raises(RestException) as caught:
        tracking.search_runs([mlflow.set_experiment("x").experiment_id], text)
    assert caught.value.error_code == "INVALID_PARAMETER_VALUE"


def test_what_is_not_there_is_named(tracking: MlflowClient) -> None:
    with pytest.raises(RestException) as run:
        tracking.get_run("f" * 32)
    assert run.value.error_code == "RESOURCE_DOES_NOT_EXIST"
    assert "f" * 32 in str(run.value)
    with pytest.raises(RestException) as experiment:
        tracking.get_experiment("123456789")
    assert experiment.value.error_code == "RESOURCE_DOES_NOT_EXIST"
    assert tracking.get_experiment_by_name("nothing of this name") is None


def test_asynchronous_logging_arrives(tracking: MlflowClient) -> None:
    with mlflow.start_run() as run:
        for step in range(50):
            mlflow.log_metric("m", step, step=step, synchronous=False)
        mlflow.log_params({"a": 1}, synchronous=False)
        mlflow.flush_async_logging()
    assert len(tracking.get_metric_history(run.info.run_id, "m")) == 50
    assert tracking.get_run(run.info.run_id).data.params == {"a": "1"}


def test_inputs_are_kept_and_searched(tracking: MlflowClient) -> None:
    data = from_numpy(numpy.arange(6).reshape(3, 2), name="numbers")
    with mlflow.start_run() as run:
        mlflow.log_input(data, context="training")
        mlflow.log_input(data, context="training")
    inputs = tracking.get_run(run.info.run_id).inputs
    assert inputs
    (used,) = inputs.dataset_inputs
    assert (used.dataset.name, used.dataset.digest) == ("numbers", data.digest)
    assert {tag.key: tag.value for tag in used.tags} == {"mlflow.data.context": "training"}
    for text, hits in (("dataset.name = 'numbers'", 1), ("datasets.context = 'test'", 0)):
        assert len(tracking.search_runs([run.info.experiment_id], text)) == hits


def test_a_script_that_names_no_experiment_logs_into_the_default_one(
    tracking: MlflowClient, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(fluent, "_active_experiment_id", None)
    monkeypatch.delenv("MLFLOW_EXPERIMENT_ID", raising=False)
    with mlflow.start_run() as run:
        mlflow.log_metric("m", 1)
        mlflow.log_text("words", "a.txt")
    found = tracking.get_run(run.info.run_id)
    assert tracking.get_experiment(found.info.experiment_id).name == "Default"
    assert [item.info.run_id for item in tracking.search_runs(["0"])] == [run.info.run_id]
    assert mlflow.artifacts.load_text(f"{found.info.artifact_uri}/a.txt") == "words"
