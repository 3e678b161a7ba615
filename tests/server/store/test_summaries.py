"""Charts of long metrics: from their outline alone, and no low and no high is lost."""

from __future__ import annotations

import math
import random

import pytest

from zaffre.core.wire import RunCreate
from zaffre.server.notifier import Notifier
from zaffre.server.store import metrics, runs, summaries
from zaffre.server.store.engine import Store
from zaffre.server.store.metrics import Logged
from zaffre.server.store.packing import Columns, columns
from zaffre.server.tracking.tracking import Tracking

FAR = summaries.SPAN * (summaries.UP + 1) + 1234  # into the second row of level 2


def append(store: Store, steps: range, values: list[float], at_once: int) -> None:
    def write(start: int) -> None:
        part = slice(start, start + at_once)
        points = columns("loss", steps[part], [7] * len(steps[part]), values[part])
        store.write(
            lambda connection: metrics.append(
                connection, runs.key_of(connection, "default", "r").pk, [Logged("loss", points, False)]
            )
        )

    for start in range(0, len(steps), at_once):
        write(start)


def outline(store: Store, wanted: int) -> tuple[Columns, bool]:
    return store.read(
        lambda connection: metrics.outline(connection, runs.key_of(connection, "default", "r").pk, "loss", wanted)
    )


@pytest.fixture
def tracking(store: Store) -> Tracking:
    return Tracking(store, Notifier())


@pytest.fixture
def run(tracking: Tracking) -> str:
    experiment = tracking.create_experiment("default", "churn")
    return tracking.create_run("default", experiment.id, RunCreate(id="r")).id


@pytest.mark.usefixtures("run")
@pytest.mark.parametrize("at_once", [999, 100_000])
def test_every_stretch_of_a_long_metric_keeps_its_extremes(store: Store, tracking: Tracking, at_once: int) -> None:
    chance = random.Random(1)  # noqa: S311 - data, no secret
    values = [chance.random() for _ in range(FAR)]
    spikes = [0, 5, 20_000, summaries.SPAN * summaries.UP - 1, summaries.SPAN * summaries.UP, FAR - 3, FAR - 1]
    for i, place in enumerate(spikes):
        values[place] = (-1) ** i * (10.0 + i)
    append(store, range(FAR), values, at_once)
    for wanted, most in ((100, 3_000), (4_000, 150_000)):  # from level 2, and from level 1
        points, is_whole = outline(store, wanted)
        assert not is_whole
        assert wanted // 2 <= len(points) <= most + summaries.SPAN
        assert points.steps.tolist() == sorted(set(points.steps))
        assert all(points.values[i] == values[step] for i, step in enumerate(points.steps))
        assert set(spikes) <= set(points.steps)
        chart, exact = tracking.chart("default", "r", "loss", wanted)
        assert not exact
        assert len(chart) <= wanted
        assert (chart.steps[0], chart.steps[-1]) == (0, FAR - 1)
        assert (min(chart.values), max(chart.values)) == (min(values), max(values))


@pytest.mark.usefixtures("run")
def test_steps_that_run_backwards_are_charted_in_their_order(store: Store, tracking: Tracking) -> None:
    length = 3 * summaries.SPAN + 17
    append(store, range(length, 0, -1), [math.nan if i % 2 else float(i) for i in range(length)], 5_000)
    chart, exact = tracking.chart("default", "r", "loss", 300)
    assert not exact
    assert chart.steps.tolist() == sorted(chart.steps)
    assert (chart.steps[0], chart.steps[-1]) == (1, length)
    numbers = [value for value in chart.values if not math.isnan(value)]
    assert (min(numbers), max(numbers)) == (0.0, float(length - 1))


@pytest.mark.usefixtures("run")
def test_a_short_metric_and_a_wide_chart_are_read_whole(store: Store, tracking: Tracking) -> None:
    append(store, range(40_000), [float(i) for i in range(40_000)], 8_000)
    points, is_whole = outline(store, 1_000)
    assert is_whole
    assert len(points) == 40_000
    assert tracking.chart("default", "r", "loss", 50_000)[1]
    assert outline(store, 100)[1] is False


@pytest.mark.usefixtures("run")
def test_a_metric_from_before_there_were_outlines_gets_one_as_it_grows(
    store: Store, monkeypatch: pytest.MonkeyPatch
) -> None:
    with monkeypatch.context() as older:
        older.setattr(summaries, "is_due", lambda *_: False)
        append(store, range(3 * summaries.SPAN), [1.0] * (3 * summaries.SPAN), 10_000)
    assert len(outline(store, 100)[0]) == 3 * summaries.SPAN
    late = range(3 * summaries.SPAN, 4 * summaries.SPAN)
    append(store, late, [2.0] * len(late), 10_000)
    points, _ = outline(store, 100)
    assert len(points) < 2_000
    assert (points.steps[0], points.steps[-1]) == (0, 4 * summaries.SPAN - 1)
