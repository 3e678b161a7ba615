"""What services answer and use: told by their supervisors, read in even steps, and as text for Prometheus."""

from __future__ import annotations

from collections.abc import Iterable
from typing import Annotated, Final

from fastapi import APIRouter, Query
from starlette.responses import PlainTextResponse, Response

from zaffre.core.latency import Histogram
from zaffre.core.telemetry_wire import ServiceMetrics, TelemetryAnswer, TelemetryReport
from zaffre.server.api.answers import Asker, answer, workspace_router
from zaffre.server.api.parts import PartsOf
from zaffre.server.deployments.telemetry import MAX_POINTS, POINTS
from zaffre.server.store.service_telemetry import ServiceTotal

router = workspace_router("/services", "services")
exposition = APIRouter(tags=["server"], generate_unique_id_function=lambda route: route.name)

Moment = Annotated[int | None, Query(ge=0, lt=2**53, description="Milliseconds since the epoch")]
# Seconds; those of the services' own /metrics.
BOUNDS: Final = tuple(unit * factor for unit in (0.0001, 0.001, 0.01, 0.1, 1, 10) for factor in (1, 2, 3, 5))
_TYPE: Final = "text/plain; version=0.0.4; charset=utf-8"


@router.post("/{name}/telemetry", response_model=TelemetryAnswer)
def record_service_telemetry(ws: str, name: str, body: TelemetryReport, parts: PartsOf) -> Response:
    """A supervisor tells what its serving process did."""
    parts.telemetry.record(ws, name, body)
    return answer(TelemetryAnswer(samples=len(body.samples)))


@router.get("/{name}/metrics", response_model=ServiceMetrics)
def get_service_metrics(
    ws: str,
    name: str,
    parts: PartsOf,
    since: Moment = None,
    until: Moment = None,
    points: Annotated[int, Query(ge=1, le=MAX_POINTS, description="At most so many")] = POINTS,
    revision: Annotated[int | None, Query(ge=0, lt=2**63, description="Only of this one")] = None,
) -> Response:
    """Requests, errors, latency, CPU and memory over time, by default of the last hour."""
    return answer(parts.telemetry.metrics(ws, name, since, until, points=points, revision=revision))


@exposition.get("/metrics", response_class=PlainTextResponse)
def get_server_metrics(parts: PartsOf, asker: Asker) -> Response:
    """What the services that the asker may see have answered, in the text format of Prometheus."""
    lines = _lines(parts.telemetry.totals(asker.workspace))
    return Response("\n".join(lines) + "\n", media_type=_TYPE)


def _lines(found: Iterable[ServiceTotal]) -> list[str]:
    kept = [(f'workspace="{_escaped(one.workspace)}",service="{_escaped(one.name)}"', one.sample) for one in found]
    lines = _heading("zaffre_service_requests_total", "counter", "Answers of services.")
    for labels, sample in kept:
        for status, count in sorted(sample.statuses.items()):
            lines.append(f'zaffre_service_requests_total{{{labels},status="{status}"}} {count}')
    lines += _heading("zaffre_service_run_failures_total", "counter", "Answers of services after run() failed.")
    lines += [f"zaffre_service_run_failures_total{{{labels}}} {sample.failures}" for labels, sample in kept]
    lines += _heading("zaffre_service_cpu_seconds_total", "counter", "Processor time of serving processes.")
    lines += [f"zaffre_service_cpu_seconds_total{{{labels}}} {sample.cpu_seconds:.6f}" for labels, sample in kept]
    name = "zaffre_service_request_seconds"
    lines += _heading(name, "histogram", "Time from a request's arrival to its answer; bounds within 1 %.")
    for labels, sample in kept:
        latency = Histogram.from_pairs(sample.latency)
        lines += [f'{name}_bucket{{{labels},le="{bound:g}"}} {latency.count_below(bound)}' for bound in BOUNDS]
        lines.append(f'{name}_bucket{{{labels},le="+Inf"}} {latency.total}')
        lines.append(f"{name}_sum{{{labels}}} {sample.answer_seconds:.6f}")
        lines.append(f"{name}_count{{{labels}}} {latency.total}")
    return lines


def _heading(name: str, kind: str, meaning: str) -> list[str]:
    return [f"# HELP {name} {meaning}", f"# TYPE {name} {kind}"]


def _escaped(label: str) -> str:
    return label.replace("\\", "\\\\").replace('"', '\\"').replace("\n", "\\n")
