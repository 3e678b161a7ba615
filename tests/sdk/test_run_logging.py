"""Every ``log`` method with its checks, and what ``get_metrics`` makes of what was logged."""

from __future__ import annotations

import json
import math
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest

from zaffre.core import limits, wire
from zaffre.core.errors import UserErrorException
from zaffre.sdk.experiment import Experiment
from zaffre.sdk.run import Run

PNG = bytes.fromhex(
    "89504e470d0a1a0a0000000d49484452000000010000000108060000001f15c4890000000d49444154789c6360000002000001e221bc330000"
    "000049454e44ae426082"
)
MATRIX = {
    "schema_type": "confusion_matrix",
    "schema_version": "1.0.0",
    "data": {"class_labels": ["a"], "matrix": [[1]]},
}


class Scalar:
    """Like a scalar of numpy or torch: no dimensions, ``item`` gives the Python value."""

    ndim = 0

    def __init__(self, value: object) -> None:
        self.value = value

    def item(self) -> object:
        return self.value


class Plot:
    """Like matplotlib's figure or pyplot itself."""

    def savefig(self, target: Any, format: str) -> None:
        assert format == "png"
        target.write(PNG)


@pytest.fixture
def run(experiment: Experiment) -> Iterator[Run]:
    started = experiment.start_logging(snapshot_directory=None, outputs=False)
    yield started
    started.complete()


@pytest.mark.parametrize("name", ["R^2", "acc%", "F1 (macro)", "precision@10"])
def test_a_metric_may_have_any_name(run: Run, name: str) -> None:
    run.log(name, 0.5)
    run.flush()
    assert run.get_metrics(name) == {name: 0.5}


def test_one_value_is_itself_several_are_a_list(run: Run) -> None:
    run.log("once", 0.5)
    for value in (3, 2, 1):
        run.log("counts", value)
    run.log("mixed numbers", 1)
    run.log("mixed numbers", 1.5)

    metrics = run.get_metrics()

    assert metrics == {"once": 0.5, "counts": [3, 2, 1], "mixed numbers": [1, 1.5]}
    assert [type(value) for value in metrics["counts"]] == [int, int, int]
    assert run.get_metrics("once") == {"once": 0.5}
    assert run.get_metrics(name="absent") == {}


def test_values_need_not_be_numbers(run: Run) -> None:
    run.log("text", "best")
    run.log("truth", True)
    run.log("nothing", None)
    run.log("both", 1.0)
    run.log("both", "and text")
    run.log("scalar", Scalar(0.25))
    run.log("count", Scalar(7))
    run.log("flag", Scalar(True))
    run.log("endless", math.inf)
    run.log("nowhere", math.nan)
    run.log("huge", 10**400)

    metrics = run.get_metrics()

    assert math.isnan(metrics.pop("nowhere"))
    assert metrics == {
        "text": "best",
        "truth": True,
        "nothing": None,
        "both": [1.0, "and text"],
        "scalar": 0.25,
        "count": 7,
        "flag": True,
        "endless": math.inf,
        "huge": math.inf,
    }


@pytest.mark.parametrize("value", [[1, 2], (1,), range(3), (n for n in [1]), {"a": 1}, object(), b"bytes"])
def test_log_refuses_what_is_no_single_value(run: Run, value: object) -> None:
    with pytest.raises(UserErrorException, match="use log_list"):
        run.log("wrong", value)


@pytest.mark.parametrize("name", ["", "n" * 251, 7, None])
def test_metric_names_are_text(run: Run, name: Any) -> None:
    attempts: list[Callable[[], None]] = [
        lambda: run.log(name, 1),
        lambda: run.log_list(name, [1]),
        lambda: run.log_row(name, a=1),
        lambda: run.log_table(name, {"a": 1}),
        lambda: run.log_image(name, plot=Plot()),
        lambda: run.log_residuals(name, {}),
    ]
    for attempt in attempts:
        with pytest.raises(UserErrorException, match="is not a metric name"):
            attempt()


def test_steps_count_by_themselves_or_are_given(run: Run) -> None:
    run.log("auto", 1)
    run.log("auto", 2)
    run.log("given", 1, step=10)
    run.log("given", 2, step=Index(20))  # type: ignore[arg-type]
    run.log("given", 3)
    run.flush()

    chart = {name: _steps(run, name) for name in ("auto", "given")}

    assert chart == {"auto": [0, 1], "given": [10, 20, 21]}
    with pytest.raises(UserErrorException, match="is not a step"):
        run.log("auto", 1, step=1.5)  # type: ignore[arg-type]


def test_a_second_handle_goes_on_counting(run: Run) -> None:
    run.log("loss", 1)
    run.flush()
    run.experiment._scope.loggers.clear()  # as in another process
    again = Run(run.experiment, run.id)
    again.log("loss", 2)
    again.flush()
    assert _steps(again, "loss") == [0, 1]


def test_descriptions_are_kept_and_are_no_values(run: Run) -> None:
    run.log("loss", 1.5, "how wrong it is")
    run.flush()
    answer = run._scope.client.get(run._route("metrics"), dict[str, Any])
    assert [(r["name"], r["kind"], r["description"]) for r in answer["records"]] == [
        ("loss", "description", "how wrong it is")
    ]
    assert run.get_metrics() == {"loss": 1.5}


def test_lists(run: Run) -> None:
    run.log_list("list", [1, 2.5, "x", None, math.nan])
    run.log_list("list", [True])
    run.log_list("one", [5])
    run.log_list("none", [])

    metrics = run.get_metrics()

    kept = metrics.pop("list")
    assert math.isnan(kept.pop(4))
    assert kept == [1, 2.5, "x", None, True]
    assert metrics == {"one": 5}
    for wrong in (5, "text", {"a": 1}):
        with pytest.raises(UserErrorException, match="takes a list"):
            run.log_list("list", wrong)


def test_rows_and_tables(run: Run) -> None:
    run.log_row("rows", x=1, y="a")
    run.log_row("rows", x=2, y="b")
    run.log_row("single", x=1)
    run.log_table("table", {"x": [1, 2, 3], "y": [0.1, 0.2, 0.3]})
    run.log_table("flat", {"x": 1, "y": 2})

    assert run.get_metrics() == {
        "rows": {"x": [1, 2], "y": ["a", "b"]},
        "single": {"x": 1},
        "table": {"x": [1, 2, 3], "y": [0.1, 0.2, 0.3]},
        "flat": {"x": 1, "y": 2},
    }
    with pytest.raises(UserErrorException, match="use log_list"):
        run.log_row("rows", x=[1, 2])
    with pytest.raises(UserErrorException, match="at least one column"):
        run.log_row("rows")
    with pytest.raises(UserErrorException, match="differ in length"):
        run.log_table("table", {"x": [1, 2], "y": [1]})
    with pytest.raises(UserErrorException, match="dictionary of columns"):
        run.log_table("table", [1, 2])  # type: ignore[arg-type]


def test_images_come_from_files_or_plots(run: Run, tmp_path: Path) -> None:
    (tmp_path / "a.png").write_bytes(PNG)
    (tmp_path / "a.txt").write_text("no image", "utf-8")
    run.log_image("file", path=str(tmp_path / "a.png"))
    run.log_image("plot", plot=Plot())
    run.log_image("plot", plot=Plot())

    metrics = run.get_metrics()

    assert metrics["file"].startswith(f"aml://artifactId/ExperimentRun/dcid.{run.id}/file_")
    assert metrics["file"].endswith(".png")
    assert len(set(metrics["plot"])) == 2
    assert run.get_metrics("file", populate=True) == {"file": PNG}
    with pytest.raises(UserErrorException, match="exactly one"):
        run.log_image("file")
    with pytest.raises(UserErrorException, match="exactly one"):
        run.log_image("file", path="a.png", plot=Plot())
    with pytest.raises(UserErrorException, match="cannot be read"):
        run.log_image("file", path=str(tmp_path / "b.png"))
    with pytest.raises(UserErrorException, match="is not an image"):
        run.log_image("file", path=str(tmp_path / "a.txt"))
    with pytest.raises(UserErrorException, match="matplotlib figure"):
        run.log_image("file", plot=7)


def test_documents_are_artifacts_named_like_the_metric(run: Run) -> None:
    run.log_confusion_matrix("matrix", MATRIX)
    run.log_residuals("residuals", json.dumps({"schema_type": "residuals"}))
    run.log_predictions("predictions", {"schema_type": "predictions"})
    run.log_accuracy_table("accuracy", {"schema_type": "accuracy_table"})
    run.log_accuracy_table("accuracy", {"schema_type": "accuracy_table", "again": True})

    metrics = run.get_metrics()

    assert metrics["matrix"] == f"aml://artifactId/ExperimentRun/dcid.{run.id}/matrix"
    assert run.get_file_names() == ["accuracy", "accuracy_2", "matrix", "predictions", "residuals"]
    populated = run.get_metrics(populate=True)
    assert populated["matrix"] == MATRIX
    assert populated["residuals"] == {"schema_type": "residuals"}
    assert populated["accuracy"][1]["again"] is True
    with pytest.raises(UserErrorException, match="is not JSON"):
        run.log_residuals("residuals", "{")
    with pytest.raises(UserErrorException, match="dictionary or JSON text"):
        run.log_predictions("predictions", 7)


def test_recursive_metrics_are_by_run(run: Run) -> None:
    child = run.child_run()
    empty = run.child_run()
    run.log("a", 1)
    child.log("a", 2)
    child.log("b", 3)
    for one in (child, empty):
        one.complete()

    assert run.get_metrics(recursive=True) == {run.id: {"a": 1}, child.id: {"a": 2, "b": 3}}
    assert run.get_metrics("b", recursive=True) == {child.id: {"b": 3}}
    assert run.get_metrics(recursive=True, run_type="azureml.scriptrun") == {}


class Index:
    """An integer of another library."""

    def __init__(self, value: int) -> None:
        self.value = value

    def __index__(self) -> int:
        return self.value


def _steps(run: Run, name: str) -> list[int]:
    answer = run._scope.client.get(run._route("metrics"), dict[str, Any], name=name)
    steps: list[int] = answer["series"][0]["steps"]
    return steps


def test_very_many_points_are_read_piece_by_piece(run: Run) -> None:
    each = limits.POINTS_PER_REQUEST
    for first in range(0, limits.POINTS_PER_ANSWER + 1, each):
        steps = list(range(first, first + each))
        series = wire.MetricSeries(name="many", steps=steps, timestamps=steps, values=list(steps))
        path = run._scope.path("runs", run.id, "metrics")
        run._scope.client.post(path, wire.Accepted, wire.MetricsBatch(series=[series]))
    run.log("text", "x")
    run.flush()
    found = run.get_metrics()
    assert found == {"many": list(range(limits.POINTS_PER_ANSWER + each)), "text": "x"}
    assert run.get_metrics(recursive=True) == {run.id: found}
