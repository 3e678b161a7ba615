"""Percentiles of merged histograms against the exact ones."""

from __future__ import annotations

import math

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from zaffre.core.latency import BUCKETS, Histogram, bucket_of, seconds_of

TIMES = st.lists(st.floats(1e-6, 20_000, allow_nan=False), min_size=1, max_size=60)
QUANTILES = st.sampled_from((0.0, 0.01, 0.25, 0.5, 0.9, 0.95, 0.99, 1.0))


@settings(deadline=None, max_examples=300)
@given(st.lists(TIMES, min_size=1, max_size=4), QUANTILES)
def test_every_quantile_of_merged_histograms_is_within_a_hundredth(parts: list[list[float]], q: float) -> None:
    merged = Histogram()
    for times in parts:
        one = Histogram()
        for time in times:
            one.observe(time)
        merged.merge([Histogram.from_pairs(one.pairs())])
    exact = sorted(time for times in parts for time in times)[math.floor(q * (sum(map(len, parts)) - 1))]
    found = merged.quantile(q)
    assert found is not None
    assert abs(found - exact) <= exact * (0.01 + 1e-9)


def test_what_is_outside_counts_in_the_first_and_the_last_bucket() -> None:
    assert bucket_of(0.0) == bucket_of(-1.0) == bucket_of(1e-9) == 0
    assert bucket_of(1e9) == BUCKETS - 1
    assert seconds_of(BUCKETS - 1) > 7 * 3600


def test_an_empty_histogram_has_no_quantile() -> None:
    assert Histogram().quantile(0.5) is None
    assert Histogram().pairs() == []


@pytest.mark.parametrize("flat", [[1], [BUCKETS, 1], [-1, 1], [1, -1]])
def test_pairs_that_no_histogram_made_are_refused(flat: list[int]) -> None:
    with pytest.raises(ValueError, match="histogram"):
        Histogram.from_pairs(flat)


def test_counts_below_a_bound() -> None:
    held = Histogram()
    for time in (0.001, 0.002, 0.5):
        held.observe(time)
    assert [held.count_below(bound) for bound in (0.0005, 0.0011, 0.1, 1.0)] == [0, 1, 2, 3]
