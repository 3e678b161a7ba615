"""``zaffre service metrics``."""

from __future__ import annotations

from zaffre.cli.formats import moment, size
from zaffre.cli.results import Listing
from zaffre.cli.session import SESSION, Session
from zaffre.core.telemetry_wire import ServiceMetrics
from zaffre.sdk import service_metrics as telemetry

COLUMNS = (
    ("time", lambda point: moment(point.start)),
    ("requests", lambda point: point.requests),
    ("per second", lambda point: f"{point.requests_per_second:.4g}"),
    ("4xx", lambda point: point.client_errors),
    ("5xx", lambda point: point.server_errors),
    ("p50 ms", lambda point: _ms(point.p50_ms)),
    ("p95 ms", lambda point: _ms(point.p95_ms)),
    ("p99 ms", lambda point: _ms(point.p99_ms)),
    ("cores", lambda point: f"{point.cpu_cores:.3g}"),
    ("memory", lambda point: size(point.memory_bytes)),
    ("workers", lambda point: str(point.workers)),
)


def _ms(value: float | None) -> str:
    return "" if value is None else f"{value:.3g}"


def service_metrics(
    name: str,
    /,
    *,
    since: str = "1h",
    until: str | None = None,
    points: int = 20,
    revision: int | None = None,
    total: bool = False,
    session: Session = SESSION,
) -> Listing:
    """Show what a web service answered and used: requests, errors, latency, CPU and memory over time.

    Percentiles are within 1 %. As JSON: with counts by status, times in milliseconds since the epoch, memory in bytes.

    Examples:

    - `zaffre service metrics digits`
    - `zaffre service metrics digits --since 7d --total --output json`

    Parameters
    ----------
    name
        Its name.
    since
        How long ago to begin, such as 15m, 1h or 7d, or a time such as 2026-01-31T08:00.
    until
        Where to end; by default now.
    points
        Lines at most.
    revision
        What this revision answered, by default all.
    total
        One line for the whole time.
    """
    found = telemetry.read(session.scope(), name, since, until, points, revision)
    shown = found.points if not total or found.total is None else [found.total]
    return Listing(shown, COLUMNS, _nothing(name, found))


def _nothing(name: str, found: ServiceMetrics) -> str:
    if not found.stored:
        return f"Nothing is kept of the service {name}: it was deployed with enable_app_insights=False."
    return f"Nothing was heard of the service {name} in this time. Send it a request: zaffre service score {name} DATA"
