"""The acts on the telemetry of services: samples come in, are read in even steps, and grow coarser with age."""

from __future__ import annotations

import time
from collections.abc import Sequence
from typing import Final

from sqlalchemy import Connection

from zaffre.core.codec import convert
from zaffre.core.entities import ServiceSpec
from zaffre.core.errors import InvalidValue
from zaffre.core.ids import now_ms
from zaffre.core.latency import Histogram
from zaffre.core.telemetry_wire import (
    LATE_MS,
    SLOT_MS,
    ServiceMetrics,
    ServiceMetricsPoint,
    TelemetryReport,
    TelemetrySample,
)
from zaffre.server.deployments.targets import ENDPOINT
from zaffre.server.store import service_telemetry, services
from zaffre.server.store.engine import Store
from zaffre.server.store.service_telemetry import ServiceTotal, Stretch

SLOT: Final = SLOT_MS // 1000
MINUTE: Final = 60
HOUR: Final = 3600
DAY_MS: Final = 24 * HOUR * 1000
# How long stretches of a length are kept as they are, and what they become then.
AGES: Final = ((SLOT, MINUTE, DAY_MS), (MINUTE, HOUR, 30 * DAY_MS))
KEPT_MS: Final = 400 * DAY_MS
SAMPLES: Final = 1000  # in one report
POINTS: Final = 240  # in one answer, unless more are asked for
MAX_POINTS: Final = 10_000
_STEPS: Final = (10, 20, 30, 60, 120, 300, 600, 1200, 1800, 3600, 7200, 10_800, 21_600, 43_200, 86_400)
_AHEAD_MS: Final = 600_000  # how far a supervisor's clock may be before ours
_ROUND_SECONDS: Final = 60.0
_ROWS: Final = 2000  # that one transaction makes coarser


class Telemetry:
    """``ws`` is the name of a workspace, ``name`` that of a service."""

    def __init__(self, store: Store) -> None:
        self._store = store
        self._stepped = time.monotonic()

    def record(self, ws: str, name: str, report: TelemetryReport) -> None:
        """Keep samples of a service. Raises ``WebserviceNotFound``, ``InvalidValue``."""
        now = now_ms()
        if len(report.samples) > SAMPLES:
            raise InvalidValue(f"A report has at most {SAMPLES} samples; this one has {len(report.samples)}.")
        for sample in report.samples:
            _check(sample)
            if sample.start % SLOT_MS:
                raise InvalidValue(f"start: a stretch begins at a multiple of {SLOT_MS}, not at {sample.start}.")
            if not now - LATE_MS < sample.start < now + _AHEAD_MS:
                raise InvalidValue(f"start: {sample.start} is not of the last hours. Set that machine's clock.")
        stretches = [Stretch(SLOT, report.revision, report.source, sample) for sample in report.samples]
        if report.total is not None:
            _check(report.total)
            stretches.append(Stretch(service_telemetry.TOTAL, report.revision, report.source, report.total))

        def apply(connection: Connection) -> None:
            services.get(connection, ws, name)
            service_telemetry.put(connection, ws, name, stretches)

        self._store.write(apply)

    def metrics(
        self,
        ws: str,
        name: str,
        since: int | None = None,
        until: int | None = None,
        *,
        points: int = POINTS,
        revision: int | None = None,
    ) -> ServiceMetrics:
        """What the service answered and used, by default in the last hour, in at most ``points`` steps."""
        now = now_ms()
        until = now if until is None else until
        since = until - HOUR * 1000 if since is None else since
        if since >= until:
            raise InvalidValue(f"since: {since} is not before {until}, where the time asked for ends.")
        step = _step(since, until, now, points)
        first = since // (step * 1000) * (step * 1000)

        def load(connection: Connection) -> tuple[bool, list[Stretch]]:
            service = services.get(connection, ws, name)
            spec = convert(service.spec, ServiceSpec, what=f"the spec of service {name}")
            is_endpoint = service.compute_type == ENDPOINT
            answering = service_telemetry.answering(connection, ws, name) if is_endpoint else [name]
            return spec.telemetry, service_telemetry.read(connection, ws, answering, first, until, revision)

        stored, found = self._store.read(load)
        bins: dict[int, list[TelemetrySample]] = {}
        for one in found:
            bins.setdefault(one.sample.start // (step * 1000) * (step * 1000), []).append(one.sample)
        return ServiceMetrics(
            since=since,
            until=until,
            step_seconds=step,
            points=[_point(start, samples) for start, samples in sorted(bins.items())],
            total=_point(since, [one.sample for one in found]) if found else None,
            stored=stored,
            revisions=sorted({one.revision for one in found}),
        )

    def totals(self, workspace: str | None) -> list[ServiceTotal]:
        """Since each service was made; of every workspace where None is named."""
        return self._store.read(lambda connection: service_telemetry.totals(connection, workspace))

    def step(self) -> None:
        """Once in a minute: make what is old coarser, and forget what is very old."""
        if time.monotonic() - self._stepped < _ROUND_SECONDS:
            return
        self._stepped = time.monotonic()
        self.coarsen(now_ms())

    def coarsen(self, now: int) -> None:
        for seconds, wider, age in AGES:
            before = (now - age) // (wider * 1000) * (wider * 1000)
            while self._coarsen(seconds, wider, before) == _ROWS:
                pass

        def settle(connection: Connection) -> None:
            service_telemetry.settle_totals(connection, now - DAY_MS)
            service_telemetry.forget(connection, HOUR, now - KEPT_MS)

        self._store.write(settle)

    def _coarsen(self, seconds: int, wider: int, before: int) -> int:
        return self._store.write(
            lambda connection: service_telemetry.coarsen(connection, seconds, wider, before, _ROWS)
        )


def _check(sample: TelemetrySample) -> None:
    """Raise ``InvalidValue`` for a sample that adds up to nothing."""
    try:
        Histogram.from_pairs(sample.latency)
    except ValueError as error:
        raise InvalidValue(f"latency: {error}.") from error
    wrong = [status for status in sample.statuses if not (status.isascii() and status.isdigit() and len(status) <= 3)]
    if wrong:
        raise InvalidValue(f"statuses: {wrong[0]!r} is not an HTTP status.")
    numbers = (sample.failures, sample.answer_seconds, sample.cpu_seconds, sample.memory_bytes, sample.workers)
    if min(*sample.statuses.values(), *numbers, 0) < 0 or sample.until < sample.start:
        raise InvalidValue("A sample has no negative counts, and ends after it began.")


def _step(since: int, until: int, now: int, points: int) -> int:
    """The finest even step, in seconds, that gives at most ``points`` and is not finer than what is kept."""
    kept = max([SLOT, *(wider for _, wider, age in AGES if since < now - age)])
    wanted = (until - since) / 1000 / points
    return next((step for step in _STEPS if step >= max(kept, wanted)), _STEPS[-1])


def _point(start: int, samples: Sequence[TelemetrySample]) -> ServiceMetricsPoint:
    whole = service_telemetry.merged(samples)
    seconds = max((whole.until - whole.start) / 1000, 1.0)
    latency = Histogram.from_pairs(whole.latency)
    requests = sum(whole.statuses.values())
    p50, p95, p99 = (_ms(latency.quantile(q)) for q in (0.5, 0.95, 0.99))
    return ServiceMetricsPoint(
        start=start,
        seconds=seconds,
        requests=requests,
        requests_per_second=requests / seconds,
        client_errors=_between(whole, 400, 500),
        server_errors=_between(whole, 500, 1000),
        statuses=whole.statuses,
        failures=whole.failures,
        mean_ms=_ms(whole.answer_seconds / latency.total if latency.total else None),
        p50_ms=p50,
        p95_ms=p95,
        p99_ms=p99,
        cpu_cores=whole.cpu_seconds / seconds,
        memory_bytes=whole.memory_bytes,
        workers=whole.workers,
    )


def _between(sample: TelemetrySample, low: int, high: int) -> int:
    return sum(count for status, count in sample.statuses.items() if low <= int(status) < high)


def _ms(seconds: float | None) -> float | None:
    return None if seconds is None else seconds * 1000
