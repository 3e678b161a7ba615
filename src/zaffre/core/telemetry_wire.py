"""Messages about what services answer and use: samples of their supervisors, and what is read of them.

Times are milliseconds since the epoch. A histogram of times travels as pairs: bucket, count, bucket, count, ... (see
``latency``).
"""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import Final

from zaffre.core.wire import Request

SLOT_MS: Final = 10_000  # what one sample covers, beginning at a multiple of it
LATE_MS: Final = 6 * 3_600_000  # how old a sample may be when it is told


@dataclass(frozen=True, slots=True, kw_only=True)
class TelemetrySample:
    """What one serving process did in a stretch of time."""

    start: int
    until: int  # when it was read: less than the end of the stretch as long as that goes on
    statuses: dict[str, int] = field(default_factory=dict)  # answers by status
    failures: int = 0  # of these, answers after run() failed
    latency: list[int] = field(default_factory=list)  # the times of the answers, in pairs
    answer_seconds: float = 0.0  # their sum
    cpu_seconds: float = 0.0
    memory_bytes: int = 0  # the most
    workers: int = 0  # that could answer, the most


@dataclass(frozen=True, slots=True, kw_only=True)
class TelemetryReport(Request):
    """Samples of one serving process. One that is told again replaces what was told of its stretch before."""

    source: str  # names the process
    revision: int
    samples: list[TelemetrySample]
    total: TelemetrySample | None = None  # since the process began


@dataclass(frozen=True, slots=True, kw_only=True)
class TelemetryAnswer:
    samples: int  # that were kept


@dataclass(frozen=True, slots=True, kw_only=True)
class ServiceMetricsPoint:
    """What a service did in a stretch of time. Percentiles are within 1 %; None where nothing was answered."""

    start: int
    seconds: float  # how much of the stretch was observed
    requests: int
    requests_per_second: float
    client_errors: int  # answers with a status of 400 to 499
    server_errors: int  # of 500 and more
    statuses: dict[str, int]
    failures: int  # answers after run() failed
    mean_ms: float | None
    p50_ms: float | None
    p95_ms: float | None
    p99_ms: float | None
    cpu_cores: float  # processors in use on average
    memory_bytes: int  # resident memory of the serving processes, the most
    workers: int  # processes that could answer, the most


@dataclass(frozen=True, slots=True, kw_only=True)
class ServiceMetrics:
    """``points`` are in order; a stretch in which no supervisor reported has none."""

    since: int
    until: int
    step_seconds: int
    points: list[ServiceMetricsPoint]
    total: ServiceMetricsPoint | None = None  # over all points; None without any
    stored: bool = True  # False: the service was deployed with enable_app_insights=False
    revisions: list[int] = field(default_factory=list)  # that were observed in this time
