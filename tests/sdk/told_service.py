"""A service of which telemetry was told, without one that runs."""

from __future__ import annotations

from zaffre.core import wire
from zaffre.core.entities import Service, ServiceSpec, Snapshot
from zaffre.core.ids import now_ms
from zaffre.core.latency import Histogram
from zaffre.core.telemetry_wire import TelemetryAnswer, TelemetryReport, TelemetrySample
from zaffre.sdk.webservice import Webservice
from zaffre.sdk.workspace import Workspace

SLOT = 10_000


def told_service(workspace: Workspace) -> Webservice:
    """``svc``; its supervisor told two answers, of 100 and 300 ms, in the stretch that comes."""
    scope = workspace._scope
    held = scope.client.post(scope.path("snapshots"), Snapshot, wire.SnapshotCreate(files=[]))
    spec = ServiceSpec(entry_script="s.py", source_name="", snapshot_id=held.id, environment={})
    scope.client.put(scope.path("services", "svc"), Service, wire.ServiceCreate(spec=spec))
    latency = Histogram()
    for seconds in (0.1, 0.3):
        latency.observe(seconds)
    start = now_ms() // SLOT * SLOT + SLOT
    sample = TelemetrySample(
        start=start,
        until=start + SLOT,
        statuses={"200": 1, "500": 1},
        latency=latency.pairs(),
        answer_seconds=0.4,
        cpu_seconds=2.5,
        memory_bytes=1000,
        workers=2,
    )
    report = TelemetryReport(source="s", revision=3, samples=[sample])
    scope.client.post(scope.path("services", "svc", "telemetry"), TelemetryAnswer, report)
    return Webservice(workspace, "svc")
