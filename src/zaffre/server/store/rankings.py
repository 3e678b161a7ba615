"""Runs of an experiment in the order of a metric, as ``LastValues`` keeps them in memory."""

from __future__ import annotations

from array import array
from bisect import bisect_left, bisect_right
from collections import OrderedDict
from collections.abc import Collection, Iterable, Mapping, Sequence
from dataclasses import dataclass, field

from zaffre.core.filters import Condition, Op

MOST = 400_000  # runs in all rankings together, 16 bytes each; while one is made, ten times that
EXPERIMENTS = 16  # whose rankings of one metric are kept: each is told of every change of that metric
_FRAME = 50  # what a ranking takes beside its runs, counted as runs
CHANGES = 20_000  # runs that one ranking may be wrong about; with more of them it is forgotten

Key = tuple[str, int]  # a metric, an experiment


@dataclass(slots=True, eq=False)
class Ranking:
    """Runs by their latest value of a metric, ascending. Those whose latest value is NaN are not among them.

    True for every reader that began in ``epoch`` or later, but for the runs in ``changed``.
    """

    values: array[float]
    runs: array[int]
    epoch: int
    changed: set[int] = field(default_factory=set)
    is_whole: bool = True  # False: too many runs to be kept, and none of them is

    @classmethod
    def of(cls, rows: Iterable[tuple[int, float]], epoch: int) -> Ranking:
        """Of runs and their values; empty and not whole where they are more than ``MOST``."""
        ranked = sorted((value, run) for run, value in rows)
        if len(ranked) > MOST - _FRAME:
            return cls(array("d"), array("q"), epoch, is_whole=False)
        return cls(array("d", [value for value, _ in ranked]), array("q", [run for _, run in ranked]), epoch)

    def renewed(self, wrong: Collection[int], fresh: Mapping[int, float], epoch: int) -> Ranking:
        """With the values ``fresh`` in place of those that it has of the runs ``wrong``."""
        right = [(run, value) for value, run in zip(self.values, self.runs, strict=True) if run not in wrong]
        return Ranking.of([*right, *fresh.items()], epoch)

    def span(self, conditions: Iterable[Condition]) -> tuple[int, int]:
        """The places, from one on and before the other, of the runs that meet conditions on this metric but ``!=``."""
        low, high = 0, len(self.values)
        for condition in conditions:
            assert isinstance(condition.value, int | float)
            if condition.op in (Op.GE, Op.EQ):
                low = max(low, bisect_left(self.values, condition.value))
            if condition.op is Op.GT:
                low = max(low, bisect_right(self.values, condition.value))
            if condition.op in (Op.LE, Op.EQ):
                high = min(high, bisect_right(self.values, condition.value))
            if condition.op is Op.LT:
                high = min(high, bisect_left(self.values, condition.value))
        return low, max(low, high)


class Rankings:
    """Those that searches asked for lately; who calls has the lock of ``LastValues``."""

    def __init__(self) -> None:
        self._kept: OrderedDict[Key, Ranking] = OrderedDict()
        self._of_metric: dict[str, dict[int, Ranking]] = {}
        self._size = 0

    def get(self, key: Key) -> Ranking | None:
        found = self._kept.get(key)
        if found is not None:
            self._kept.move_to_end(key)
        return found

    def keep(self, key: Key, ranking: Ranking) -> None:
        if key in self._kept:
            self._forget(key)
        name, experiment = key
        others = self._of_metric.get(name, {})
        if len(others) >= EXPERIMENTS:
            self._forget((name, next(iter(others))))
        self._kept[key] = self._of_metric.setdefault(name, {})[experiment] = ranking
        self._size += len(ranking.runs) + _FRAME
        while self._size > MOST:
            self._forget(next(iter(self._kept)))

    def changing(self, run_pk: int, names: Sequence[str]) -> None:
        for name in names:
            if name in self._of_metric:
                for experiment, ranking in tuple(self._of_metric[name].items()):
                    ranking.changed.add(run_pk)
                    if len(ranking.changed) > CHANGES:
                        self._forget((name, experiment))

    def _forget(self, key: Key) -> None:
        name, experiment = key
        self._size -= len(self._kept.pop(key).runs) + _FRAME
        of_metric = self._of_metric[name]
        del of_metric[experiment]
        if not of_metric:
            del self._of_metric[name]
