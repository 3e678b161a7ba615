"""Numbers as JSON can carry them: it knows neither NaN nor the infinities."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace
from math import isfinite

from zaffre.core.entities import LoggedModel, ModelMetric, Run
from zaffre.core.wire import MetricColumns, number_to_wire
from zaffre.server.store.packing import Columns


def finite(run: Run) -> Run:
    """A run whose latest values JSON can carry: NaN and infinities are left out, its metrics have them as text."""
    if all(map(isfinite, run.metrics.values())):
        return run
    return replace(run, metrics={name: value for name, value in run.metrics.items() if isfinite(value)})


def finite_model(model: LoggedModel) -> LoggedModel:
    """A logged model with the latest of each of its metrics, as JSON can carry them: without NaN and infinities."""
    latest = {
        _identity(metric): metric
        for metric in sorted(model.metrics, key=lambda metric: (metric.step, metric.timestamp))
    }
    kept = [metric for metric in model.metrics if isfinite(metric.value) and latest[_identity(metric)] is metric]
    return replace(model, metrics=kept)


def _identity(metric: ModelMetric) -> tuple[str, ...]:
    return metric.key, metric.run_id, metric.dataset_name, metric.dataset_digest


def columns(points: Columns) -> MetricColumns:
    return MetricColumns(
        steps=points.steps.tolist(), timestamps=points.timestamps.tolist(), values=_values(points.values)
    )


def _values(values: Sequence[float]) -> list[float | str]:
    plain: list[float | str] = list(values)
    return plain if all(map(isfinite, values)) else [number_to_wire(value) for value in values]
