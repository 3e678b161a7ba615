"""Thinning a metric for a chart: every stretch of it keeps its lowest and its highest point, so no spike is lost."""

from __future__ import annotations

from itertools import pairwise

from zaffre.server.store.packing import Columns, extremes


def thin(points: Columns, wanted: int) -> tuple[Columns, bool]:
    """At most ``wanted`` (at least 4) of ``points``, in order, and whether these are all there are.

    The first and the last are among them, and so are the least and the greatest value. Where values are NaN, one NaN of
    a stretch without numbers stands for it.
    """
    wanted = max(wanted, 4)
    if len(points) <= wanted:
        return points, True
    inner = len(points) - 2
    stretches = (wanted - 2) // 2
    edges = [1 + inner * i // stretches for i in range(stretches + 1)]
    rows = [0]
    for start, stop in pairwise(edges):
        rows.extend(extremes(points.values, start, stop))
    rows.append(len(points) - 1)
    return points.pick(rows), False


def between(points: Columns, start_step: int | None, end_step: int | None) -> Columns:
    """The points from one step to another, both included; None: from the first, to the last."""
    if start_step is None and end_step is None:
        return points
    low = min(points.steps, default=0) if start_step is None else start_step
    high = max(points.steps, default=0) if end_step is None else end_step
    return points.pick(i for i, step in enumerate(points.steps) if low <= step <= high)


def evenly(points: Columns, wanted: int) -> Columns:
    """At most ``wanted`` (at least 1) of ``points`` at even distances by rank; the first and the last are kept.

    One point is the last. This is the choice that MLflow's own charts expect.
    """
    return points if len(points) <= wanted else points.pick(even_ranks(len(points), wanted))


def even_ranks(count: int, wanted: int) -> list[int]:
    """Which of ``count`` points ``evenly`` chooses."""
    if count <= wanted:
        return list(range(count))
    last = count - 1
    if wanted == 1:
        return [last]
    return sorted({round(i * last / (wanted - 1)) for i in range(wanted)})
