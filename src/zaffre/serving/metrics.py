"""What the workers count, and ``/metrics`` in the text format of Prometheus."""

from __future__ import annotations

from bisect import bisect_left
from typing import Final

from zaffre.core import service_counters as counters
from zaffre.core.latency import bucket_of
from zaffre.serving import board as cells
from zaffre.serving.board import Board

# Upper bounds, in microseconds, of the buckets of an answer's time.
BOUNDS: Final = tuple(
    unit * factor for unit in (100, 1_000, 10_000, 100_000, 1_000_000, 10_000_000) for factor in (1, 2, 3, 5)
)
SIZE_BOUNDS: Final = (1, 2, 4, 8, 16, 32, 64, 128, 256, 512, 1024)
TYPE: Final = b"text/plain; version=0.0.4; charset=utf-8"


def observe(row: memoryview, status: int, seconds: float, run_seconds: float | None, failed: bool) -> None:
    """Count one answer of ``/score``."""
    micros = int(seconds * 1e6)
    row[cells.WORKED] += 1
    row[cells.STATUSES + min(max(status, 0), 599)] += 1
    row[cells.BUCKETS + bisect_left(BOUNDS, micros)] += 1
    row[cells.LATENCY + bucket_of(seconds)] += 1
    row[cells.SECONDS] += micros
    if run_seconds is not None:
        row[cells.RUN_SECONDS] += int(run_seconds * 1e6)
    if failed:
        row[cells.FAILED] += 1


def observe_batch(row: memoryview, rows: int, waited_seconds: float) -> None:
    """Count one call of a batched ``run()``; ``waited_seconds`` is the sum over its requests."""
    row[cells.BATCHES] += 1
    row[cells.BATCH_ROWS] += rows
    row[cells.BATCH_WAITS] += int(waited_seconds * 1e6)
    row[cells.SIZES + bisect_left(SIZE_BOUNDS, rows)] += 1


def text(board: Board) -> bytes:
    total = board.total
    lines = ["# HELP zaffre_requests_total Answers of /score.", "# TYPE zaffre_requests_total counter"]
    for status in range(600):
        if count := total(cells.STATUSES + status):
            lines.append(f'zaffre_requests_total{{status="{status}"}} {count}')
    lines += _counter("zaffre_run_failures_total", "Answers after run() failed.", total(cells.FAILED))
    lines += _counter("zaffre_run_seconds_total", "Time spent in run().", total(cells.RUN_SECONDS) / 1e6)
    bounds = tuple(bound / 1e6 for bound in BOUNDS)
    lines += _histogram(
        "zaffre_request_seconds",
        "Time from a request's arrival to its answer.",
        bounds,
        board,
        cells.BUCKETS,
        total(cells.SECONDS) / 1e6,
    )
    if total(cells.BATCHES):
        lines += _histogram(
            "zaffre_batch_rows",
            "Rows that one call of a batched run() got.",
            SIZE_BOUNDS,
            board,
            cells.SIZES,
            total(cells.BATCH_ROWS),
        )
        lines += _counter(
            "zaffre_batch_wait_seconds_total",
            "Time that requests waited for their batch.",
            total(cells.BATCH_WAITS) / 1e6,
        )
        lines += _counter(
            "zaffre_split_batches_total",
            "Batches that were run again in parts, because run() raised.",
            total(cells.SPLIT_BATCHES),
        )
    if total(cells.COLLECTED) or total(cells.DROPPED):
        lines += _counter("zaffre_collected_rows_total", "Rows of model data taken.", total(cells.COLLECTED))
        lines += _counter("zaffre_dropped_rows_total", "Rows of model data not kept.", total(cells.DROPPED))
    exported, dropped = total(cells.EXPORTED), total(cells.EXPORT_FAILED) + total(cells.EXPORT_REFUSED)
    if exported or dropped:
        lines += _counter("zaffre_otlp_sent_total", "Spans and log records that a collector took.", exported)
        lines += _counter("zaffre_otlp_dropped_total", "Spans and log records that were dropped.", dropped)
    used = board.head[counters.CPU_MICROS] / 1e6
    lines += _counter("zaffre_cpu_seconds_total", "Processor time of the serving processes.", used)
    head = board.head
    gauges: dict[str, float] = {
        "memory_bytes": head[counters.MEMORY_BYTES],
        "workers": head[counters.WORKERS],
        "workers_wanted": head[counters.WANTED],
        "utilization": head[counters.UTILIZATION] / 1000,
    }
    for name, value in gauges.items():
        lines += [f"# TYPE zaffre_{name} gauge", f"zaffre_{name} {value:.16g}"]
    return ("\n".join(lines) + "\n").encode()


def _counter(name: str, meaning: str, value: float) -> list[str]:
    return [f"# HELP {name} {meaning}", f"# TYPE {name} counter", f"{name} {value:.16g}"]


def _histogram(name: str, meaning: str, bounds: tuple[float, ...], board: Board, first: int, total: float) -> list[str]:
    lines = [f"# HELP {name} {meaning}", f"# TYPE {name} histogram"]
    count = 0
    for number, bound in enumerate(bounds):
        count += board.total(first + number)
        lines.append(f'{name}_bucket{{le="{bound:g}"}} {count}')
    count += board.total(first + len(bounds))
    return [*lines, f'{name}_bucket{{le="+Inf"}} {count}', f"{name}_sum {total:.16g}", f"{name}_count {count}"]
