"""One measured figure, its target, and what a peer needs for the same on the same machine in the same run."""

from __future__ import annotations

import statistics
from collections.abc import Callable, Sequence
from dataclasses import dataclass


@dataclass(frozen=True)
class Figure:
    """``values`` are repeated measurements in ``unit``; the median counts. ``peer`` is the peer's median."""

    name: str
    values: Sequence[float]
    unit: str
    target: float | None = None
    peer_name: str = ""
    peer: float | None = None
    note: str = ""

    @property
    def median(self) -> float:
        return statistics.median(self.values)

    @property
    def is_met(self) -> bool:
        return self.target is None or self.median < self.target

    @property
    def ratio(self) -> float | None:
        """How many times as much the peer needs."""
        return self.peer / self.median if self.peer is not None and self.median else None


def repeated(measure: Callable[[], float], times: int) -> list[float]:
    return [measure() for _ in range(times)]
