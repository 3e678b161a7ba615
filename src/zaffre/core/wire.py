"""The messages of the REST API under ``/api/v1``: what a request carries and what an answer holds.

Entities travel as they stand in ``entities``; here is only what is not an entity. In a patch, a field that is absent
or ``None`` leaves the thing as it is. Lists answer ``Page``: ``next`` is the ``after`` of the next request, or None.
"""

from __future__ import annotations

import math
from dataclasses import dataclass, field
from typing import Any, ClassVar, Final, Generic, TypeVar

from zaffre.core.entities import (
    ArtifactInfo,
    DatasetInput,
    DeploymentStep,
    Json,
    LoggedModel,
    MetricRecord,
    RunError,
    ScriptSpec,
    ServiceSpec,
    SnapshotFile,
    Workspace,
)
from zaffre.core.errors import InvalidValue
from zaffre.core.rollout import Rollout
from zaffre.core.states import RunStatus, ServiceState

T = TypeVar("T")

API: Final = "/api/v1"

_SPECIAL: Final = {"NaN": math.nan, "Infinity": math.inf, "-Infinity": -math.inf}


def number_to_wire(value: float) -> float | str:
    """A metric's value as JSON can carry it: NaN and the infinities become the strings MLflow uses."""
    if math.isfinite(value):
        return value
    return "NaN" if math.isnan(value) else ("Infinity" if value > 0 else "-Infinity")


def number_from_wire(value: float | str) -> float:
    """The inverse of ``number_to_wire``; an integer stays one. ``InvalidValue`` for any other string."""
    if isinstance(value, str):
        if value not in _SPECIAL:
            raise InvalidValue(f"{value!r} is not a metric value: send a number, NaN, Infinity or -Infinity.")
        return _SPECIAL[value]
    return value


class Request:
    """Base of what a request carries: the server refuses a field it does not know rather than ignore it."""

    __slots__ = ()
    __pydantic_config__: ClassVar[dict[str, Any]] = {"extra": "forbid"}


@dataclass(frozen=True, slots=True, kw_only=True)
class Page(Generic[T]):
    items: list[T]
    next: str | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class ServerInfo:
    version: str
    home: str  # empty for callers that are not on this machine's account (run tokens)
    team: bool  # True: nothing is created on first use
    started_at: int


@dataclass(frozen=True, slots=True, kw_only=True)
class ErrorInfo:
    code: str
    message: str
    facts: Json = None


@dataclass(frozen=True, slots=True, kw_only=True)
class ErrorAnswer:
    """What ``errors.to_wire`` writes and every refusal under /api/v1 answers."""

    error: ErrorInfo


# --- tokens ----------------------------------------------------------------------------------------------------------


@dataclass(frozen=True, slots=True, kw_only=True)
class TokenCreate(Request):
    kind: str = "user"  # "user" or "mlflow" (both bound to the workspace, if one is named) or "admin"
    expires_in_seconds: int | None = None  # None: does not expire
    workspace: str | None = None  # None: every workspace
    description: str = ""  # what it is for


@dataclass(frozen=True, slots=True, kw_only=True)
class TokenCreated:
    token: str  # shown once; the server keeps only its hash
    expires_at: int | None = None
    id: str = ""  # by which it is listed and revoked


@dataclass(frozen=True, slots=True, kw_only=True)
class TicketCreate(Request):
    path: str = "/"  # where in the Studio the sign-in link leads


@dataclass(frozen=True, slots=True, kw_only=True)
class TicketCreated:
    url: str  # valid once, for a minute


# --- users -----------------------------------------------------------------------------------------------------------


@dataclass(frozen=True, slots=True, kw_only=True)
class SignIn(Request):
    name: str
    password: str = field(repr=False)


@dataclass(frozen=True, slots=True, kw_only=True)
class Identity:
    """Who the server takes the asker for."""

    name: str
    kind: str  # of the token, or "user" or "admin" where a password was sent
    role: str  # "admin", "user" or "reader"
    has_password: bool  # False: the account that runs the server, or a token of it
    workspace: str | None = None  # None: every workspace
    expires_at: int | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class UserCreate(Request):
    name: str
    password: str = field(repr=False)
    role: str = "user"  # "admin", "user" or "reader"


@dataclass(frozen=True, slots=True, kw_only=True)
class UserPatch(Request):
    role: str | None = None
    password: str | None = field(default=None, repr=False)
    current_password: str | None = field(default=None, repr=False)  # needed of everyone but an admin


# --- workspaces and experiments --------------------------------------------------------------------------------------


@dataclass(frozen=True, slots=True, kw_only=True)
class WorkspaceCreate(Request):
    name: str
    subscription_id: str | None = None
    resource_group: str | None = None
    location: str | None = None
    description: str = ""
    friendly_name: str = ""
    tags: dict[str, str] = field(default_factory=dict)
    exist_ok: bool = False


@dataclass(frozen=True, slots=True, kw_only=True)
class WorkspaceAnswer:
    workspace: Workspace
    created: bool


@dataclass(frozen=True, slots=True, kw_only=True)
class WorkspacePatch(Request):
    description: str | None = None
    friendly_name: str | None = None
    tags: dict[str, str] | None = None  # replaces all tags
    default_datastore: str | None = None
    snapshot_limit_bytes: int | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class ExperimentPatch(Request):
    tags: dict[str, str] | None = None  # added or changed
    remove_tags: list[str] | None = None
    archived: bool | None = None


# --- runs ------------------------------------------------------------------------------------------------------------


@dataclass(frozen=True, slots=True, kw_only=True)
class RunCreate(Request):
    id: str | None = None  # None: the server makes one
    display_name: str | None = None
    description: str = ""
    type: str | None = None
    status: RunStatus | None = None  # None: Queued with a spec, else Running
    target: str | None = None
    parent_id: str | None = None
    snapshot_id: str | None = None
    spec: ScriptSpec | None = None
    tags: dict[str, str] = field(default_factory=dict)
    properties: dict[str, str] = field(default_factory=dict)
    start_time: int | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class RunPatch(Request):
    status: RunStatus | None = None
    display_name: str | None = None
    description: str | None = None
    tags: dict[str, str] | None = None  # added or changed
    remove_tags: list[str] | None = None
    properties: dict[str, str] | None = None  # added; a property that is set never changes
    start_time: int | None = None
    end_time: int | None = None
    error: RunError | None = None
    waiting_for: str | None = None  # the empty string clears it


@dataclass(frozen=True, slots=True, kw_only=True)
class ChildrenCreate(Request):
    """Children of a run: one for each of ``tag_values`` (tagged ``tag_key``), or ``count`` of them."""

    tag_key: str | None = None
    tag_values: list[str] | None = None
    count: int | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class HeartbeatAnswer:
    cancel: bool  # True: stop the script and report Canceled
    status: RunStatus


@dataclass(frozen=True, slots=True, kw_only=True)
class RunEvent:
    at: int
    status: RunStatus
    reason: str = ""


# --- metrics ---------------------------------------------------------------------------------------------------------


@dataclass(frozen=True, slots=True, kw_only=True)
class MetricSeries:
    """Points of one metric in the order of logging: three columns of equal length.

    A value that is written as an integer counts as one: a metric of integers only reads back as such.
    """

    name: str
    steps: list[int]
    timestamps: list[int]
    values: list[int | float | str]


@dataclass(frozen=True, slots=True, kw_only=True)
class MetricsBatch:
    """At most limits.POINTS_PER_REQUEST points and records together."""

    series: list[MetricSeries] = field(default_factory=list)
    records: list[MetricRecord] = field(default_factory=list)


@dataclass(frozen=True, slots=True, kw_only=True)
class Accepted:
    accepted: int  # points and records that are durable now


@dataclass(frozen=True, slots=True, kw_only=True)
class SeriesAnswer:
    name: str
    steps: list[int]
    timestamps: list[int]
    values: list[float | str]
    is_int: bool = False  # True: every value was logged as an integer
    total: int = 0  # points appended, where fewer are shown


@dataclass(frozen=True, slots=True, kw_only=True)
class MetricsAnswer:
    """What a run logged; of very many points the first, and ``next`` is the ``after`` that asks for those behind."""

    series: list[SeriesAnswer]
    records: list[MetricRecord]
    next: str | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class ChartAnswer:
    """A series thinned so that the minimum and maximum of every stretch remain; ``exact``: nothing was left out."""

    steps: list[int]
    timestamps: list[int]
    values: list[float | str]
    exact: bool


@dataclass(frozen=True, slots=True, kw_only=True)
class ModelMade:
    model: LoggedModel
    step: int


@dataclass(frozen=True, slots=True, kw_only=True)
class RunLineage:
    """What a run read and made, as MLflow clients recorded it; models that were deleted since are left out."""

    datasets: list[DatasetInput]
    inputs: list[LoggedModel]
    outputs: list[ModelMade]


# --- files -----------------------------------------------------------------------------------------------------------


@dataclass(frozen=True, slots=True, kw_only=True)
class FileAnswer:
    path: str
    size: int  # bytes the file has now


@dataclass(frozen=True, slots=True, kw_only=True)
class BlobInfo:
    sha256: str
    size: int


@dataclass(frozen=True, slots=True, kw_only=True)
class BlobsWanted(Request):
    files: list[BlobInfo]


@dataclass(frozen=True, slots=True, kw_only=True)
class BlobsMissing:
    missing: list[str]


@dataclass(frozen=True, slots=True, kw_only=True)
class SnapshotCreate(Request):
    files: list[SnapshotFile]


@dataclass(frozen=True, slots=True, kw_only=True)
class UploadCreated:
    upload_id: str


# --- models and environments -----------------------------------------------------------------------------------------


@dataclass(frozen=True, slots=True, kw_only=True)
class ModelCreate(Request):
    """A model version from a run's artifacts (``run_id`` and ``run_path``) or from an upload (``upload_id``)."""

    name: str
    tags: dict[str, str] = field(default_factory=dict)
    properties: dict[str, str] = field(default_factory=dict)
    description: str = ""
    framework: str | None = None
    framework_version: str | None = None
    run_id: str | None = None  # alone: records the run that made the uploaded model
    run_path: str | None = None
    upload_id: str | None = None
    entry: str | None = None  # the file or folder in the upload; None: its only top-level one
    unpack: bool = False
    resource_configuration: Json = None
    datasets: Json = None


@dataclass(frozen=True, slots=True, kw_only=True)
class ModelPatch(Request):
    tags: dict[str, str] | None = None  # added or changed
    remove_tags: list[str] | None = None
    properties: dict[str, str] | None = None  # added; a property that is set never changes
    description: str | None = None
    framework: str | None = None
    framework_version: str | None = None
    resource_configuration: Json = None
    datasets: Json = None


@dataclass(frozen=True, slots=True, kw_only=True)
class EnvironmentCreate(Request):
    definition: Json
    version: str | None = None  # None: the next number, or the version that has the same content


@dataclass(frozen=True, slots=True, kw_only=True)
class LabelsPut(Request):
    labels: list[str]  # a label points at one version: it moves here from the version that had it


# --- computes and services -------------------------------------------------------------------------------------------


@dataclass(frozen=True, slots=True, kw_only=True)
class ComputeCreate(Request):
    type: str = "AmlCompute"
    vm_size: str = "LOCAL"
    vm_priority: str = "dedicated"
    min_nodes: int = 0
    max_nodes: int | None = None  # None: 1
    idle_seconds_before_scaledown: int = 1800
    location: str = "local"
    description: str = ""
    tags: dict[str, str] = field(default_factory=dict)


@dataclass(frozen=True, slots=True, kw_only=True)
class ComputePatch(Request):
    min_nodes: int | None = None
    max_nodes: int | None = None
    idle_seconds_before_scaledown: int | None = None
    description: str | None = None
    tags: dict[str, str] | None = None  # replaces all tags


@dataclass(frozen=True, slots=True, kw_only=True)
class ServiceCreate(Request):
    spec: ServiceSpec
    compute_type: str = "Local"
    models: list[str] = field(default_factory=list)  # "<name>:<version>" or "<name>" for the newest
    tags: dict[str, str] = field(default_factory=dict)
    properties: dict[str, str] = field(default_factory=dict)
    description: str = ""
    overwrite: bool = False
    auth_enabled: bool = False  # callers must send one of the service's two keys
    token_auth_enabled: bool = False  # callers must send a token
    primary_key: str | None = field(default=None, repr=False)  # None: the one it has, else a new one
    secondary_key: str | None = field(default=None, repr=False)


@dataclass(frozen=True, slots=True, kw_only=True)
class ServicePatch(Request):
    """A change of ``spec`` or ``models`` is a new revision, which the supervisor then serves."""

    spec: ServiceSpec | None = None
    models: list[str] | None = None
    tags: dict[str, str] | None = None  # added or changed
    remove_tags: list[str] | None = None
    properties: dict[str, str] | None = None  # added; a property that is set never changes
    description: str | None = None
    auth_enabled: bool | None = None
    token_auth_enabled: bool | None = None
    rollout: Rollout | None = None  # for the next revision; alone it makes none


@dataclass(frozen=True, slots=True, kw_only=True)
class ServiceReload(Request):
    snapshot_id: str | None = None  # None: the same source again


@dataclass(frozen=True, slots=True, kw_only=True)
class ServiceReport(Request):
    """The supervisor's heartbeat: what it serves now."""

    revision: int
    state: ServiceState | None = None
    steps: list[DeploymentStep] | None = None
    scoring_uri: str | None = None
    swagger_uri: str | None = None
    port: int | None = None
    host: str | None = None
    pid: int | None = None
    error: RunError | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class ReportAnswer:
    revision: int  # what the supervisor should serve
    state: ServiceState  # deleted: stop serving and end
    # SHA-256 digests of what callers must send one of; "<digest>@<time in ms>" ends then. None: anyone may call.
    keys: list[str] | None = None


# --- the stream ------------------------------------------------------------------------------------------------------


@dataclass(frozen=True, slots=True, kw_only=True)
class MetricColumns:
    steps: list[int]
    timestamps: list[int]
    values: list[float | str]


@dataclass(frozen=True, slots=True, kw_only=True)
class LogChunk:
    path: str
    offset: int  # bytes before ``text``
    text: str


@dataclass(frozen=True, slots=True, kw_only=True)
class FilesChanged:
    items: list[ArtifactInfo]
