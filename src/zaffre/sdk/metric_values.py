"""What is logged, as it travels: numbers made plain, points gathered into columns."""

from __future__ import annotations

import math
import threading
from collections import deque
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from typing import Any

from zaffre.core.entities import MetricRecord
from zaffre.core.limits import POINTS_PER_REQUEST
from zaffre.core.wire import MetricsBatch, MetricSeries, number_to_wire

EXACT = 2**53  # integers up to here are exact as doubles


@dataclass(slots=True)
class _Column:
    steps: list[int] = field(default_factory=list)
    timestamps: list[int] = field(default_factory=list)
    values: list[int | float | str] = field(default_factory=list)


@dataclass(frozen=True, slots=True)
class Gathered:
    """One request's worth of what was logged, and the flush marks that stood behind it."""

    batch: MetricsBatch
    marks: list[threading.Event]

    def __bool__(self) -> bool:
        return bool(self.batch.series or self.batch.records)


def gather(pending: deque[Any], step_of: Callable[[str, int | None], int]) -> Gathered:
    """Take up to one request's worth from the left of ``pending``, in the order of logging.

    ``pending`` holds (name, step or None, nanoseconds since the epoch, number), ``MetricRecord`` and
    ``threading.Event`` as a flush mark; it may grow meanwhile. ``step_of(name, step)`` decides each step.
    """
    columns: dict[str, _Column] = {}
    records: list[MetricRecord] = []
    marks: list[threading.Event] = []
    for _ in range(POINTS_PER_REQUEST):
        try:
            item = pending.popleft()
        except IndexError:
            break
        if type(item) is tuple:
            name, step, nanoseconds, value = item
            column = columns.get(name)
            if column is None:
                column = columns[name] = _Column()
            column.steps.append(step_of(name, step))
            column.timestamps.append(nanoseconds // 1_000_000)
            column.values.append(value if type(value) is int else number_to_wire(value))
        elif isinstance(item, MetricRecord):
            records.append(item)
        else:
            marks.append(item)
    series = [
        MetricSeries(name=name, steps=c.steps, timestamps=c.timestamps, values=c.values) for name, c in columns.items()
    ]
    return Gathered(MetricsBatch(series=series, records=records), marks)


def by_name(batch: MetricsBatch) -> Iterator[MetricsBatch]:
    """The batch in parts, one for each metric name."""
    names = list(dict.fromkeys([*(one.name for one in batch.series), *(one.name for one in batch.records)]))
    for name in names:
        yield MetricsBatch(
            series=[one for one in batch.series if one.name == name],
            records=[one for one in batch.records if one.name == name],
        )


def plain_number(value: object) -> int | float | None:
    """A number from what training code logs (int, float, or a scalar of numpy, torch, ...); None for anything else."""
    if isinstance(value, (bool, str)):
        return None
    if isinstance(value, (int, float)):
        return _in_range(value)
    item = getattr(value, "item", None)
    if callable(item) and getattr(value, "ndim", 0) == 0:
        held = item()
        if isinstance(held, (int, float)) and not isinstance(held, bool):
            return _in_range(held)
    return None


def _in_range(value: int | float) -> int | float:
    """Integers beyond what a double holds exactly become doubles, and beyond that infinite."""
    if isinstance(value, int) and abs(value) > EXACT:
        try:
            return float(value)
        except OverflowError:
            return math.inf if value > 0 else -math.inf
    return int(value) if isinstance(value, int) else float(value)
