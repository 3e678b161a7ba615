"""The messages of ``/api/v1/workspaces/{ws}/imports``: what was made elsewhere, with its ids and times.

Each may be sent again: what is there already and is the same stays as it is. Times are milliseconds since 1970.
"""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import Final

from zaffre.core.entities import DatasetInput, LoggedModel, ModelOutput, ModelVersion, Run
from zaffre.core.states import RunStatus
from zaffre.core.traces import Assessment, Span, Trace
from zaffre.core.wire import Request

MIGRATION_PROPERTY: Final = "zaffre.migration"  # of a run: what it was when all of it had been copied


@dataclass(frozen=True, slots=True, kw_only=True)
class ExperimentImport(Request):
    """An experiment by its name; one that is there gets the tags."""

    name: str
    tags: dict[str, str] = field(default_factory=dict)
    created_at: int
    updated_at: int


@dataclass(frozen=True, slots=True, kw_only=True)
class RunImport(Request):
    experiment: str
    status: RunStatus
    display_name: str | None = None
    created_by: str = ""
    start_time: int
    end_time: int | None = None
    tags: dict[str, str] = field(default_factory=dict)
    params: dict[str, str] = field(default_factory=dict)


@dataclass(frozen=True, slots=True, kw_only=True)
class RunImported:
    run: Run
    created: bool  # False: the same run was there already


@dataclass(frozen=True, slots=True, kw_only=True)
class RunImportEnd(Request):
    """What can only be told of a run when everything else of it is there."""

    parent_id: str | None = None  # a run that is not there is passed over, as MLflow's tag of that name is
    datasets: list[DatasetInput] = field(default_factory=list)
    inputs: list[str] = field(default_factory=list)  # ids of logged models
    outputs: list[ModelOutput] = field(default_factory=list)
    complete: str | None = None  # what was copied, once all of it is there
    archived: bool = False


@dataclass(frozen=True, slots=True, kw_only=True)
class ModelMetricImport(Request):
    """The latest of a logged model's metric, as one run measured it on one data set."""

    key: str
    value: float | str  # NaN and the infinities as text
    timestamp: int
    step: int = 0
    run_id: str
    dataset_name: str = ""
    dataset_digest: str = ""


@dataclass(frozen=True, slots=True, kw_only=True)
class LoggedModelImport(Request):
    experiment: str
    name: str
    status: str
    model_type: str = ""
    source_run_id: str | None = None
    tags: dict[str, str] = field(default_factory=dict)
    params: dict[str, str] = field(default_factory=dict)
    metrics: list[ModelMetricImport] = field(default_factory=list)
    created_at: int
    updated_at: int


@dataclass(frozen=True, slots=True, kw_only=True)
class LoggedModelImported:
    model: LoggedModel
    created: bool


@dataclass(frozen=True, slots=True, kw_only=True)
class RegisteredModelImport(Request):
    """A registered model by its name; one that is there gets description, tags, aliases and times."""

    name: str
    description: str = ""
    tags: dict[str, str] = field(default_factory=dict)
    aliases: dict[str, int] = field(default_factory=dict)
    created_at: int
    updated_at: int


@dataclass(frozen=True, slots=True, kw_only=True)
class ModelVersionImport(Request):
    """A version with its number. Its files: an upload, a path of ``run_id``, or a logged model; none for a prompt."""

    name: str
    version: int
    description: str = ""
    tags: dict[str, str] = field(default_factory=dict)
    stage: str = "None"
    created_by: str = ""
    run_id: str | None = None
    run_path: str | None = None
    logged_model_id: str | None = None
    logged_model_path: str | None = None  # below the logged model's files; the empty one is all of them
    upload_id: str | None = None
    source: str = ""
    created_at: int
    updated_at: int


@dataclass(frozen=True, slots=True, kw_only=True)
class ModelVersionImported:
    version: ModelVersion
    created: bool


@dataclass(frozen=True, slots=True, kw_only=True)
class TraceImport(Request):
    """A trace, and as many of its spans as a request holds; the others come with the same trace again."""

    experiment: str
    status: str
    start_time: int
    duration_ms: int | None = None
    client_request_id: str | None = None
    request_preview: str | None = None
    response_preview: str | None = None
    tags: dict[str, str] = field(default_factory=dict)
    metadata: dict[str, str] = field(default_factory=dict)
    assessments: list[Assessment] = field(default_factory=list)
    spans: list[Span] = field(default_factory=list)


@dataclass(frozen=True, slots=True, kw_only=True)
class TraceImported:
    trace: Trace
    created: bool
