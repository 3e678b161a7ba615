"""Reading long metrics: piece by piece, and each piece joins up with the one before."""

from __future__ import annotations

import random

import pytest

from tests.server.tracking.test_metrics import record, rows
from zaffre.core import limits
from zaffre.core.entities import Experiment, Run
from zaffre.core.errors import InvalidValue
from zaffre.core.wire import RunCreate
from zaffre.server.store import metrics
from zaffre.server.tracking import charts
from zaffre.server.tracking import metrics as acts
from zaffre.server.tracking.tracking import Tracking


@pytest.fixture
def run(tracking: Tracking, experiment: Experiment) -> Run:
    return tracking.create_run("default", experiment.id, RunCreate(id="run"))


def log(tracking: Tracking, name: str, steps: list[int]) -> None:
    for at in range(0, len(steps), 70):
        part = steps[at : at + 70]
        tracking.log("default", "run", [(name, part, [5] * len(part), [step / 2 for step in part])])


@pytest.mark.usefixtures("run")
def test_what_a_run_logged_comes_in_pieces_that_join_up(tracking: Tracking, monkeypatch: pytest.MonkeyPatch) -> None:
    log(tracking, "a", list(range(500)))
    log(tracking, "b", list(range(300, 0, -1)))
    log(tracking, "c", [1])
    tracking.log("default", "run", [], [record("note", "x")])
    whole = tracking.get_metrics("default", "run")
    assert whole.next is None
    monkeypatch.setattr(limits, "POINTS_PER_ANSWER", 130)
    joined: dict[str, list[tuple[int, int, float]]] = {}
    records, after, pieces = [], None, 0
    while pieces == 0 or after is not None:
        found = tracking.get_metrics("default", "run", None, after)
        for series in found.series:
            joined.setdefault(series.name, []).extend(rows(series.points))
        assert sum(len(series.points) for series in found.series) <= 130
        records += found.records
        after, pieces = found.next, pieces + 1
    assert pieces > 6
    assert joined == {series.name: rows(series.points) for series in whole.series}
    assert records == whole.records


@pytest.mark.usefixtures("run")
def test_a_family_shares_the_points_of_an_answer(
    tracking: Tracking, experiment: Experiment, monkeypatch: pytest.MonkeyPatch
) -> None:
    tracking.create_run("default", experiment.id, RunCreate(id="child", parent_id="run"))
    log(tracking, "a", list(range(100)))
    tracking.log("default", "child", [("a", [0, 1], [0, 0], [1.0, 2.0])])
    monkeypatch.setattr(limits, "POINTS_PER_ANSWER", 60)
    found = tracking.get_family_metrics("default", "run")
    assert [len(series.points) for series in found["run"].series] == [60]
    assert found["child"].series == []
    rest = {name: tracking.get_metrics("default", name, None, found[name].next) for name in found}
    assert [len(series.points) for series in rest["run"].series] == [40]
    assert [len(series.points) for series in rest["child"].series] == [2]


@pytest.mark.usefixtures("run")
@pytest.mark.parametrize("token", ["x", "WzEsMSwxXQ==", "WyJhIiwxLG51bGxd"])
def test_a_place_that_no_answer_named_is_refused(tracking: Tracking, token: str) -> None:
    with pytest.raises(InvalidValue, match="Invalid page token"):
        tracking.get_metrics("default", "run", None, token)


@pytest.mark.usefixtures("run")
@pytest.mark.parametrize("is_mixed", [False, True])
def test_a_long_metric_is_read_between_steps_as_a_short_one_is(
    tracking: Tracking, monkeypatch: pytest.MonkeyPatch, is_mixed: bool
) -> None:
    steps = list(range(0, 3000, 2))
    if is_mixed:
        random.Random(1).shuffle(steps)  # noqa: S311 - data, no secret
    log(tracking, "a", steps)
    asked = [(None, None, 7), (100, 2001, 50), (500, 520, 320), (1, 1, 5), (None, 90, 1)]
    short = [
        tracking.interval("default", "run", "a", start_step=start, end_step=end, points=points)
        for start, end, points in asked
    ]
    [series] = tracking.get_metrics("default", "run").series
    for found, (start, end, points) in zip(short, asked, strict=True):
        assert rows(found) == rows(charts.evenly(charts.between(series.points, start, end), points))
    monkeypatch.setattr(metrics, "WHOLE", 10)
    for found, (start, end, points) in zip(short, asked, strict=True):
        again = tracking.interval("default", "run", "a", start_step=start, end_step=end, points=points)
        assert rows(again) == rows(found)


@pytest.mark.usefixtures("run")
def test_a_follower_is_given_points_in_pieces(tracking: Tracking, monkeypatch: pytest.MonkeyPatch) -> None:
    log(tracking, "a", list(range(500, 0, -1)))
    log(tracking, "b", list(range(90)))
    monkeypatch.setattr(acts, "AT_ONCE", 100)
    steps: dict[str, list[int]] = {}
    seen: dict[str, int] = {}
    while True:
        new, seen = tracking.metrics_since("default", "run", seen)
        if not new:
            break
        assert sum(map(len, new.values())) <= 100
        for name, points in new.items():
            steps.setdefault(name, []).extend(points.steps)
    assert steps == {"a": list(range(500, 0, -1)), "b": list(range(90))}
