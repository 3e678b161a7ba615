"""Points of a metric as three columns, and the bytes in which a chunk keeps them.

A chunk of n points is n steps (int64), n timestamps (int64) and n values (float64), each little-endian.
"""

from __future__ import annotations

import math
import sys
from array import array
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from itertools import islice
from operator import le, lt

from zaffre.core.errors import InvalidValue

_SWAP = sys.byteorder == "big"


@dataclass(frozen=True, slots=True)
class Columns:
    """Points as columns of equal length: steps and timestamps (int64), values (float64)."""

    steps: array[int]
    timestamps: array[int]
    values: array[float]

    def __len__(self) -> int:
        return len(self.steps)

    def part(self, start: int, stop: int) -> Columns:
        return Columns(self.steps[start:stop], self.timestamps[start:stop], self.values[start:stop])

    def then(self, other: Columns) -> Columns:
        return Columns(self.steps + other.steps, self.timestamps + other.timestamps, self.values + other.values)

    @classmethod
    def joined(cls, parts: Iterable[Columns]) -> Columns:
        """The points of all ``parts``, one after the other."""
        whole = cls(array("q"), array("q"), array("d"))
        for part in parts:
            whole.steps.extend(part.steps)
            whole.timestamps.extend(part.timestamps)
            whole.values.extend(part.values)
        return whole

    def pick(self, rows: Iterable[int]) -> Columns:
        """The points at these places, in this order."""
        places = list(rows)
        return Columns(
            array("q", [self.steps[i] for i in places]),
            array("q", [self.timestamps[i] for i in places]),
            array("d", [self.values[i] for i in places]),
        )


def columns(name: str, steps: Sequence[int], timestamps: Sequence[int], values: Sequence[float]) -> Columns:
    """The columns of a metric ``name``; raises ``InvalidValue`` for lengths that differ and numbers out of range."""
    if not len(steps) == len(timestamps) == len(values):
        raise InvalidValue(
            f"Metric {name!r} has {len(steps)} steps, {len(timestamps)} timestamps and {len(values)} values; "
            "send as many of each.",
            metric=name,
        )
    try:
        return Columns(array("q", steps), array("q", timestamps), array("d", values))
    except OverflowError as error:
        raise InvalidValue(
            f"Metric {name!r} has a step or timestamp beyond 64 bits, or a value beyond a double.", metric=name
        ) from error
    except TypeError as error:
        raise InvalidValue(
            f"Metric {name!r} has a step, timestamp or value that is not a number.", metric=name
        ) from error


def pack(points: Columns) -> bytes:
    if _SWAP:
        points = Columns(points.steps[:], points.timestamps[:], points.values[:])
        for column in (points.steps, points.timestamps, points.values):
            column.byteswap()
    return points.steps.tobytes() + points.timestamps.tobytes() + points.values.tobytes()


def unpack(chunks: Iterable[bytes]) -> Columns:
    """The points of all chunks, one chunk's after the other's."""
    points = Columns(array("q"), array("q"), array("d"))
    for data in chunks:
        third = len(data) // 3
        view = memoryview(data)
        points.steps.frombytes(view[:third])
        points.timestamps.frombytes(view[third : 2 * third])
        points.values.frombytes(view[2 * third :])
    if _SWAP:
        for column in (points.steps, points.timestamps, points.values):
            column.byteswap()
    return points


def extremes(values: array[float], start: int, stop: int) -> list[int]:
    """Where the least and the greatest of values[start:stop] are, in order; one place if they are the same.

    Where all are NaN, the first of them.
    """
    part = values[start:stop].tolist()
    if math.isnan(sum(part)):  # NaN among them, or infinities of both signs
        part = [value for value in part if not math.isnan(value)]
        if not part:
            return [start]
    return sorted({values.index(min(part), start, stop), values.index(max(part), start, stop)})


def in_order(points: Columns) -> Columns:
    """The points by (step, timestamp), ties as logged, exact duplicates (step, timestamp, value) dropped."""
    steps, stamps = points.steps, points.timestamps
    if all(map(lt, steps, islice(steps, 1, None))):
        return points
    when = list(zip(steps, stamps, strict=True))
    # The bits of the values, so that NaN equals NaN.
    seen = set(zip(steps, stamps, memoryview(points.values).cast("B").cast("q"), strict=True))
    ordered = all(map(le, when, islice(when, 1, None)))
    if ordered and len(seen) == len(when):
        return points
    rows: Iterable[int] = range(len(when)) if ordered else sorted(range(len(when)), key=when.__getitem__)
    return points.pick(rows if len(seen) == len(when) else _firsts(points, rows))


def _firsts(points: Columns, rows: Iterable[int]) -> Iterable[int]:
    """``rows`` without those whose point was there before."""
    steps, stamps, bits = points.steps, points.timestamps, memoryview(points.values).cast("B").cast("q")
    kept: dict[tuple[int, int, int], int] = {}
    for i in rows:
        kept.setdefault((steps[i], stamps[i], bits[i]), i)
    return kept.values()
