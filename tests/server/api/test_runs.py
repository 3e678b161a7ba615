"""Experiments, runs and what they log, over REST."""

from __future__ import annotations

import math
import time
from concurrent.futures import ThreadPoolExecutor
from typing import Any

import pytest

from tests.server.rest import Rest
from zaffre.core import codec
from zaffre.core.entities import Run
from zaffre.core.wire import MetricsAnswer, Page


def points(name: str, *values: float | str) -> dict[str, Any]:
    steps = list(range(len(values)))
    return {"name": name, "steps": steps, "timestamps": steps, "values": list(values)}


def test_an_experiment_is_made_once(rest: Rest) -> None:
    first = rest.put("/experiments/exp")
    assert rest.put("/experiments/exp") == first
    assert rest.get("/experiments/exp")["id"] == first["id"]
    assert rest.refused("PUT", "/experiments/-bad")[:2] == (400, "InvalidName")
    assert rest.refused("GET", "/experiments/none")[:2] == (404, "NotFound")


def test_experiments_are_tagged_archived_and_listed(rest: Rest) -> None:
    for name in ("one", "two"):
        rest.put(f"/experiments/{name}")
    rest.patch("/experiments/one", {"tags": {"team": "blue", "x": "y"}})
    rest.patch("/experiments/one", {"remove_tags": ["x"]})
    rest.patch("/experiments/two", {"archived": True})

    def names(**query: Any) -> list[str]:
        return [item["name"] for item in rest.get("/experiments", **query)["items"]]

    assert names() == ["one"]
    assert names(view="archived") == ["two"]
    assert sorted(names(view="all")) == ["one", "two"]
    assert names(tag="team=blue", view="all") == ["one"]
    assert names(tag="team", view="all") == ["one"]
    assert names(tag="x", view="all") == []
    assert rest.refused("GET", "/experiments", view="some")[0] == 400


def test_a_deleted_experiment_takes_runs_and_files_with_it(rest: Rest) -> None:
    run = rest.run("gone")
    rest.send(f"/runs/{run}/artifacts/a", b"x")
    rest.delete("/experiments/gone")
    assert rest.refused("GET", f"/runs/{run}")[0] == 404
    assert rest.refused("GET", "/experiments/gone")[0] == 404
    assert not (rest.home / "artifacts/runs" / rest.ws / run).exists()


def test_a_run_from_its_start_to_its_end(rest: Rest) -> None:
    run = rest.run(display_name="first", tags={"a": "b"}, properties={"p": "q"})
    rest.patch(f"/runs/{run}", {"tags": {"c": "d"}, "remove_tags": ["a"], "description": "words"})
    ended = rest.patch(f"/runs/{run}", {"status": "Completed"})
    assert (ended["status"], ended["tags"], ended["display_name"]) == ("Completed", {"c": "d"}, "first")
    assert ended["end_time"] >= ended["start_time"]
    assert [event["status"] for event in rest.get(f"/runs/{run}/events")] == ["Running", "Completed"]
    assert rest.refused("PATCH", f"/runs/{run}", {"status": "Queued"})[:2] == (409, "StateConflict")
    assert rest.refused("PATCH", f"/runs/{run}", {"properties": {"p": "other"}})[:2] == (409, "StateConflict")
    assert rest.refused("PATCH", f"/runs/{run}", {"status": "Sleeping"})[:2] == (400, "InvalidValue")


def test_runs_are_listed_filtered_and_ordered(rest: Rest) -> None:
    first = rest.run(tags={"team": "blue"})
    second = rest.run(tags={"team": "red"}, type="azureml.scriptrun", properties={"k": "v"})
    child = rest.run(parent_id=first)
    for run, loss in ((first, 0.5), (second, 0.1)):
        rest.post(f"/runs/{run}/metrics", {"series": [points("loss", loss)]})
    rest.patch(f"/runs/{second}", {"status": "Failed"})

    def ids(**query: Any) -> list[str]:
        return [item["id"] for item in rest.get("/runs", **query)["items"]]

    assert ids() == [second, first]
    assert ids(include_children=True) == [child, second, first]
    assert ids(parent=first) == [child]
    assert ids(status="Failed") == [second]
    assert ids(status=["Failed", "Running"]) == [second, first]
    assert ids(tag="team=blue") == [first]
    assert ids(property="k") == [second]
    assert ids(type="azureml.scriptrun") == [second]
    assert ids(filter="metrics.loss < 0.3") == [second]
    assert ids(order="metrics.loss DESC") == [first, second]
    assert ids(experiment="exp", limit=1) == [second]
    page = rest.get("/runs", limit=1)
    assert ids(limit=1, after=page["next"]) == [first]
    assert rest.refused("GET", "/runs", filter="loss ~ 3")[0] == 400
    assert rest.refused("GET", "/runs", experiment="none")[0] == 404


def test_a_deleted_run_can_be_restored(rest: Rest) -> None:
    run = rest.run()
    rest.delete(f"/runs/{run}")
    assert rest.get("/runs")["items"] == []
    assert [item["id"] for item in rest.get("/runs", archived=True)["items"]] == [run]
    assert rest.refused("POST", f"/runs/{run}/metrics", {"series": [points("a", 1)]})[:2] == (409, "StateConflict")
    assert rest.post(f"/runs/{run}/restore")["archived_at"] is None


def test_a_given_id_is_kept_and_taken_once(rest: Rest) -> None:
    assert rest.run(id="my-run") == "my-run"
    assert rest.refused("POST", "/experiments/exp/runs", {"id": "my-run"})[:2] == (409, "AlreadyExists")
    assert rest.refused("POST", "/experiments/exp/runs", {"id": "../x"})[:2] == (400, "InvalidName")
    assert rest.refused("POST", "/experiments/none/runs", {})[0] == 404


def test_children_are_made_together(rest: Rest) -> None:
    run = rest.run()
    made = rest.post(f"/runs/{run}/children", {"tag_key": "fold", "tag_values": ["1", "2"]})
    assert [child["tags"]["fold"] for child in made] == ["1", "2"]
    assert {child["parent_id"] for child in made} == {run}
    assert rest.refused("POST", f"/runs/{run}/children", {"count": 101})[0] == 400


def test_what_was_logged_reads_back_exactly(rest: Rest) -> None:
    run = rest.run()
    series = [points("loss/train", 0.5, "NaN", "Infinity", "-Infinity"), points("epoch", 1, 2)]
    records = [{"name": "note", "kind": "scalar", "value": "hello"}]
    assert rest.post(f"/runs/{run}/metrics", {"series": series, "records": records}) == {"accepted": 7}
    logged = {one["name"]: one for one in rest.get(f"/runs/{run}/metrics")["series"]}
    assert logged["loss/train"]["values"] == [0.5, "NaN", "Infinity", "-Infinity"]
    assert logged["loss/train"]["total"] == 4
    assert logged["epoch"]["is_int"] is True
    assert logged["loss/train"]["is_int"] is False
    assert rest.get(f"/runs/{run}/metrics")["records"][0]["value"] == "hello"
    one = rest.get(f"/runs/{run}/metrics", name="epoch")
    assert [series["name"] for series in one["series"]] == ["epoch"]
    family = rest.get(f"/runs/{run}/metrics", recursive=True)
    assert list(family) == [run]


def test_a_run_whose_last_value_is_no_number_still_reads_as_a_run(rest: Rest) -> None:
    run = rest.run()
    rest.post(f"/runs/{run}/metrics", {"series": [points("bad", "NaN"), points("good", 1)]})
    assert codec.decode(rest.raw("GET", f"/runs/{run}").content, Run).metrics == {"good": 1.0}
    assert codec.decode(rest.raw("GET", "/runs").content, Page[Run]).items[0].metrics == {"good": 1.0}
    answer = codec.decode(rest.raw("GET", f"/runs/{run}/metrics").content, MetricsAnswer)
    assert [series.name for series in answer.series] == ["bad", "good"]


def test_a_chart_keeps_the_spikes(rest: Rest) -> None:
    run = rest.run()
    values: list[float | str] = [math.sin(i / 50) for i in range(5000)]
    values[1234] = 99.0
    rest.post(f"/runs/{run}/metrics", {"series": [points("a/b/wave", *values)]})
    chart = rest.get(f"/runs/{run}/metrics/a/b/wave/chart", points=200)
    assert len(chart["values"]) <= 200
    assert chart["exact"] is False
    assert 99.0 in chart["values"]
    assert rest.get(f"/runs/{run}/metrics/a/b/wave/chart", points=5000)["exact"] is True
    assert rest.refused("GET", f"/runs/{run}/metrics/a/b/wave/chart", points=1)[0] == 400


def test_a_part_of_a_chart_is_as_fine_as_the_whole(rest: Rest) -> None:
    run = rest.run()
    rest.post(f"/runs/{run}/metrics", {"series": [points("wave", *(step % 7 for step in range(40_000)))]})
    path = f"/runs/{run}/metrics/wave/chart"
    whole = rest.get(path, points=100)
    assert whole["exact"] is False
    part = rest.get(path, points=100, start_step=20_000, end_step=20_059)
    assert (part["steps"], part["exact"]) == (list(range(20_000, 20_060)), True)
    wide = rest.get(path, points=100, start_step=10_000, end_step=30_000)
    assert len(wide["steps"]) > 50
    assert min(wide["steps"]) >= 10_000
    assert max(wide["steps"]) <= 30_000
    assert wide["exact"] is False
    assert rest.get(path, start_step=39_999)["steps"] == [39_999]
    assert rest.get(path, end_step=0)["steps"] == [0]
    assert rest.get(path, start_step=50_000)["steps"] == []
    assert rest.refused("GET", path, start_step=2**63)[0] == 400


@pytest.mark.parametrize(
    "body",
    [
        {"series": [{"name": "a", "steps": [0, 1], "timestamps": [0], "values": [1]}]},
        {"series": [{"name": "a", "steps": [0], "timestamps": [0], "values": ["x"]}]},
        {"series": [{"name": "", "steps": [0], "timestamps": [0], "values": [1]}]},
        {"series": [{"name": "a", "steps": [0.5], "timestamps": [0], "values": [1]}]},
        {"series": [{"name": "a", "steps": [2**70], "timestamps": [0], "values": [1]}]},
        {"series": [{"name": "a", "steps": [0], "timestamps": [0]}]},
        {"series": [{"name": "a", "steps": [0], "timestamps": [0], "values": [10**400]}]},
        {"series": 5},
    ],
)
def test_a_batch_that_cannot_be_kept_is_refused_whole(rest: Rest, body: object) -> None:
    run = rest.run()
    good = [points("good", 1)]
    if isinstance(body, dict) and isinstance(body["series"], list):
        body = {"series": good + body["series"]}
    assert rest.refused("POST", f"/runs/{run}/metrics", body)[0] == 400
    assert rest.get(f"/runs/{run}/metrics")["series"] == []


def test_too_many_points_at_once_are_refused(rest: Rest) -> None:
    many = points("a", *([0.5] * 100_001))
    assert rest.refused("POST", f"/runs/{rest.run()}/metrics", {"series": [many]})[:2] == (413, "TooLarge")


def test_an_interactive_run_has_no_spec(rest: Rest) -> None:
    run = rest.run()
    assert rest.refused("GET", f"/runs/{run}/spec")[0] == 404
    assert rest.post(f"/runs/{run}/heartbeat") == {"cancel": False, "status": "Running"}


def test_canceling(rest: Rest) -> None:
    run = rest.run()
    assert rest.post(f"/runs/{run}/cancel")["status"] == "Canceled"
    assert rest.refused("POST", f"/runs/{run}/cancel")[:2] == (409, "StateConflict")
    assert rest.post(f"/runs/{run}/heartbeat")["cancel"] is True


def test_a_heartbeat_that_waits_hears_of_the_cancel_at_once(rest: Rest) -> None:
    run = rest.run()
    rest.patch(f"/runs/{run}", {"status": "NotResponding"})
    with ThreadPoolExecutor(1) as runner:
        heard = runner.submit(rest.post, f"/runs/{run}/heartbeat", wait=60)
        while rest.get(f"/runs/{run}")["status"] != "Running":  # which the beat makes it again
            time.sleep(0.02)
        rest.post(f"/runs/{run}/cancel")
        # One that had waited to its end would tell what it found at the beginning.
        assert heard.result()["cancel"] is True
    assert rest.refused("POST", f"/runs/{run}/heartbeat", wait=61)[0] == 400
