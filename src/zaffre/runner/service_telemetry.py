"""What the serving processes answer and use, read from their counters and told to the server as it grows."""

from __future__ import annotations

import os
import threading
import time
from collections import deque
from dataclasses import dataclass, field
from pathlib import Path
from typing import Final

from zaffre.core.codec import convert
from zaffre.core.entities import Service, ServiceSpec
from zaffre.core.errors import AzureMLException
from zaffre.core.ids import now_ms
from zaffre.core.service_counters import ServiceCounters, parse_counters
from zaffre.core.telemetry_wire import LATE_MS, SLOT_MS, TelemetryAnswer, TelemetryReport, TelemetrySample
from zaffre.runner.channel import Channel
from zaffre.sdk.transport import is_away

_LOOK_SECONDS: Final = 1.0
_PROMPT_SECONDS: Final = 2.0  # how soon requests are told of before their stretch is over
_SILENT_SECONDS: Final = 5.0  # a process that has not counted itself for so long uses no memory any more
_GONE_SECONDS: Final = 120.0
_BATCH: Final = 500  # samples in one report


@dataclass(eq=False)
class _Source:
    """One serving process. Its counters are held open, and so outlive their file."""

    name: str
    revision: int
    descriptor: int
    began: int
    slot: int
    before: ServiceCounters = field(default_factory=ServiceCounters)  # at the beginning of the stretch
    now: ServiceCounters = field(default_factory=ServiceCounters)
    memory: int = 0  # the most in the stretch
    workers: int = 0  # likewise
    told: int = 0  # requests, in the last report
    alive_at: float = field(default_factory=time.monotonic)
    waiting: deque[TelemetrySample] = field(default_factory=lambda: deque(maxlen=LATE_MS // SLOT_MS))

    def read(self) -> None:
        held = parse_counters(os.pread(self.descriptor, os.fstat(self.descriptor).st_size, 0))
        if held is None:
            return
        if held.ticks != self.now.ticks:
            self.alive_at = time.monotonic()
        self.now = held
        if self._is_alive:
            self.memory = max(self.memory, held.memory_bytes)
            self.workers = max(self.workers, held.workers)

    @property
    def _is_alive(self) -> bool:
        return time.monotonic() - self.alive_at < _SILENT_SECONDS

    def turn(self, slot: int) -> None:
        """The stretch is over, and the next one begins."""
        if slot == self.slot:
            return
        if self.now.ticks != self.before.ticks or self.now.requests != self.before.requests:
            self.waiting.append(self.sample(self.slot + SLOT_MS))
        self.slot, self.before = slot, self.now
        self.memory, self.workers = (self.now.memory_bytes, self.now.workers) if self._is_alive else (0, 0)

    def sample(self, until: int) -> TelemetrySample:
        return _sample(self.now.since(self.before), self.slot, until, self.memory, self.workers)

    def total(self, until: int) -> TelemetrySample:
        return _sample(self.now, self.began, until, 0, 0)


class Telemetry:
    """One thread. A server that is away gets what it missed of the last hours when it is back."""

    def __init__(self, channel: Channel, route: str) -> None:
        self._channel = channel
        self._route = f"{route}/telemetry"
        self._sources: list[_Source] = []
        self._lock = threading.Lock()
        self._closed = threading.Event()
        self._told_at = 0.0
        self._thread = threading.Thread(target=self._run, name="telemetry", daemon=True)

    def start(self) -> None:
        self._thread.start()

    def follow(self, service: Service, counters_file: Path) -> None:
        """Tell what a process of this revision counts, unless its service was deployed without telemetry."""
        if not convert(service.spec, ServiceSpec, what="the specification").telemetry:
            return
        try:
            descriptor = os.open(counters_file, os.O_RDONLY | os.O_CLOEXEC)
        except OSError:  # it could not make the file, and has said so in the log
            return
        now = now_ms()
        made = _Source(counters_file.name, service.revision, descriptor, now, _slot(now))
        with self._lock:
            self._sources.append(made)

    def close(self) -> None:
        """Tell what is left, if the server is there. The processes have ended."""
        self._closed.set()
        if self._thread.is_alive():
            self._thread.join()
        for source in self._sources:
            os.close(source.descriptor)

    def _run(self) -> None:
        while not self._closed.wait(_LOOK_SECONDS):
            self._round(now_ms())
        self._round(now_ms(), last=True)

    def _round(self, now: int, *, last: bool = False) -> None:
        with self._lock:
            sources = list(self._sources)
        for source in sources:
            source.read()
            source.turn(_slot(now))
        begun = last or now - _slot(now) >= _PROMPT_SECONDS * 1000  # a rate over less says little
        prompt = last or (begun and time.monotonic() - self._told_at >= _PROMPT_SECONDS)
        for source in sources:
            if source.waiting or (prompt and source.now.requests != source.told):
                self._tell(source, now, begun)
            if time.monotonic() - source.alive_at > _GONE_SECONDS and not source.waiting:
                os.close(source.descriptor)
                with self._lock:
                    self._sources.remove(source)

    def _tell(self, source: _Source, now: int, is_begun: bool) -> None:
        waiting = [sample for sample in source.waiting if sample.start > now - LATE_MS][:_BATCH]
        samples = [*waiting, source.sample(now)] if is_begun and len(waiting) < _BATCH else waiting
        report = TelemetryReport(
            source=source.name, revision=source.revision, samples=samples, total=source.total(max(now, source.began))
        )
        self._told_at = time.monotonic()
        try:
            self._channel.call(lambda client: client.post(self._route, TelemetryAnswer, report, idempotent=True))
        except AzureMLException as error:
            if is_away(error):
                return  # told later
        source.told = source.now.requests
        while source.waiting and (not waiting or source.waiting[0].start <= waiting[-1].start):
            source.waiting.popleft()


def _slot(now: int) -> int:
    return now // SLOT_MS * SLOT_MS


def _sample(counted: ServiceCounters, start: int, until: int, memory: int, workers: int) -> TelemetrySample:
    return TelemetrySample(
        start=start,
        until=until,
        statuses={str(status): count for status, count in counted.statuses.items()},
        failures=counted.failures,
        latency=counted.latency.pairs(),
        answer_seconds=counted.answer_seconds,
        cpu_seconds=counted.cpu_seconds,
        memory_bytes=memory,
        workers=workers,
    )
