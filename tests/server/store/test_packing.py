"""Columns of points: packed and unpacked, brought in order, rid of duplicates."""

from __future__ import annotations

import math
import struct

import pytest
from hypothesis import given
from hypothesis import strategies as st

from zaffre.core.errors import InvalidValue
from zaffre.server.store.packing import Columns, columns, in_order, pack, unpack

INT64 = st.integers(-(2**63), 2**63 - 1)
POINT = st.tuples(INT64, INT64, st.floats())
CLOSE = st.tuples(st.integers(0, 3), st.integers(0, 3), st.sampled_from([0.0, 1.0, math.nan, math.inf, -math.inf]))


def of(points: list[tuple[int, int, float]]) -> Columns:
    steps, timestamps, values = zip(*points, strict=True) if points else ((), (), ())
    return columns("m", steps, timestamps, values)


def shown(points: Columns) -> list[tuple[int, int, str]]:
    """As a list that compares NaN equal to NaN."""
    return [
        (step, stamp, repr(value))
        for step, stamp, value in zip(points.steps, points.timestamps, points.values, strict=True)
    ]


@given(st.lists(st.lists(POINT, max_size=5), max_size=4))
def test_what_was_packed_comes_out_again(chunks: list[list[tuple[int, int, float]]]) -> None:
    together = [point for chunk in chunks for point in chunk]
    assert shown(unpack(pack(of(chunk)) for chunk in chunks)) == shown(of(together))


def test_the_layout_is_three_little_endian_columns() -> None:
    assert pack(of([(1, 2, 0.5), (3, 4, -1.5)])) == struct.pack("<qqqqdd", 1, 3, 2, 4, 0.5, -1.5)


@given(st.lists(CLOSE, max_size=12))
def test_in_order_sorts_by_step_and_time_keeps_ties_as_logged_and_drops_duplicates(
    points: list[tuple[int, int, float]],
) -> None:
    expected: list[tuple[int, int, str]] = []
    for step, stamp, value in sorted(points, key=lambda point: point[:2]):
        if (step, stamp, repr(value)) not in expected:
            expected.append((step, stamp, repr(value)))
    assert shown(in_order(of(points))) == expected


def test_columns_of_different_lengths_are_refused() -> None:
    with pytest.raises(InvalidValue, match="'loss' has 2 steps, 1 timestamps and 2 values"):
        columns("loss", [1, 2], [1], [0.1, 0.2])


@pytest.mark.parametrize(
    ("steps", "values"), [([2**63], [0.0]), ([0], [10**400])], ids=["step beyond 64 bits", "value beyond a double"]
)
def test_numbers_out_of_range_are_refused(steps: list[int], values: list[float]) -> None:
    with pytest.raises(InvalidValue, match="beyond"):
        columns("loss", steps, [0], values)


def test_what_is_not_a_number_is_refused() -> None:
    with pytest.raises(InvalidValue, match="not a number"):
        columns("loss", [0], [0], ["0.5"])  # type: ignore[list-item]
