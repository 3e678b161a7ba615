"""What a profile found, in Azure's keys, and the size that it recommends."""

from __future__ import annotations

import math
from dataclasses import dataclass
from typing import Any, Final

from zaffre.sdk.profiling.load import Answers

GIB: Final = 1024**3
_SPARE: Final = 1.2  # recommended is a fifth more than what was used at most


@dataclass(frozen=True, slots=True, kw_only=True)
class Measurement:
    """``quiet``: one request after the other; ``busy``: several callers at once, while ``cores`` were in use."""

    quiet: Answers
    busy: Answers
    cores: float
    cpu_seconds: float  # of the service, during ``busy``
    peak_bytes: int

    @property
    def total(self) -> int:
        return self.quiet.total + self.busy.total

    @property
    def succeeded(self) -> int:
        return len(self.quiet.latencies) + len(self.busy.latencies)

    @property
    def peak_gb(self) -> float:
        return self.peak_bytes / GIB

    @property
    def recommended_cpu(self) -> float:
        """Cores, in tenths."""
        return max(0.1, _tenths(self.cores * _SPARE))

    @property
    def recommended_gb(self) -> float:
        return max(0.1, _tenths(self.peak_gb * _SPARE))

    @property
    def metrics(self) -> dict[str, float]:
        """By names that end with their unit."""
        quiet = self.quiet
        return {
            "latency_mean_ms": quiet.mean,
            "latency_p50_ms": quiet.percentile(0.5),
            "latency_p90_ms": quiet.percentile(0.9),
            "latency_p95_ms": quiet.percentile(0.95),
            "latency_p99_ms": quiet.percentile(0.99),
            "latency_p99.9_ms": quiet.percentile(0.999),
            "requests_per_second": self.busy.rate,
            "success_percent": 100 * self.succeeded / max(1, self.total),
            "cpu_cores": self.cores,
            "cpu_per_request_ms": 1000 * self.cpu_seconds / max(1, self.busy.total),
            "memory_peak_gb": self.peak_gb,
            "recommended_cpu_cores": self.recommended_cpu,
            "recommended_memory_gb": self.recommended_gb,
        }

    @property
    def details(self) -> dict[str, Any]:
        """In the keys of Azure's ``get_details``, and those of the recommendation."""
        quiet = self.quiet
        return {
            "maxUtilizedMemoryInGB": round(self.peak_gb, 4),
            "maxUtilizedCpu": round(self.cores, 3),
            "totalQueries": self.total,
            "successQueries": self.succeeded,
            "successRate": round(100 * self.succeeded / max(1, self.total), 2),
            "averageLatencyInMs": round(quiet.mean, 3),
            "latencyPercentile50InMs": round(quiet.percentile(0.5), 3),
            "latencyPercentile90InMs": round(quiet.percentile(0.9), 3),
            "latencyPercentile95InMs": round(quiet.percentile(0.95), 3),
            "latencyPercentile99InMs": round(quiet.percentile(0.99), 3),
            "latencyPercentile999InMs": round(quiet.percentile(0.999), 3),
            "measuredQueriesPerSecond": round(self.busy.rate, 2),
            "recommendedCpu": self.recommended_cpu,
            "recommendedMemoryInGB": self.recommended_gb,
        }


def _tenths(value: float) -> float:
    return math.ceil(round(value * 10, 6)) / 10
