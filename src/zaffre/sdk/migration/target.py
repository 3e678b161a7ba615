"""What is copied to: one workspace, through the REST API and, for files of logged models, MLflow's proxy."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace
from pathlib import Path
from typing import Final

from zaffre.core import contract, entities, imports, limits, trace_wire, wire
from zaffre.core.codec import encode
from zaffre.core.errors import NotFound
from zaffre.core.traces import Span
from zaffre.sdk.client import artifact, segment
from zaffre.sdk.migration.source import Columns
from zaffre.sdk.scope import Scope

_POINTS: Final = limits.POINTS_PER_REQUEST // 2  # well below what a body may have
_SPAN_BYTES: Final = limits.JSON_BODY_BYTES // 4  # of the spans in one request


class Target:
    """``scope`` names the workspace."""

    def __init__(self, scope: Scope) -> None:
        self.scope = scope
        self._client = scope.client

    def experiment(self, given: imports.ExperimentImport) -> entities.Experiment:
        return self._client.put(self.scope.path("imports", "experiment"), entities.Experiment, given)

    def archive_experiment(self, name: str) -> None:
        patch = wire.ExperimentPatch(archived=True)
        self._client.patch(self.scope.path("experiments", name), entities.Experiment, patch)

    def run(self, run_id: str, given: imports.RunImport) -> imports.RunImported:
        return self._client.put(self.scope.path("imports", "runs", run_id), imports.RunImported, given)

    def end_run(self, run_id: str, given: imports.RunImportEnd) -> entities.Run:
        path = self.scope.path("imports", "runs", run_id, "end")
        return self._client.put(path, imports.RunImported, given).run

    def read_run(self, run_id: str) -> entities.Run:
        return self._client.get(self.scope.path("runs", run_id), entities.Run)

    def points(self, run_id: str) -> dict[str, int]:
        """How many points each metric of a run has."""
        path = self.scope.path("runs", run_id, "metrics")
        answer = self._client.get(path, wire.MetricsAnswer, latest=True)
        return {series.name: series.total for series in answer.series}

    def log(self, run_id: str, name: str, points: Columns, start: int) -> None:
        """Append the points from ``start`` on. A request is all or nothing, so what is there is always a beginning."""
        path = self.scope.path("runs", run_id, "metrics")
        for at in range(start, len(points.steps), _POINTS):
            until = at + _POINTS
            values: list[int | float | str] = [wire.number_to_wire(value) for value in points.values[at:until]]
            series = wire.MetricSeries(
                name=name, steps=points.steps[at:until], timestamps=points.timestamps[at:until], values=values
            )
            self._client.post(path, wire.Accepted, wire.MetricsBatch(series=[series]))

    def log_short(self, run_id: str, short: dict[str, Columns]) -> None:
        """Several short histories, together below the limit of a request."""
        batch = [
            wire.MetricSeries(
                name=name,
                steps=points.steps,
                timestamps=points.timestamps,
                values=[wire.number_to_wire(value) for value in points.values],
            )
            for name, points in short.items()
        ]
        self._client.post(self.scope.path("runs", run_id, "metrics"), wire.Accepted, wire.MetricsBatch(series=batch))

    def run_files(self, run_id: str) -> dict[str, int]:
        """Bytes by path."""
        return self._sizes(self.scope.path("runs", run_id, "artifacts"), recursive=True)

    def put_run_file(self, run_id: str, path: str, file: Path) -> None:
        self._client.upload(self.scope.path("runs", run_id, "artifacts", file=path), file, overwrite=True)

    def lineage(self, run_id: str) -> wire.RunLineage:
        return self._client.get(self.scope.path("runs", run_id, "lineage"), wire.RunLineage)

    def logged_model(self, model_id: str, given: imports.LoggedModelImport) -> entities.LoggedModel:
        path = self.scope.path("imports", "logged-models", model_id)
        return self._client.put(path, imports.LoggedModelImported, given).model

    def model_files(self, model_id: str) -> dict[str, int]:
        return self._sizes(self.scope.path("logged-models", model_id, "files"))

    def put_model_file(self, model: entities.LoggedModel, path: str, file: Path) -> None:
        self._put_proxied(f"{model.experiment_id}/models/{model.id}/artifacts/{path}", file)

    def _put_proxied(self, place: str, file: Path) -> None:
        name = self.scope.workspace
        below = "" if name == contract.DEFAULT_WORKSPACE else f"/workspaces/{segment(name)}"
        self._client.upload(f"{below}/api/2.0/mlflow-artifacts/artifacts/{artifact(place)}", file)

    def trace(self, trace_id: str) -> trace_wire.TraceAnswer | None:
        try:
            return self._client.get(self.scope.path("traces", trace_id), trace_wire.TraceAnswer)
        except NotFound:
            return None

    def put_trace(self, trace_id: str, given: imports.TraceImport, spans: Sequence[Span]) -> None:
        """The trace with its spans, in as many requests as they need."""
        path = self.scope.path("imports", "traces", trace_id)
        some: list[Span] = []
        size = 0
        for span in spans:
            here = len(encode(span))
            if some and size + here > _SPAN_BYTES:
                self._client.put(path, imports.TraceImported, replace(given, spans=some))
                some, size = [], 0
            some.append(span)
            size += here
        self._client.put(path, imports.TraceImported, replace(given, spans=some))

    def put_trace_file(self, experiment_id: int, trace_id: str, path: str, file: Path) -> None:
        self._put_proxied(f"{experiment_id}/traces/{trace_id}/artifacts/{path}", file)

    def registered_model(self, given: imports.RegisteredModelImport) -> entities.RegisteredModel:
        return self._client.put(self.scope.path("imports", "registered-model"), entities.RegisteredModel, given)

    def version(self, given: imports.ModelVersionImport) -> imports.ModelVersionImported:
        return self._client.put(self.scope.path("imports", "model-version"), imports.ModelVersionImported, given)

    def version_numbers(self, name: str) -> dict[int, entities.ModelVersion]:
        path = self.scope.path("models", name, "versions")
        return {one.version: one for one in self._client.items(path, entities.ModelVersion)}

    def begin_upload(self) -> str:
        return self._client.post(self.scope.path("uploads"), wire.UploadCreated).upload_id

    def put_upload(self, upload_id: str, path: str, file: Path) -> None:
        self._client.upload(self.scope.path("uploads", upload_id, file=path), file)

    def _sizes(self, path: str, *, recursive: bool | None = None) -> dict[str, int]:
        listed = self._client.items(path, entities.ArtifactInfo, recursive=recursive)
        return {info.path: info.size or 0 for info in listed if not info.is_dir}
