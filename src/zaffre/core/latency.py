"""Histograms of times whose percentiles are within 1 %, and which add up: over workers, revisions and minutes.

Buckets grow by a constant factor, so the middle of one is never further than 1 % from what it holds. The formulas are
those of C. Masson, J. E. Rim and H. K. Lee, "DDSketch: A Fast and Fully-Mergeable Quantile Sketch with Relative-Error
Guarantees", PVLDB 12 (2019). Standard library only, because scoring servers import it.
"""

from __future__ import annotations

import math
from collections.abc import Iterable, Mapping, Sequence
from typing import Final

RELATIVE_ERROR: Final = 0.01
GAMMA: Final = (1 + RELATIVE_ERROR) / (1 - RELATIVE_ERROR)
PER_E: Final = 1 / math.log(GAMMA)  # buckets for each factor e
BUCKETS: Final = 1200  # from 1 microsecond to 7 hours; what is less or more counts in the first or the last


def bucket_of(seconds: float) -> int:
    """The bucket i of a time: its microseconds are above ``GAMMA**(i - 1)`` and at most ``GAMMA**i``."""
    micros = seconds * 1e6
    if micros <= 1.0:
        return 0
    return min(math.ceil(math.log(micros) * PER_E), BUCKETS - 1)


def seconds_of(bucket: int) -> float:
    """The time that stands for a bucket: as far, in parts of it, from its lower bound as from its upper one."""
    return 2e-6 * GAMMA**bucket / (GAMMA + 1)


class Histogram:
    """Counts by bucket."""

    __slots__ = ("counts",)

    def __init__(self, counts: Mapping[int, int] | None = None) -> None:
        self.counts: dict[int, int] = dict(counts or {})

    @classmethod
    def from_pairs(cls, flat: Sequence[int]) -> Histogram:
        """The inverse of ``pairs``. Raises ``ValueError`` for what it cannot have made."""
        if len(flat) % 2:
            raise ValueError("a histogram is pairs of a bucket and a count")
        made = cls(dict(zip(flat[::2], flat[1::2], strict=True)))
        if any(not 0 <= bucket < BUCKETS or count < 0 for bucket, count in made.counts.items()):
            raise ValueError(f"a histogram has the buckets 0 to {BUCKETS - 1} and no negative counts")
        return made

    def pairs(self) -> list[int]:
        """Bucket, count, bucket, count, ...: in order, without what is empty."""
        return [number for item in sorted(self.counts.items()) if item[1] for number in item]

    @property
    def total(self) -> int:
        return sum(self.counts.values())

    def observe(self, seconds: float) -> None:
        bucket = bucket_of(seconds)
        self.counts[bucket] = self.counts.get(bucket, 0) + 1

    def merge(self, others: Iterable[Histogram]) -> Histogram:
        """Add the counts of others; returns itself."""
        counts = self.counts
        for other in others:
            for bucket, count in other.counts.items():
                counts[bucket] = counts.get(bucket, 0) + count
        return self

    def quantile(self, q: float) -> float | None:
        """The time, in seconds within 1 %, that a share ``q`` (0 to 1) of the times does not exceed; None for none."""
        total = self.total
        if not total:
            return None
        rank = math.floor(q * (total - 1))
        seen = 0
        for bucket, count in sorted(self.counts.items()):
            seen += count
            if seen > rank:
                return seconds_of(bucket)
        raise AssertionError("the counts add up to their sum")

    def count_below(self, seconds: float) -> int:
        """How many times are at most ``seconds``, which is taken for the upper bound of its bucket."""
        last = bucket_of(seconds)
        return sum(count for bucket, count in self.counts.items() if bucket <= last)
