"""One run: its row first, so that children find their parents, then everything in it, then that it is complete."""

from __future__ import annotations

from collections.abc import Mapping
from typing import TYPE_CHECKING, Any, Final

from zaffre.core import entities, imports, limits
from zaffre.core.codec import decode, encode
from zaffre.core.states import RunStatus
from zaffre.sdk.migration.files import copy_files
from zaffre.sdk.migration.source import Columns, Source
from zaffre.sdk.migration.tally import Counted, Tally
from zaffre.sdk.migration.target import Target
from zaffre.sdk.migration.watch import Watch

if TYPE_CHECKING:
    from mlflow.entities import Run

STATUSES: Final = {
    "RUNNING": RunStatus.RUNNING,
    "SCHEDULED": RunStatus.QUEUED,
    "FINISHED": RunStatus.COMPLETED,
    "FAILED": RunStatus.FAILED,
    "KILLED": RunStatus.CANCELED,
}
_ENDED: Final = ("FINISHED", "FAILED", "KILLED")
NAME_TAG: Final = "mlflow.runName"
PARENT_TAG: Final = "mlflow.parentRunId"


class RunCopy:
    """Copies runs; one after another their rows, many at once what is in them."""

    def __init__(self, source: Source, target: Target, tally: Tally, watch: Watch) -> None:
        self._source = source
        self._target = target
        self._tally = tally
        self._watch = watch

    def row(self, run: Run, experiment: str) -> imports.RunImported:
        """Raises ``AlreadyExists`` where another run has the id."""
        given = imports.RunImport(
            experiment=experiment,
            status=STATUSES[run.info.status],
            display_name=_name(run),
            created_by=run.info.user_id or "",
            start_time=int(run.info.start_time or 0),
            end_time=None if run.info.end_time is None else int(run.info.end_time),
            tags={key: value for key, value in run.data.tags.items() if key != NAME_TAG},
            params=dict(run.data.params),
        )
        return self._target.run(run.info.run_id, given)

    def contents(self, run: Run, row: entities.Run) -> None:
        """Everything but the row; a run that was complete is only counted."""
        known = row.properties.get(imports.MIGRATION_PROPERTY)
        if known is not None:
            self._tally.found()
            source = decode(known, dict[str, int], what="what was copied of the run")
            self._tally.add(f"run {run.info.run_id}", Counted(source, self._counted(run, row)))
            self._watch.done()
            return
        points = self._metrics(run)
        files = copy_files(
            self._source.files(run.info.artifact_uri),
            self._target.run_files(run.info.run_id),
            lambda path, file: self._target.put_run_file(run.info.run_id, path, file),
        )
        source = _counts(run, points, files)
        end = imports.RunImportEnd(
            parent_id=run.data.tags.get(PARENT_TAG),
            datasets=[_dataset(one) for one in run.inputs.dataset_inputs] if run.inputs else [],
            inputs=[one.model_id for one in _of(run.inputs, "model_inputs")],
            outputs=[entities.ModelOutput(model_id=one.model_id, step=one.step) for one in _outputs(run)],
            complete=encode(source).decode() if run.info.status in _ENDED else None,
            archived=run.info.lifecycle_stage == "deleted",
        )
        ended = self._target.end_run(run.info.run_id, end)
        self._tally.add(f"run {run.info.run_id}", Counted(source, self._counted(run, ended)))
        self._watch.done(points=sum(points.values()), size=sum(files.values()))

    def _metrics(self, run: Run) -> dict[str, int]:
        """How many points each metric has; those that are not there yet are logged."""
        there = self._target.points(run.info.run_id) if run.data.metrics else {}
        counted: dict[str, int] = {}
        short: dict[str, Columns] = {}
        for key in sorted(run.data.metrics):
            points = self._source.history(run.info.run_id, key)
            counted[key] = len(points.steps)
            if there.get(key, 0) == 0 and counted[key] <= limits.METRICS_PER_BATCH:
                short[key] = points
                if sum(len(one.steps) for one in short.values()) > limits.POINTS_PER_REQUEST // 2:
                    self._target.log_short(run.info.run_id, short)
                    short = {}
            else:
                self._target.log(run.info.run_id, key, points, there.get(key, 0))
        if short:
            self._target.log_short(run.info.run_id, short)
        return counted

    def _counted(self, run: Run, row: entities.Run) -> dict[str, int]:
        """What the target has of the run now."""
        files = self._target.run_files(run.info.run_id)
        points = self._target.points(run.info.run_id) if run.data.metrics else {}
        used = bool(run.inputs and run.inputs.dataset_inputs)
        tags = {key: value for key, value in run.data.tags.items() if key != NAME_TAG}
        return {
            "runs": 1,
            "metric points": sum(points.get(key, 0) for key in run.data.metrics),
            "params": _matching(run.data.params, row.params),
            "tags": _matching(tags, row.tags),
            "datasets": len(self._target.lineage(run.info.run_id).datasets) if used else 0,
            "files": len(files),
            "bytes": sum(files.values()),
        }


def _counts(run: Run, points: Mapping[str, int], files: Mapping[str, int]) -> dict[str, int]:
    return {
        "runs": 1,
        "metric points": sum(points.values()),
        "params": len(run.data.params),
        "tags": len([key for key in run.data.tags if key != NAME_TAG]),
        "datasets": len(run.inputs.dataset_inputs) if run.inputs else 0,
        "files": len(files),
        "bytes": sum(files.values()),
    }


def _matching(wanted: Mapping[str, str], there: Mapping[str, str]) -> int:
    return sum(1 for key, value in wanted.items() if there.get(key) == value)


def _name(run: Run) -> str | None:
    name = run.data.tags.get(NAME_TAG) or run.info.run_name or ""
    return name.strip()[: limits.DISPLAY_NAME] or None


def _dataset(given: Any) -> entities.DatasetInput:
    held = given.dataset
    return entities.DatasetInput(
        name=held.name,
        digest=held.digest,
        source_type=held.source_type or "",
        source=held.source or "",
        schema=held.schema or "",
        profile=held.profile or "",
        tags={tag.key: tag.value for tag in given.tags or []},
    )


def _of(inputs: Any, name: str) -> list[Any]:
    """What older versions of MLflow do not have is none."""
    return list(getattr(inputs, name, None) or []) if inputs else []


def _outputs(run: Any) -> list[Any]:
    return _of(getattr(run, "outputs", None), "model_outputs")
