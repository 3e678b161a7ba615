"""Logging: points, records, parameters and tags; and reading them back in each door's way."""

from __future__ import annotations

import asyncio
import math

import pytest

from zaffre.core.entities import Experiment, MetricRecord, Run
from zaffre.core.errors import InvalidName, InvalidValue, NotFound, StateConflict, TooLarge
from zaffre.core.wire import RunCreate
from zaffre.server.store.metrics import Latest
from zaffre.server.store.packing import Columns
from zaffre.server.tracking.tracking import Tracking


@pytest.fixture
def run(tracking: Tracking, experiment: Experiment) -> Run:
    return tracking.create_run("default", experiment.id, RunCreate(id="run"))


def rows(points: Columns) -> list[tuple[int, int, float]]:
    return list(zip(points.steps, points.timestamps, points.values, strict=True))


def record(name: str, value: object, *, kind: str = "scalar", step: int | None = None) -> MetricRecord:
    return MetricRecord(name=name, kind=kind, value=value, step=step, timestamp=5)


def test_what_was_logged_is_read_in_order_of_steps(tracking: Tracking, run: Run) -> None:
    assert tracking.log("default", run.id, [("loss", [2, 0], [7, 7], [0.2, 0.0]), ("acc", [0], [7], [1])]) == 3
    tracking.log("default", run.id, [("loss", [1], [7], [0.1])])
    logged = tracking.get_metrics("default", run.id)
    assert [(series.name, rows(series.points), series.is_int) for series in logged.series] == [
        ("acc", [(0, 7, 1.0)], True),
        ("loss", [(0, 7, 0.0), (1, 7, 0.1), (2, 7, 0.2)], False),
    ]
    [only] = tracking.get_metrics("default", run.id, "acc").series
    assert only.name == "acc"
    assert tracking.get_metrics("default", run.id, "nope").series == []


def test_a_metric_given_in_two_pieces_is_one_metric(tracking: Tracking, run: Run) -> None:
    tracking.log("default", run.id, [("n", [0], [0], [1]), ("n", [1], [0], [2]), ("empty", [], [], [])])
    [series] = tracking.get_metrics("default", run.id).series
    assert (rows(series.points), series.is_int) == ([(0, 0, 1.0), (1, 0, 2.0)], True)


def test_integers_stay_integers_until_one_value_is_not(tracking: Tracking, run: Run) -> None:
    tracking.log_batch("default", run.id, [("n", 1, 0, 0)])
    assert tracking.get_metrics("default", run.id).series[0].is_int
    tracking.log_batch("default", run.id, [("n", 2.0, 0, 1)])
    tracking.log_batch("default", run.id, [("n", 3, 0, 2)])
    assert not tracking.get_metrics("default", run.id).series[0].is_int


def test_a_batch_sent_twice_is_there_once(tracking: Tracking, run: Run) -> None:
    for _ in range(2):
        tracking.log_batch("default", run.id, [("loss", 0.5, 1, 0), ("loss", 0.4, 2, 1), ("nan", math.nan, 3, 0)])
    assert [len(series.points) for series in tracking.get_metrics("default", run.id).series] == [2, 1]


def test_the_latest_is_the_greatest_by_step_then_time_then_value(tracking: Tracking, run: Run) -> None:
    points = [("a", 1.0, 9, 1), ("a", 2.0, 3, 2), ("a", 0.5, 4, 2), ("a", 0.7, 4, 2), ("a", math.nan, 4, 2)]
    for point in points:
        tracking.log_batch("default", run.id, [point])
    assert tracking.latest("default", [run.id, "unknown"]) == {run.id: [Latest("a", 2, 4, 0.7)]}
    assert tracking.get_run("default", run.id).metrics == {"a": 0.7}


def test_nan_and_infinities_are_kept(tracking: Tracking, run: Run) -> None:
    values = [math.nan, math.inf, -math.inf]
    for name, value in zip("abc", values, strict=True):
        tracking.log_batch("default", run.id, [(name, value, 0, 0)])
    latest = [repr(point.value) for point in tracking.latest("default", [run.id])[run.id]]
    assert latest == [repr(value) for value in values]
    read = [repr(series.points.values[0]) for series in tracking.get_metrics("default", run.id).series]
    assert read == latest


def test_records_come_back_as_they_were_logged(tracking: Tracking, run: Run) -> None:
    given = [record("text", "hello"), record("none", None), record("row", {"a": 1, "b": "x"}, kind="table")]
    assert tracking.log("default", run.id, [], given) == 3
    tracking.log("default", run.id, [], [record("text", True)])
    logged = tracking.get_metrics("default", run.id)
    assert logged.records == [*given, record("text", True)]
    assert [found.value for found in tracking.get_metrics("default", run.id, "text").records] == ["hello", True]


def test_a_record_with_a_step_that_is_sent_again_is_there_once(tracking: Tracking, run: Run) -> None:
    for _ in range(2):
        tracking.log("default", run.id, [], [record("t", "a", step=0), record("t", "a", step=1), record("u", "a")])
    assert [found.step for found in tracking.get_metrics("default", run.id).records] == [0, 1, None, None]


def test_a_family_of_runs(tracking: Tracking, experiment: Experiment, run: Run) -> None:
    for name, parent in (("child", run.id), ("grandchild", "child"), ("silent", "child")):
        tracking.create_run("default", experiment.id, RunCreate(id=name, parent_id=parent))
    tracking.create_run("default", experiment.id, RunCreate(id="stranger"))
    for name in (run.id, "grandchild", "stranger"):
        tracking.log_batch("default", name, [("loss", 1.0, 0, 0)])
    tracking.log("default", "child", [], [record("note", "x")])
    found = tracking.get_family_metrics("default", run.id)
    assert sorted(found) == ["child", "grandchild", "run"]
    assert sorted(tracking.get_family_metrics("default", run.id, "loss")) == ["grandchild", "run"]


def test_params_never_change_and_the_same_value_again_is_fine(tracking: Tracking, run: Run) -> None:
    tracking.log_batch("default", run.id, params={"c": "1"})
    tracking.log_batch("default", run.id, params={"c": "1", "d": ""})
    assert tracking.get_run("default", run.id).params == {"c": "1", "d": ""}
    message = r"Changing param values is not allowed. Param with key='c' was already logged with value='1' for run"
    with pytest.raises(StateConflict, match=message):
        tracking.log_batch("default", run.id, params={"c": "2"})


def test_a_batch_is_all_or_nothing(tracking: Tracking, run: Run) -> None:
    tracking.log_batch("default", run.id, params={"c": "1"})
    with pytest.raises(StateConflict):
        tracking.log_batch("default", run.id, [("loss", 1.0, 0, 0)], {"new": "x", "c": "2"}, {"tag": "y"})
    after = tracking.get_run("default", run.id)
    assert (after.metrics, after.params, after.tags) == ({}, {"c": "1"}, {})


def test_coroutines_log_as_well(tracking: Tracking, run: Run) -> None:
    async def log() -> None:
        await asyncio.gather(
            *(tracking.alog_batch("default", run.id, [("loss", float(i), 0, i)], {f"p{i}": "x"}) for i in range(20)),
            tracking.alog("default", run.id, [("acc", [0, 1], [0, 0], [0.1, 0.2])], [record("note", "x")]),
        )

    asyncio.run(log())
    assert [len(series.points) for series in tracking.get_metrics("default", run.id).series] == [2, 20]
    assert len(tracking.get_run("default", run.id).params) == 20


@pytest.mark.parametrize("name", ["", "x" * 251, "/abs", "../up", "a/../b", "a//b", "a$b", "tab\tbed", "./a"])
def test_names_that_mlflow_does_not_take_are_refused(tracking: Tracking, run: Run, name: str) -> None:
    with pytest.raises(InvalidName, match="metric name"):
        tracking.log_batch("default", run.id, [(name, 1.0, 0, 0)])
    with pytest.raises(InvalidName, match="param name"):
        tracking.log_batch("default", run.id, params={name: "1"})


@pytest.mark.parametrize("name", ["", "x" * 251])
def test_names_that_nobody_takes_are_refused(tracking: Tracking, run: Run, name: str) -> None:
    with pytest.raises(InvalidName, match="1 to 250 characters"):
        tracking.log("default", run.id, [(name, [0], [0], [1.0])])
    with pytest.raises(InvalidName, match="1 to 250 characters"):
        tracking.log("default", run.id, [], [record(name, "x")])


@pytest.mark.parametrize("name", ["R^2", "acc%", "/abs", "a//b", "../up"])
def test_azure_takes_any_text_as_a_name(tracking: Tracking, run: Run, name: str) -> None:
    tracking.log("default", run.id, [(name, [0], [0], [1.0])], [record("note on " + name, "x")])
    assert tracking.get_run("default", run.id).metrics == {name: 1.0}


def test_names_may_have_any_letters_and_folders(tracking: Tracking, run: Run) -> None:
    tracking.log_batch("default", run.id, [("train/größe: a-b_c.d", 1.0, 0, 0)])
    assert list(tracking.get_run("default", run.id).metrics) == ["train/größe: a-b_c.d"]


def test_what_is_too_long_is_refused(tracking: Tracking, run: Run) -> None:
    with pytest.raises(InvalidValue, match="at most 6000 are kept"):
        tracking.log_batch("default", run.id, params={"c": "x" * 6001})
    with pytest.raises(TooLarge, match="at most 100000 points and records; this one has 100001"):
        tracking.log("default", run.id, [("loss", range(100_000), [0] * 100_000, [0.0] * 100_000)], [record("a", 1)])


def test_a_run_that_does_not_exist_takes_nothing(tracking: Tracking) -> None:
    with pytest.raises(NotFound, match="id=nobody"):
        tracking.log_batch("default", "nobody", [("loss", 1.0, 0, 0)])
    with pytest.raises(NotFound):
        tracking.get_metrics("default", "nobody")
    with pytest.raises(NotFound):
        tracking.chart("default", "nobody", "loss")


def test_history_is_in_mlflows_order_and_pages_join_up(tracking: Tracking, run: Run) -> None:
    points = [("a", 3.0, 5, 0), ("a", math.nan, 5, 0), ("a", 1.0, 5, 0), ("a", 9.0, 1, 7), ("a", 0.0, 5, -1)]
    tracking.log_batch("default", run.id, points)
    pages, after = [], None
    while True:
        page, after = tracking.history("default", run.id, "a", after=after, limit=2)
        pages.append(rows(page))
        tracking.log_batch("default", run.id, [("a", float(len(pages)), 0, 0)])  # before what is still to come
        if after is None:
            break
    assert [len(page) for page in pages] == [2, 2, 1]
    assert [repr(point) for page in pages for point in page] == [
        repr(point) for point in [(7, 1, 9.0), (-1, 5, 0.0), (0, 5, math.nan), (0, 5, 1.0), (0, 5, 3.0)]
    ]
    everything, none = tracking.history("default", run.id, "a")
    assert (len(everything), none) == (8, None)
    assert len(tracking.history("default", run.id, "unknown")[0]) == 0


@pytest.mark.parametrize("token", ["x", "WyJhIiwxLDFd", "WzEsMV0="])
def test_a_history_token_that_no_page_gave_is_refused(tracking: Tracking, run: Run, token: str) -> None:
    with pytest.raises(InvalidValue, match="Invalid page token"):
        tracking.history("default", run.id, "a", after=token)


def test_an_interval_is_even_by_rank_and_keeps_both_ends(tracking: Tracking, run: Run) -> None:
    tracking.log("default", run.id, [("a", range(0, 1000, 10), [0] * 100, [1.0] * 100)])
    found = tracking.interval("default", run.id, "a", start_step=None, end_step=None, points=5)
    assert found.steps.tolist() == [0, 250, 500, 740, 990]
    found = tracking.interval("default", run.id, "a", start_step=100, end_step=145, points=320)
    assert found.steps.tolist() == [100, 110, 120, 130, 140]
    found = tracking.interval("default", run.id, "a", start_step=100, end_step=145, points=1)
    assert found.steps.tolist() == [140]
    assert len(tracking.interval("default", run.id, "none", start_step=0, end_step=1, points=1)) == 0


def test_news_since_a_mark(tracking: Tracking, run: Run) -> None:
    tracking.log_batch("default", run.id, [("a", 1.0, 0, 5), ("b", 1.0, 0, 0)])
    new, seen = tracking.metrics_since("default", run.id, {})
    assert {name: rows(points) for name, points in new.items()} == {"a": [(5, 0, 1.0)], "b": [(0, 0, 1.0)]}
    assert tracking.metrics_since("default", run.id, seen) == ({}, seen)
    tracking.log_batch("default", run.id, [("a", 2.0, 0, 1)])
    new, seen = tracking.metrics_since("default", run.id, seen)
    assert {name: rows(points) for name, points in new.items()} == {"a": [(1, 0, 2.0)]}
    assert seen == {"a": 2, "b": 1}
