"""One measured figure, its target, and what a peer needs for the same on the same machine in the same run."""

from __future__ import annotations

import statistics
from collections.abc import Callable, Sequence
from dataclasses import dataclass


@dataclass(frozen=True)
class Figure:
    """``values`` are repeated measurements in ``unit``; the median counts. ``peer`` is the peer's median.

    The median must be below ``target``, and the peer must need at least ``times`` as much.
    """

    name: str
    values: Sequence[float]
    unit: str
    target: float | None = None
    peer_name: str = ""
    peer: float | None = None
    note: str = ""
    times: float | None = None

    @property
    def median(self) -> float:
        return statistics.median(self.values)

    @property
    def is_met(self) -> bool:
        is_fast = self.target is None or self.median < self.target
        return is_fast and (self.times is None or (self.ratio is not None and self.ratio >= self.times))

    @property
    def aim(self) -> str:
        """What ``is_met`` asks for, in words; empty where it asks for nothing."""
        limit = [] if self.target is None else [f"< {self.target:.3g} {self.unit}"]
        return ", ".join([*limit, *([] if self.times is None else [f"a {self.times:g}th of the peer's"])])

    @property
    def ratio(self) -> float | None:
        """How many times as much the peer needs."""
        return self.peer / self.median if self.peer is not None and self.median else None


def repeated(measure: Callable[[], float], times: int) -> list[float]:
    return [measure() for _ in range(times)]
