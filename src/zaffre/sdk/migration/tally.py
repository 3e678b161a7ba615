"""What was counted on both sides, and where they differ."""

from __future__ import annotations

import threading
from collections import Counter
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Final

KINDS: Final = (
    "experiments",
    "runs",
    "metric points",
    "params",
    "tags",
    "datasets",
    "traces",
    "spans",
    "trace metadata",
    "assessments",
    "files",
    "bytes",
    "logged models",
    "registered models",
    "model versions",
    "aliases",
)


@dataclass(frozen=True, slots=True)
class Counted:
    """What one thing has in the source and in the target, by kind."""

    source: Mapping[str, int]
    target: Mapping[str, int]

    def difference(self) -> str:
        """Empty where both are the same; else which kinds differ, as "files 3 of 4"."""
        return ", ".join(
            f"{kind} {self.target.get(kind, 0)} of {self.source.get(kind, 0)}"
            for kind in KINDS
            if self.target.get(kind, 0) != self.source.get(kind, 0)
        )


class Tally:
    """The sums over everything, and what went wrong; threads may add to it."""

    def __init__(self) -> None:
        self.source: Counter[str] = Counter()
        self.target: Counter[str] = Counter()
        self.problems: list[str] = []
        self.found_runs = 0  # that an earlier migration had copied
        self._lock = threading.Lock()

    def add(self, what: str, counted: Counted) -> None:
        """Add the counts of ``what``, such as "run 0a1b"; a difference is a problem."""
        difference = counted.difference()
        with self._lock:
            self.source.update(counted.source)
            self.target.update(counted.target)
            if difference:
                self.problems.append(f"{what} differs: {difference}.")

    def problem(self, what: str, why: object) -> None:
        with self._lock:
            self.problems.append(f"{what}: {why}")

    def found(self) -> None:
        with self._lock:
            self.found_runs += 1
