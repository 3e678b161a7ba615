"""Metrics as plain lists: what the metric store must agree with, written without any of its cleverness."""

from __future__ import annotations

import math
from collections.abc import Sequence

from zaffre.server.store.packing import Columns

Point = tuple[int, int, float]  # step, timestamp, value
Shown = tuple[int, int, str]  # the value as text, so that NaN equals NaN


def shown(points: Columns | Sequence[Point]) -> list[Shown]:
    rows = zip(points.steps, points.timestamps, points.values, strict=True) if isinstance(points, Columns) else points
    return [(step, stamp, repr(float(value))) for step, stamp, value in rows]


class PlainMetrics:
    """The metrics of one run."""

    def __init__(self) -> None:
        self.points: dict[str, list[Point]] = {}
        self.ints: dict[str, bool] = {}

    def append(self, batch: dict[str, list[Point]], *, is_int: bool) -> None:
        for name, points in batch.items():
            self.points.setdefault(name, []).extend(points)
            self.ints[name] = self.ints.get(name, True) and is_int

    def ordered(self) -> dict[str, list[Shown]]:
        """By (step, timestamp), ties as logged, each exact point once."""
        found: dict[str, list[Shown]] = {}
        for name, points in self.points.items():
            kept = found[name] = []
            for point in shown(sorted(points, key=lambda point: point[:2])):
                if point not in kept:
                    kept.append(point)
        return found

    def latest(self) -> dict[str, Shown]:
        """The greatest by (step, timestamp, value), NaN below every number. Columns hold no -0.0."""
        greatest = {name: max(points, key=_rank) for name, points in self.points.items()}
        return {name: shown([(step, stamp, value + 0.0)])[0] for name, (step, stamp, value) in greatest.items()}


def _rank(point: Point) -> tuple[int, int, bool, float]:
    step, stamp, value = point
    return step, stamp, not math.isnan(value), 0.0 if math.isnan(value) else value
