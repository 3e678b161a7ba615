"""The time after an update in which a new revision is watched: whether it answers worse than it may."""

from __future__ import annotations

import time
from pathlib import Path
from typing import Final

from zaffre.core.rollout import Rollout
from zaffre.core.service_counters import ServiceCounters, read_counters

_RECENT_SECONDS: Final = 10.0  # errors that begin late are not hidden by what was answered before
_LOOK_SECONDS: Final = 0.5


class Bake:
    """``look`` now and then; ``is_over`` when its time has passed. ``before`` is what the revision before counted."""

    def __init__(self, rollout: Rollout, file: Path, before: ServiceCounters | None) -> None:
        self._rollout = rollout
        self._begun = time.monotonic()
        # A revision that fails as much as the one before is no reason to go back to that.
        enough = before is not None and before.requests >= rollout.min_requests
        self._errors_before = before.errors / before.requests if before is not None and enough else 0.0
        self._seen = ServiceCounters()
        self.follow(file)

    def follow(self, file: Path) -> None:
        """Read the counts of another process from now on, which begin at nothing."""
        self._file = file
        self._readings = [(time.monotonic(), ServiceCounters())]

    @property
    def seconds(self) -> float:
        return time.monotonic() - self._begun

    @property
    def is_over(self) -> bool:
        return self.seconds >= self._rollout.bake_seconds

    @property
    def rule(self) -> str:
        """When it goes back, in words."""
        limits = []
        if self._rollout.max_error_rate is not None:
            limits.append(f"more than {self._rollout.max_error_rate:.0%} of its answers are errors")
        if self._rollout.max_latency_ms is not None:
            limits.append(f"95 % of its answers take longer than {self._rollout.max_latency_ms:g} ms")
        return f"{' or '.join(limits)}, of at least {self._rollout.min_requests}"

    @property
    def summary(self) -> str:
        return f"{self._seen.requests} answers, {self._seen.errors} of them errors"

    def look(self) -> str | None:
        """Why this revision should go, as a sentence without its full stop; None where nothing speaks against it."""
        now = time.monotonic()
        if now - self._readings[-1][0] < _LOOK_SECONDS or (counts := read_counters(self._file)) is None:
            return None
        self._seen = counts
        self._readings.append((now, counts))
        late = [one for one in self._readings if one[0] >= now - _RECENT_SECONDS]
        recent = counts.since(late[0][1])
        whole = counts.since(self._readings[0][1])
        self._readings[1:] = [one for one in late if one is not self._readings[0]]
        return self._judged(recent) or self._judged(whole)

    def _judged(self, counts: ServiceCounters) -> str | None:
        if counts.requests < self._rollout.min_requests:
            return None
        rate = counts.errors / counts.requests
        limit = self._rollout.max_error_rate
        if limit is not None and rate > max(limit, self._errors_before):
            return f"{counts.errors} of {counts.requests} answers were errors ({rate:.0%}; the limit is {limit:.0%})"
        slow = counts.latency.quantile(0.95)
        most = self._rollout.max_latency_ms
        if most is not None and slow is not None and slow * 1000 > most:
            return (
                f"95 % of {counts.requests} answers took up to {slow * 1000:.0f} ms, or longer (the limit is "
                f"{most:g} ms)"
            )
        return None
