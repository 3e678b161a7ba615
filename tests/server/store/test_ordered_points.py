"""Points of a metric in order, page by page, held to plain Python: any chunks, any overlap, any duplicates."""

from __future__ import annotations

import math
import struct
from collections.abc import Sequence
from typing import Any

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from tests.server.store.plain_metrics import Point, shown
from tests.server.store.test_metrics import add_run, logged
from zaffre.server.store import metrics, ordered_points
from zaffre.server.store.engine import Store
from zaffre.server.store.ordered_points import GREATEST, LEAST, ByStep, ByTime, OrderedPoints
from zaffre.server.store.packing import Columns

VALUES = st.sampled_from([0.0, -0.0, 1.0, math.nan, math.inf, -math.inf]) | st.floats(allow_nan=False)
NEAR = st.tuples(st.integers(-2, 6), st.integers(0, 4), VALUES)
FAR = st.tuples(st.integers(-(2**63), 2**63 - 1), st.integers(-(2**63), 2**63 - 1), VALUES)
CHUNKS = st.lists(st.lists(NEAR | FAR, min_size=1, max_size=6), min_size=1, max_size=8)
SETTINGS = settings(
    max_examples=30, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture, HealthCheck.too_slow]
)


def append(store: Store, chunks: Sequence[list[Point]]) -> int:
    pk = store.write(add_run)
    for points in chunks:
        store.write(lambda connection, points=points: metrics.append(connection, pk, [logged("a", points)]))  # type: ignore[misc]
    return pk


def pages(store: Store, pk: int, kind: type[OrderedPoints[Any]], limit: int, low: int, high: int) -> list[Columns]:
    """All pages, each from a transaction of its own."""
    found: list[Columns] = []
    after: Any = None
    while not found or after is not None:
        points, after = store.read(
            lambda connection, after=after: kind(connection, pk, 0, low, high).page(after, limit)  # type: ignore[misc]
        )
        found.append(points)
    return found


def bits(value: float) -> int:
    return int(struct.unpack("=q", struct.pack("=d", value))[0])


def plain(chunks: Sequence[list[Point]], kind: object, low: int, high: int) -> list[tuple[int, int, str]]:
    """Every point once, in order, as the pages together must show them."""
    firsts: dict[tuple[int, int, int], Point] = {}
    for step, stamp, value in (point for chunk in chunks for point in chunk):
        firsts.setdefault((step, stamp, bits(value)), (step, stamp, value))
    points = list(firsts.values())
    if kind is ByStep:
        wanted = sorted((point for point in points if low <= point[0] <= high), key=lambda point: point[:2])
    else:
        wanted = sorted(
            (point for point in points if low <= point[1] <= high),
            key=lambda point: (
                point[1],
                point[0],
                not math.isnan(point[2]),
                0.0 if math.isnan(point[2]) else point[2],
                bits(point[2]),
            ),
        )
    return shown(wanted)


@SETTINGS
@given(
    chunks=CHUNKS,
    limit=st.integers(1, 9),
    piece=st.integers(1, 20),
    ends=st.tuples(st.integers(-3, 3), st.integers(0, 7)),
)
@pytest.mark.parametrize("kind", [ByTime, ByStep])
@pytest.mark.parametrize("is_part", [False, True])
def test_the_pages_together_are_all_points_in_order(
    store: Store,
    kind: type[OrderedPoints[Any]],
    is_part: bool,
    chunks: list[list[Point]],
    limit: int,
    piece: int,
    ends: tuple[int, int],
) -> None:
    low, high = ends if is_part else (LEAST, GREATEST)
    pk = append(store, chunks)
    with pytest.MonkeyPatch.context() as small:
        small.setattr(ordered_points, "PIECE", piece)
        found = pages(store, pk, kind, limit, low, high)
        walked = store.read(lambda connection: list(kind(connection, pk, 0, low, high).walk()))
    wanted = plain(chunks, kind, low, high)
    assert [point for points in found for point in shown(points)] == wanted
    assert [point for points in walked for point in shown(points)] == wanted
    if kind is ByTime:
        assert all(len(points) == limit for points in found[:-1])
        assert len(found) == max(1, -(-len(wanted) // limit))
    else:
        assert all(len(points) >= limit for points in found[:-1])


@pytest.mark.parametrize("database", ["sqlite"], indirect=True)
def test_a_page_of_a_metric_that_was_logged_in_order_reads_no_other_chunks(
    store: Store, monkeypatch: pytest.MonkeyPatch
) -> None:
    pk = append(store, [[(i * 600 + k, i * 600 + k, 1.0) for k in range(600)] for i in range(40)])
    read: list[object] = []
    one = ordered_points._chunk.one

    def counted(connection: object, values: tuple[object, ...]) -> object:
        read.append(values)
        return one(connection, values)  # type: ignore[arg-type]

    monkeypatch.setattr(ordered_points._chunk, "one", counted)
    first, after = store.read(lambda connection: ByTime(connection, pk, 0, LEAST, GREATEST).page(None, 1000))
    assert (len(first), len(read)) == (1000, 2)
    assert after is not None
    second, _ = store.read(lambda connection: ByTime(connection, pk, 0, after[0], GREATEST).page(after, 1000))
    assert second.steps.tolist() == list(range(1000, 2000))
    assert len(read) <= 6
