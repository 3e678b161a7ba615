"""What the workspace keeps, as it travels on the wire and comes out of the store.

Times are integer milliseconds since the epoch. Tags and properties are string to string. A field that is absent is
``None``; collections are never ``None``.
"""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import Any

from zaffre.core.liveness import LivenessProbe
from zaffre.core.rollout import Rollout
from zaffre.core.scaling import Scaling
from zaffre.core.states import RunStatus, ServiceState

Json = Any  # a JSON value: the shape belongs to the user or to a spec, not to us


@dataclass(frozen=True, slots=True, kw_only=True)
class Workspace:
    id: str  # uuid
    name: str
    subscription_id: str
    resource_group: str
    location: str
    created_at: int
    description: str = ""
    friendly_name: str = ""
    tags: dict[str, str] = field(default_factory=dict)
    default_datastore: str = "workspaceblobstore"
    snapshot_limit_bytes: int | None = None  # None: limits.SNAPSHOT_BYTES


@dataclass(frozen=True, slots=True, kw_only=True)
class Experiment:
    id: int  # MLflow's experiment_id, counting up per server; 0 is "Default" of the default workspace
    workspace: str  # the workspace's name
    name: str
    artifact_location: str
    created_at: int
    updated_at: int
    archived_at: int | None = None  # Azure: archived; MLflow: lifecycle_stage "deleted"
    tags: dict[str, str] = field(default_factory=dict)


@dataclass(frozen=True, slots=True, kw_only=True)
class RunError:
    """Why a run failed, in the shape that ``run.get_details()['error']`` has."""

    code: str  # "UserError" or "ServiceError"
    message: str
    details: Json = None


@dataclass(frozen=True, slots=True, kw_only=True)
class Run:
    id: str
    workspace: str
    experiment_id: int
    experiment_name: str
    number: int  # counts up per experiment, from 1
    display_name: str
    status: RunStatus
    created_at: int
    type: str | None = None  # "azureml.scriptrun", ...; None for an interactive or MLflow run
    description: str = ""
    created_by: str = ""
    parent_id: str | None = None
    root_id: str | None = None
    target: str | None = None  # compute target's name; "local" for the submitter's machine
    start_time: int | None = None
    end_time: int | None = None
    snapshot_id: str | None = None
    archived_at: int | None = None  # MLflow: lifecycle_stage "deleted"
    tags: dict[str, str] = field(default_factory=dict)
    properties: dict[str, str] = field(default_factory=dict)
    params: dict[str, str] = field(default_factory=dict)
    metrics: dict[str, float] = field(default_factory=dict)  # the latest value of every numeric metric
    error: RunError | None = None
    waiting_for: str | None = None  # a sentence: what a queued or preparing run waits for


@dataclass(frozen=True, slots=True, kw_only=True)
class ScriptSpec:
    """What a submitted run executes; immutable once the run exists."""

    script: str | None = None  # relative to the snapshot; exclusive with command
    command: str | None = None
    arguments: list[str] = field(default_factory=list)
    environment: Json = None  # an environment definition, the JSON of EnvironmentVersion.definition
    environment_name: str = ""
    environment_version: str | None = None
    environment_variables: dict[str, str] = field(default_factory=dict)
    max_run_duration_seconds: int | None = None
    node_count: int = 1
    output_collection: bool = True
    watch_directories: list[str] = field(default_factory=lambda: ["logs"])
    interpreter: str | None = None  # the submitter's interpreter, for user-managed environments on "local"
    resolve_anew: bool = False  # the environment is resolved again, to newer versions of what it does not pin
    configuration: Json = None  # the whole RunConfiguration as Azure's run definition shows it


@dataclass(frozen=True, slots=True, kw_only=True)
class Point:
    """One value of a numeric metric."""

    step: int
    timestamp: int
    value: float


@dataclass(frozen=True, slots=True, kw_only=True)
class MetricRecord:
    """One logged value that is not a plain number, in the order of logging.

    ``kind`` is scalar (str, bool, None), list, table (a row: column -> value), image, confusion_matrix,
    accuracy_table, residuals or predictions. For the last five ``value`` is the artifact path. The kind description
    is no value: its ``description`` is about the numeric metric of that name.
    """

    name: str
    kind: str
    value: Json
    step: int | None = None
    timestamp: int = 0
    description: str = ""


@dataclass(frozen=True, slots=True, kw_only=True)
class DatasetInput:
    """A data set that a run read, as MLflow's log_input describes it; name and digest together name it."""

    name: str
    digest: str
    source_type: str = ""
    source: str = ""
    schema: str = ""
    profile: str = ""
    tags: dict[str, str] = field(default_factory=dict)  # of this use, such as mlflow.data.context


@dataclass(frozen=True, slots=True, kw_only=True)
class ModelOutput:
    model_id: str  # of a LoggedModel
    step: int = 0


@dataclass(frozen=True, slots=True, kw_only=True)
class RunLinks:
    """What a run read and made."""

    datasets: list[DatasetInput] = field(default_factory=list)
    models: list[str] = field(default_factory=list)  # ids of the logged models that it read
    outputs: list[ModelOutput] = field(default_factory=list)


@dataclass(frozen=True, slots=True, kw_only=True)
class ModelMetric:
    """A point of a logged model's metric: a value of ``key`` logged by ``run_id`` on the data set, if one is named."""

    key: str
    value: float
    timestamp: int
    step: int
    run_id: str
    dataset_name: str = ""
    dataset_digest: str = ""


@dataclass(frozen=True, slots=True, kw_only=True)
class LoggedModel:
    """A model that an MLflow 3 client logged, registered or not."""

    id: str  # "m-" and 32 hexadecimal digits
    workspace: str
    experiment_id: int
    name: str
    created_at: int
    updated_at: int
    status: str = "LOGGED_MODEL_PENDING"  # or LOGGED_MODEL_READY, LOGGED_MODEL_UPLOAD_FAILED
    status_message: str = ""
    model_type: str = ""
    source_run_id: str | None = None
    tags: dict[str, str] = field(default_factory=dict)
    params: dict[str, str] = field(default_factory=dict)
    metrics: list[ModelMetric] = field(default_factory=list)


@dataclass(frozen=True, slots=True, kw_only=True)
class ArtifactInfo:
    path: str  # relative to the artifact root it was listed from
    is_dir: bool
    size: int | None = None  # bytes; None for a folder
    modified_at: int | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class SnapshotFile:
    path: str
    sha256: str
    size: int
    executable: bool = False


@dataclass(frozen=True, slots=True, kw_only=True)
class Snapshot:
    id: str
    files: list[SnapshotFile]
    created_at: int
    size: int


@dataclass(frozen=True, slots=True, kw_only=True)
class RegisteredModel:
    workspace: str
    name: str
    created_at: int
    updated_at: int
    description: str = ""
    tags: dict[str, str] = field(default_factory=dict)
    aliases: dict[str, int] = field(default_factory=dict)  # alias -> version
    latest_version: int = 0


@dataclass(frozen=True, slots=True, kw_only=True)
class ModelVersion:
    """A registered model's version: ``azureml.core.Model`` and MLflow's ModelVersion are both this."""

    workspace: str
    name: str
    version: int
    created_at: int
    updated_at: int
    created_by: str = ""
    description: str = ""
    tags: dict[str, str] = field(default_factory=dict)
    properties: dict[str, str] = field(default_factory=dict)
    framework: str | None = None
    framework_version: str | None = None
    run_id: str | None = None
    experiment_name: str | None = None
    source: str = ""  # MLflow's source URI, or empty
    logged_model_id: str | None = None
    stage: str = "None"
    status: str = "READY"
    # The files live in the artifact store under models/<name>/<version>/; entry is the one file or folder there.
    entry: str = ""
    unpack: bool = False  # True: the entry is a folder
    size: int = 0
    resource_configuration: Json = None
    datasets: Json = None
    parent_id: str | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class EnvironmentVersion:
    workspace: str
    name: str
    version: str
    created_at: int
    definition: Json  # the JSON of azureml_environment.json plus "condaDependencies" (the parsed conda document)
    content_hash: str
    labels: list[str] = field(default_factory=list)
    curated: bool = False


@dataclass(frozen=True, slots=True, kw_only=True)
class CondaPin:
    """One conda package of a lock. ``url`` carries no credentials; ``record`` is the channel's own entry for it."""

    name: str
    version: str
    build: str
    subdir: str
    url: str
    sha256: str = ""
    record: Json = None


@dataclass(frozen=True, slots=True, kw_only=True)
class EnvironmentLock:
    """Exactly what an environment holds. Equal content has an equal ``key``, wherever it came from."""

    key: str
    platform: str  # "linux-x86_64-cpython"
    python: str  # "3.11.7"
    conda: list[CondaPin] = field(default_factory=list)  # empty: Python is one of the machine's
    pip: str = ""  # requirement lines with exact versions and hashes


@dataclass(frozen=True, slots=True, kw_only=True)
class EnvironmentUse:
    """The environment that a run or a revision of a service really got."""

    name: str = ""
    version: str | None = None
    lock: EnvironmentLock | None = None  # None: an interpreter used as it is
    interpreter: str  # its path on the machine
    reused: bool
    seconds: float  # what finding or building it took
    split: dict[str, float] = field(
        default_factory=dict
    )  # of a build, seconds by step: resolve, fetch, link, image, ...
    notes: list[str] = field(default_factory=list)  # sentences: substitutions, why it was built anew
    at: int = 0  # milliseconds since the epoch
    run_id: str | None = None  # whose it is: a run's,
    service: str | None = None  # or a service's
    revision: int | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class ComputeTarget:
    workspace: str
    name: str
    type: str  # "AmlCompute"
    created_at: int
    modified_at: int
    provisioning_state: str = "Succeeded"
    location: str = "local"
    description: str = ""
    tags: dict[str, str] = field(default_factory=dict)
    vm_size: str = "LOCAL"
    vm_priority: str = "dedicated"
    min_nodes: int = 0
    max_nodes: int = 1
    idle_seconds_before_scaledown: int = 1800
    running_nodes: int = 0  # runs that occupy a node now
    errors: list[str] = field(default_factory=list)


@dataclass(frozen=True, slots=True, kw_only=True)
class Datastore:
    workspace: str
    name: str
    type: str  # "AzureBlob" or "AzureFile": both are folders of the artifact store here
    created_at: int
    is_default: bool = False


@dataclass(frozen=True, slots=True, kw_only=True)
class DeploymentStep:
    """One named step of a deployment with its time; the last one of a failed deployment is the one that failed."""

    name: str  # "models", "environment", "import", "init", "sample", "start", "ready", "bake", ...
    started_at: int
    ended_at: int | None = None
    detail: str = ""


@dataclass(frozen=True, slots=True, kw_only=True)
class Service:
    """A web service and the state its supervisor last reported."""

    workspace: str
    name: str
    compute_type: str  # "Local", "ACI", "AKS" (a version of an endpoint, too) or "AKSENDPOINT"
    state: ServiceState
    created_at: int
    updated_at: int
    revision: int = 1  # grows with every update or reload; the supervisor serves the newest
    created_by: str = ""
    description: str = ""
    tags: dict[str, str] = field(default_factory=dict)
    properties: dict[str, str] = field(default_factory=dict)
    models: list[str] = field(default_factory=list)  # "<name>:<version>", in the order given
    spec: Json = None  # ServiceSpec as JSON
    scoring_uri: str | None = None
    swagger_uri: str | None = None
    port: int | None = None
    host: str | None = None
    pid: int | None = None  # the supervisor's process on that host
    steps: list[DeploymentStep] = field(default_factory=list)
    error: RunError | None = None
    heartbeat_at: int | None = None
    auth_enabled: bool = False  # callers must send one of its keys
    token_auth_enabled: bool = False  # callers must send a token
    keys_changed_at: int | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class ServiceSpec:
    """What a service runs."""

    entry_script: str  # relative to the source directory
    source_name: str  # basename of the source directory
    snapshot_id: str
    environment: Json
    environment_name: str = ""
    environment_version: str | None = None
    port: int | None = None  # None: a free one
    interpreter: str | None = None
    environment_variables: dict[str, str] = field(default_factory=dict)
    local_models: dict[str, str] = field(default_factory=dict)  # not registered: name -> path on the service's machine
    container: bool = False  # serve in a container of the machine's engine, not as a process
    cpus: float | None = None  # what its container may use of the machine's; None: no limit
    memory_gb: float | None = None
    cpus_reserved: float | None = None  # what its container has a right to where others want more; None: nothing
    memory_gb_reserved: float | None = None
    scaling: Scaling | None = None  # of its workers; None: as many as WORKER_COUNT says, else one
    probe: LivenessProbe | None = None  # by which it is started anew; None: it is not asked
    collect_model_data: bool = False  # keep what ModelDataCollector is given in the default datastore
    telemetry: bool = True  # keep what it answers and uses in the workspace
    recorded: dict[str, str | bool] = field(default_factory=dict)  # settings that change nothing here
    rollout: Rollout = field(default_factory=Rollout)


@dataclass(frozen=True, slots=True, kw_only=True)
class User:
    """Somebody who signs in with a name and a password."""

    name: str
    role: str  # "admin", "user" or "reader"
    created_at: int
    updated_at: int  # of the role or the password


@dataclass(frozen=True, slots=True, kw_only=True)
class Token:
    """What may be told of a token; the token itself is shown once, when it is made."""

    id: str  # names it, and opens nothing
    kind: str  # "admin", "user", "mlflow", "run" or "session"
    name: str  # whose it is
    role: str  # what its bearer may do at most
    created_at: int
    workspace: str | None = None  # None: every workspace
    run_id: str | None = None
    description: str = ""
    expires_at: int | None = None  # None: never
    last_used_at: int | None = None  # to within a minute
