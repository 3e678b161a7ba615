"""``run.get_metrics``: what was logged, in the shapes that Azure's SDK returns."""

from __future__ import annotations

import json
from collections.abc import Callable, Mapping
from typing import Any, Final

from zaffre.core import entities, wire
from zaffre.core.entities import MetricRecord
from zaffre.sdk.run_base import RunBase

ARTIFACT_KINDS: Final = ("image", "confusion_matrix", "accuracy_table", "residuals", "predictions")


class RunMetrics(RunBase):
    def get_metrics(
        self, name: str | None = None, recursive: bool = False, run_type: str | None = None, populate: bool = False
    ) -> dict[str, Any]:
        """The metrics of this run, or with ``recursive`` ``{run id: metrics}`` of the run and its descendants.

        A value logged once is itself, several are a list; a table is ``{column: value or list}``. Images and other
        artifact metrics are ``aml://`` references, or their content with ``populate``. ``run_type`` keeps only the
        descendants of that type. A name that was not logged is absent.
        """
        self._logger.flush(300)
        if not recursive:
            answer = self._whole(self._id, name, self._answer(self._id, name, None))
            return shape(answer, self._reference_of(self._id, populate))
        answers = self._scope.client.get(
            self._route("metrics"), dict[str, wire.MetricsAnswer], name=name, recursive=True
        )
        shaped = {
            run_id: shape(self._whole(run_id, name, answer), self._reference_of(run_id, populate))
            for run_id, answer in answers.items()
            if run_type is None or self._type_of(run_id) == run_type
        }
        return {run_id: metrics for run_id, metrics in shaped.items() if metrics}

    def _answer(self, run_id: str, name: str | None, after: str | None) -> wire.MetricsAnswer:
        return self._scope.client.get(
            self._scope.path("runs", run_id, "metrics"), wire.MetricsAnswer, name=name, after=after
        )

    def _whole(self, run_id: str, name: str | None, answer: wire.MetricsAnswer) -> wire.MetricsAnswer:
        """The answer with what is behind it: the server gives very many points piece by piece."""
        if answer.next is None:
            return answer
        series = {one.name: one for one in answer.series}
        records = list(answer.records)
        after: str | None = answer.next
        while after is not None:
            more = self._answer(run_id, name, after)
            for one in more.series:
                known = series.setdefault(one.name, one)
                if known is not one:
                    known.steps.extend(one.steps)
                    known.timestamps.extend(one.timestamps)
                    known.values.extend(one.values)
            records += more.records
            after = more.next
        return wire.MetricsAnswer(series=list(series.values()), records=records)

    def _type_of(self, run_id: str) -> str | None:
        return self._scope.client.get(self._scope.path("runs", run_id), entities.Run).type

    def _reference_of(self, run_id: str, populate: bool) -> Callable[[MetricRecord], Any]:
        def reference(record: MetricRecord) -> Any:
            path = str(record.value)
            if not populate:
                return f"aml://artifactId/ExperimentRun/dcid.{run_id}/{path}"
            content = self._scope.client.read(self._scope.path("runs", run_id, "artifacts", file=path))
            return content if record.kind == "image" else json.loads(content)

        return reference


def shape(answer: wire.MetricsAnswer, reference: Callable[[MetricRecord], Any]) -> dict[str, Any]:
    """Azure's dictionary of what the server keeps as series and records; ``reference`` renders artifact metrics."""
    scalars: dict[str, list[tuple[int, Any]]] = {}
    for series in answer.series:
        numbers = [wire.number_from_wire(value) for value in series.values]
        values: list[Any] = [int(one) for one in numbers] if series.is_int else list(numbers)
        scalars[series.name] = list(zip(series.timestamps, values, strict=True))
    lists: dict[str, list[Any]] = {}
    tables: dict[str, dict[str, list[Any]]] = {}
    for record in answer.records:
        if record.kind == "scalar":
            scalars.setdefault(record.name, []).append((record.timestamp, record.value))
        elif record.kind == "list":
            lists.setdefault(record.name, []).extend(_number(one) for one in record.value)
        elif record.kind == "table":
            table = tables.setdefault(record.name, {})
            for column, value in record.value.items():
                table.setdefault(column, []).append(_number(value))
        elif record.kind in ARTIFACT_KINDS:
            lists.setdefault(record.name, []).append(reference(record))
    mixed = {record.name for record in answer.records if record.kind == "scalar"}
    shaped: dict[str, Any] = {}
    for name, timed in scalars.items():
        ordered = sorted(timed, key=lambda one: one[0]) if name in mixed else timed
        shaped[name] = _collapse([value for _, value in ordered])
    shaped.update({name: _collapse(values) for name, values in lists.items()})
    shaped.update({name: _collapse_columns(table) for name, table in tables.items()})
    return shaped


def _collapse(values: list[Any]) -> Any:
    return values[0] if len(values) == 1 else values


def _collapse_columns(table: Mapping[str, list[Any]]) -> dict[str, Any]:
    return {column: _collapse(values) for column, values in table.items()}


def _number(value: Any) -> Any:
    """NaN and the infinities travel as text; other text is the user's own."""
    return wire.number_from_wire(value) if value in ("NaN", "Infinity", "-Infinity") else value
