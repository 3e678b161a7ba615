"""A metric's history in MLflow's order (timestamp, step, value), page by page."""

from __future__ import annotations

import math
from bisect import bisect_left, bisect_right
from dataclasses import dataclass
from itertools import islice
from operator import le, lt

from zaffre.core.errors import InvalidValue
from zaffre.server.store import paging
from zaffre.server.store.packing import Columns

Key = tuple[int, int, bool, float]


@dataclass(frozen=True, slots=True)
class After:
    """The last point of the page before."""

    key: Key

    @classmethod
    def parse(cls, token: str) -> After:
        """Raises ``InvalidValue`` for a token that no page gave."""
        timestamp, step, number, value = paging.decode(token, 4)
        if not isinstance(timestamp, int) or not isinstance(step, int) or isinstance(value, str):
            raise InvalidValue(f"Invalid page token {token!r}: use the one that the page before answered.")
        return cls((timestamp, step, bool(number), float(value or 0)))

    def token(self) -> str:
        timestamp, step, number, value = self.key
        return paging.encode([timestamp, step, int(number), value])


def slice_history(points: Columns, after: After | None, limit: int | None) -> tuple[Columns, str | None]:
    """One page of ``points`` and the token of the next, None on the last."""
    points = _in_order(points)
    start = 0 if after is None else _behind(points, after.key)
    stop = len(points) if limit is None else min(start + limit, len(points))
    if not start < stop < len(points):
        return points.part(start, stop), None
    last = stop - 1
    return points.part(start, stop), After(
        _key(points.timestamps[last], points.steps[last], points.values[last])
    ).token()


def _in_order(points: Columns) -> Columns:
    stamps, steps = points.timestamps, points.steps
    if all(map(lt, steps, islice(steps, 1, None))) and all(map(le, stamps, islice(stamps, 1, None))):
        return points  # the usual case, and the values need not be looked at
    keys = list(map(_key, points.timestamps, points.steps, points.values))
    return points.pick(sorted(range(len(keys)), key=keys.__getitem__))


def _behind(points: Columns, key: Key) -> int:
    """The place of the first point behind ``key``; ``points`` are in order."""
    low, high = bisect_left(points.timestamps, key[0]), bisect_right(points.timestamps, key[0])
    same = list(map(_key, points.timestamps[low:high], points.steps[low:high], points.values[low:high]))
    return low + bisect_right(same, key)


def _key(timestamp: int, step: int, value: float) -> Key:
    # NaN compares with nothing; here it stands below every number.
    nan = math.isnan(value)
    return timestamp, step, not nan, 0.0 if nan else value
