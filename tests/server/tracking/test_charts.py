"""Thinning for a chart: no low and no high is lost."""

from __future__ import annotations

import math

from hypothesis import given
from hypothesis import strategies as st

from zaffre.server.store.packing import Columns, columns
from zaffre.server.tracking.charts import evenly, thin

VALUES = st.lists(st.floats() | st.sampled_from([math.nan, math.inf, -math.inf, 0.0, 1.0]), max_size=60)


def series(values: list[float]) -> Columns:
    return columns("m", range(len(values)), [0] * len(values), values)


@given(VALUES, st.integers(1, 20))
def test_the_ends_and_the_extremes_stay_and_the_order_too(values: list[float], wanted: int) -> None:
    thinned, exact = thin(series(values), wanted)
    steps = thinned.steps.tolist()
    assert len(steps) <= max(wanted, 4)
    assert steps == sorted(set(steps))
    assert exact == (len(values) <= max(wanted, 4)) == (steps == list(range(len(values))))
    assert [repr(value) for value in thinned.values] == [repr(values[step]) for step in steps]
    if values:
        assert (steps[0], steps[-1]) == (0, len(values) - 1)
    numbers = [value for value in values if not math.isnan(value)]
    kept = [value for value in thinned.values if not math.isnan(value)]
    if numbers:
        assert (min(kept), max(kept)) == (min(numbers), max(numbers))


def test_every_spike_of_a_long_series_is_shown() -> None:
    values = [0.0] * 100_000
    spikes = [777, 31_000, 50_001, 99_998]
    for place in spikes:
        values[place] = 1.0
    thinned, exact = thin(series(values), 1000)
    assert not exact
    assert 500 <= len(thinned) <= 1000
    assert [step for step, value in zip(thinned.steps, thinned.values, strict=True) if value] == spikes


@given(VALUES, st.integers(1, 20))
def test_even_choice_keeps_both_ends(values: list[float], wanted: int) -> None:
    steps = evenly(series(values), wanted).steps.tolist()
    assert len(steps) == min(len(values), wanted)
    assert steps == sorted(set(steps))
    if values:
        assert steps[-1] == len(values) - 1
        assert wanted == 1 or steps[0] == 0
