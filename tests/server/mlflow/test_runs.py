from __future__ import annotations

from typing import Any

import pytest

from tests.server.mlflow.conftest import Door


def info(door: Door, run_id: str) -> dict[str, Any]:
    found: dict[str, Any] = door.get("runs/get", run_id=run_id)["run"]["info"]
    return found


def test_a_new_run_is_shown_whole(door: Door) -> None:
    made = door.post(
        "runs/create",
        {
            "experiment_id": "0",
            "user_id": "ada",
            "start_time": 123,
            "run_name": "first",
            "tags": [{"key": "a", "value": "1"}],
        },
    )["run"]
    run_id = made["info"]["run_id"]
    assert len(run_id) == 32
    assert made["info"] == {
        "run_id": run_id,
        "run_uuid": run_id,
        "run_name": "first",
        "experiment_id": "0",
        "user_id": "ada",
        "status": "RUNNING",
        "start_time": 123,
        "artifact_uri": f"mlflow-artifacts:/0/{run_id}/artifacts",
        "lifecycle_stage": "active",
    }
    assert {"key": "mlflow.runName", "value": "first"} in made["data"]["tags"]
    assert {"key": "a", "value": "1"} in made["data"]["tags"]
    assert door.get("runs/get", run_uuid=run_id)["run"] == made


def test_two_different_names_are_refused(door: Door) -> None:
    tags = [{"key": "mlflow.runName", "value": "two"}]
    door.post("runs/create", {"experiment_id": "0", "run_name": "one", "tags": tags}, status=400)
    made = door.post("runs/create", {"experiment_id": "0", "run_name": "two", "tags": tags})
    assert made["run"]["info"]["run_name"] == "two"


def test_update_changes_only_what_is_given(door: Door) -> None:
    run_id = door.run(start_time=5)
    changed = door.post("runs/update", {"run_id": run_id, "run_uuid": run_id, "status": "FINISHED", "end_time": 9})
    assert (changed["run_info"]["status"], changed["run_info"]["end_time"]) == ("FINISHED", 9)
    name = door.post("runs/update", {"run_id": run_id, "run_name": "named"})["run_info"]
    assert (name["status"], name["end_time"], name["start_time"], name["run_name"]) == ("FINISHED", 9, 5, "named")
    door.post("runs/update", {"run_id": run_id, "status": "DONE"}, status=400)
    door.post("runs/update", {"run_id": "0" * 32, "status": "FINISHED"}, status=404)
    assert door.post("runs/update", {"run_id": run_id, "status": 4})["run_info"]["status"] == "FAILED"


def test_metrics_keep_steps_times_and_special_values(door: Door) -> None:
    run_id = door.run()
    for step, value in ((0, 1.5), (1, "NaN"), (2, "Infinity"), (3, "-Infinity"), (-4, -0.0), (2**53, 1e308)):
        body = {"run_id": run_id, "key": "m", "value": value, "timestamp": 1000 + (step % 100), "step": step}
        assert door.post("runs/log-metric", body) == {}
        assert door.post("runs/log-metric", body) == {}  # sent again after a lost answer
    found = door.get("metrics/get-history", run_id=run_id, metric_key="m")["metrics"]
    assert {(point["step"], point["value"]) for point in found} == {
        (0, 1.5),
        (1, "NaN"),
        (2, "Infinity"),
        (3, "-Infinity"),
        (-4, 0.0),
        (2**53, 1e308),
    }
    assert len(found) == 6
    latest = door.get("runs/get", run_id=run_id)["run"]["data"]["metrics"]
    assert latest == [{"key": "m", "value": 1e308, "timestamp": 1092, "step": 2**53}]


def test_history_is_paged(door: Door) -> None:
    run_id = door.run()
    points = [{"key": "m", "value": i, "timestamp": i, "step": i} for i in range(25)]
    door.post("runs/log-batch", {"run_id": run_id, "metrics": points})
    seen: list[float] = []
    token: dict[str, Any] = {}
    while True:
        page = door.get("metrics/get-history", run_id=run_id, metric_key="m", max_results=10, **token)
        seen += [point["value"] for point in page["metrics"]]
        if "next_page_token" not in page:
            break
        token = {"page_token": page["next_page_token"]}
    assert seen == list(range(25))
    assert len(door.get("metrics/get-history", run_id=run_id, metric_key="m")["metrics"]) == 25
    assert door.get("metrics/get-history", run_id=run_id, metric_key="none") == {}
    for bad in (0, -1, 25_001):
        door.get("metrics/get-history", 400, run_id=run_id, metric_key="m", max_results=bad)
    door.get("metrics/get-history", 404, run_id="f" * 32, metric_key="m")


def test_histories_of_several_runs(door: Door) -> None:
    runs = sorted(door.run() for _ in range(2))
    for at, run_id in enumerate(runs):
        points = [{"key": "m", "value": i + at, "timestamp": i, "step": i} for i in range(100)]
        door.post("runs/log-batch", {"run_id": run_id, "metrics": points})
    bulk = door.get("metrics/get-history-bulk", run_id=runs, metric_key="m")["metrics"]
    assert [point["run_id"] for point in bulk] == [runs[0]] * 100 + [runs[1]] * 100
    few = door.get("metrics/get-history-bulk-interval", run_ids=runs, metric_key="m", max_results=5)["metrics"]
    steps = [point["step"] for point in few if point["run_id"] == runs[0]]
    assert len(steps) <= 5
    assert (steps[0], steps[-1]) == (0, 99)
    part = door.get(
        "metrics/get-history-bulk-interval", run_ids=runs[0], metric_key="m", start_step=10, end_step=12, max_results=9
    )["metrics"]
    assert [point["step"] for point in part] == [10, 11, 12]
    for query in ({"start_step": 1}, {"start_step": 5, "end_step": 1}, {"max_results": 2501}):
        door.get("metrics/get-history-bulk-interval", 400, run_ids=runs[0], metric_key="m", **query)
    door.get("metrics/get-history-bulk-interval", 400, metric_key="m")


def test_a_batch_is_all_or_nothing(door: Door) -> None:
    run_id = door.run()
    good = {"key": "m", "value": 1, "timestamp": 1, "step": 1}
    door.post("runs/log-parameter", {"run_id": run_id, "key": "p", "value": "1"})
    before = door.get("runs/get", run_id=run_id)
    for bad in (
        {"metrics": [good, {"key": "m", "value": 1}]},
        {"metrics": [good, {**good, "value": "fast"}]},
        {"metrics": [good, {**good, "key": "a?b"}]},
        {"metrics": [good, {**good, "key": "../a"}]},
        {"metrics": [good], "params": [{"key": "p", "value": "2"}]},
        {"metrics": [good], "params": [{"key": "q", "value": "2"}, {"key": "q", "value": "2"}]},
        {"metrics": [good], "tags": [{"value": "x"}]},
        {"metrics": [good], "tags": [{"key": "a*", "value": "x"}]},
        {"metrics": [good, {**good, "timestamp": -1}]},
        {"metrics": [{**good, "model_id": "m-unknown"}]},
        {"metrics": [good] * 1001},
        {"metrics": [good] * 950, "tags": [{"key": f"t{i}", "value": "x"} for i in range(60)]},
        {"params": [{"key": f"p{i}", "value": "x"} for i in range(101)]},
    ):
        answer = door.post("runs/log-batch", {"run_id": run_id, **bad}, status=404 if "m-unknown" in str(bad) else 400)
        assert answer["message"]
    assert door.get("runs/get", run_id=run_id) == before
    assert door.post("runs/log-batch", {"run_id": run_id}) == {}


@pytest.mark.parametrize(
    ("path", "body", "sentence"),
    [
        ("log-metric", {"key": "m", "value": 1}, "Missing value for required parameter 'timestamp'"),
        ("log-metric", {"key": "m", "timestamp": 1}, "Missing value for required parameter 'value'"),
        ("log-metric", {"key": "m", "value": "x", "timestamp": 1}, "'x'"),
        ("log-metric", {"key": "x" * 251, "value": 1, "timestamp": 1}, "250"),
        ("log-metric", {"key": "a\nb", "value": 1, "timestamp": 1}, "Names may only contain"),
        ("log-parameter", {"key": "/a", "value": "1"}, "'/a'"),
        ("log-parameter", {"value": "1"}, "Missing value for required parameter 'key'"),
        ("set-tag", {"value": "1"}, "Missing value for required parameter 'key'"),
        ("set-tag", {"key": "k" * 251, "value": "1"}, "250"),
        ("set-tag", {"key": "a*", "value": "1"}, "Names may only contain"),
        ("log-metric", {"key": "m", "value": 1, "timestamp": -1}, "nonnegative"),
        ("log-metric", {"key": "m", "value": 1, "timestamp": 2**63}, "64 bits"),
        ("log-metric", {"key": "m", "value": 1, "timestamp": 1, "step": -(2**63) - 1}, "64 bits"),
        ("set-tag", {"key": "mlflow.runName", "value": ""}, "name"),
        ("log-model", {"model_json": "{"}, "not JSON"),
        ("log-model", {"model_json": "{}"}, "artifact_path"),
        ("log-model", {"model_json": "5"}, "model_json"),
        ("log-inputs", {"datasets": [{"dataset": {"name": "d"}}]}, "datasets[0].dataset.digest"),
        (
            "log-inputs",
            {"datasets": [{"dataset": {"name": "d", "digest": "x" * 37, "source_type": "a", "source": "b"}}]},
            "36",
        ),
        ("outputs", {}, "Missing value for required parameter 'models'"),
    ],
)
def test_what_is_wrong_is_named(door: Door, path: str, body: dict[str, Any], sentence: str) -> None:
    answer = door.post(f"runs/{path}", {"run_id": door.run(), **body}, status=400)
    assert answer["error_code"] == "INVALID_PARAMETER_VALUE"
    assert sentence in answer["message"]


def test_every_act_on_a_run_needs_its_id(door: Door) -> None:
    point = {"key": "m", "value": "NaN", "timestamp": 1}
    for path in ("update", "delete", "restore", "log-metric", "log-parameter", "log-batch", "set-tag", "delete-tag"):
        answer = door.post(f"runs/{path}", point, status=400)
        assert "Missing value for required parameter 'run_id'" in answer["message"]
        missing = door.post(f"runs/{path}", {**point, "run_id": "e" * 32}, status=404)
        assert missing["error_code"] == "RESOURCE_DOES_NOT_EXIST"


def test_what_mlflow_2_says_of_a_model_is_kept_once(door: Door) -> None:
    run_id = door.run()
    text = '{"artifact_path": "model", "flavors": {}, "utc_time_created": "now", "run_id": "x"}'
    for _ in range(2):
        door.post("runs/log-model", {"run_id": run_id, "model_json": text})
    tags = {tag["key"]: tag["value"] for tag in door.get("runs/get", run_id=run_id)["run"]["data"]["tags"]}
    assert tags["mlflow.log-model.history"].count("artifact_path") == 1


def test_searches_are_limited(door: Door) -> None:
    door.post("runs/search", {"experiment_ids": ["0"], "max_results": 50_001}, status=400)
    door.post("runs/search", {"experiment_ids": ["x"]}, status=400)
    door.post("runs/search", {"experiment_ids": ["0"], "page_token": "nonsense"}, status=400)
    door.post("runs/search", {"experiment_ids": ["0"], "order_by": ["start_time", "start_time"]}, status=400)
    assert door.post("runs/search", {}) == {}


def test_a_submitted_run_keeps_its_status_under_its_runner(door: Door) -> None:
    """A script that ends its MLflow run, as most do, does not end the job it runs in."""
    base = "/api/v1/workspaces/default"
    door.http.put(f"{base}/experiments/jobs").raise_for_status()
    job = door.http.post(
        f"{base}/experiments/jobs/runs",
        json={"type": "azureml.scriptrun", "target": "local", "spec": {"script": "train.py"}},
    )
    job.raise_for_status()
    run_id = job.json()["id"]
    assert info(door, run_id)["status"] == "SCHEDULED"
    for status, shown in (("Preparing", "SCHEDULED"), ("Running", "RUNNING")):
        door.http.patch(f"{base}/runs/{run_id}", json={"status": status}).raise_for_status()
        assert info(door, run_id)["status"] == shown
    ended = door.post("runs/update", {"run_id": run_id, "status": "FINISHED", "end_time": 5, "run_name": "mine"})
    assert ended["run_info"]["status"] == "RUNNING"
    assert "end_time" not in ended["run_info"]
    assert ended["run_info"]["run_name"] == "mine"
    door.post("runs/log-metric", {"run_id": run_id, "key": "m", "value": 1, "timestamp": 1})
    for status, shown in (("Finalizing", "RUNNING"), ("Completed", "FINISHED")):
        door.http.patch(f"{base}/runs/{run_id}", json={"status": status}).raise_for_status()
        assert info(door, run_id)["status"] == shown
    found = door.http.get(f"{base}/runs/{run_id}").json()
    assert (found["status"], found["metrics"]) == ("Completed", {"m": 1.0})
    assert found["display_name"] == "mine"


def test_what_each_door_logs_the_other_shows(door: Door) -> None:
    base = "/api/v1/workspaces/default"
    run_id = door.run(run_name="shared")
    door.post("runs/log-batch", {"run_id": run_id, "params": [{"key": "p", "value": "1"}]})
    series = {"series": [{"name": "loss", "steps": [0, 1], "timestamps": [1, 2], "values": [0.5, "NaN"]}]}
    door.http.post(f"{base}/runs/{run_id}/metrics", json=series).raise_for_status()
    history = door.get("metrics/get-history", run_id=run_id, metric_key="loss")["metrics"]
    assert [(point["step"], point["value"]) for point in history] == [(0, 0.5), (1, "NaN")]
    found = door.http.get(f"{base}/runs/{run_id}").json()
    assert (found["display_name"], found["params"]) == ("shared", {"p": "1"})
    door.http.patch(f"{base}/runs/{run_id}", json={"tags": {"t": "1"}, "status": "Canceled"}).raise_for_status()
    run = door.get("runs/get", run_id=run_id)["run"]
    assert run["info"]["status"] == "KILLED"
    assert {"key": "t", "value": "1"} in run["data"]["tags"]


def test_data_sets_are_kept_once_and_summed_up(door: Door) -> None:
    experiment_id = door.experiment("with data")
    use = {
        "dataset": {"name": "d", "digest": "1", "source_type": "local", "source": "{}", "profile": "{}"},
        "tags": [{"key": "mlflow.data.context", "value": "training"}],
    }
    for _ in range(2):
        run_id = door.run(experiment_id)
        for _ in range(2):
            door.post("runs/log-inputs", {"run_id": run_id, "datasets": [use]})
    inputs = door.get("runs/get", run_id=run_id)["run"]["inputs"]
    assert inputs == {"dataset_inputs": [use]}
    found = door.post("experiments/search-datasets", {"experiment_ids": [experiment_id]})
    summary = {"experiment_id": experiment_id, "name": "d", "digest": "1", "context": "training"}
    assert found == {"dataset_summaries": [summary]}
    for ids in ([], ["0"] * 21):
        door.post("experiments/search-datasets", {"experiment_ids": ids}, status=400)
