"""The sections of a ``RunConfiguration``. Most describe what is not built yet: they are kept, and refused at submit."""

from __future__ import annotations

from typing import Any, ClassVar, Final

from zaffre.core.errors import UserErrorException
from zaffre.sdk.section import Section

DEFAULT_SHM_SIZE: Final = "2g"
ENDPOINT_TYPES: Final = ("Jupyter", "JupyterLab", "SSH", "TensorBoard", "VSCode", "Grafana", "Custom")


class HistoryConfiguration(Section):
    """What is kept of a run: ``outputs``, and while it runs the files of ``directories_to_watch``."""

    KEYS: ClassVar[dict[str, str]] = {
        "output_collection": "outputCollection",
        "snapshot_project": "snapshotProject",
        "directories_to_watch": "directoriesToWatch",
    }

    output_collection: bool
    snapshot_project: bool
    directories_to_watch: list[str]

    def __init__(self) -> None:
        self.output_collection = True
        self.snapshot_project = True
        self.directories_to_watch = ["logs"]


class SparkConfiguration(Section):
    KEYS: ClassVar[dict[str, str]] = {"configuration": "configuration"}

    configuration: dict[str, Any]

    def __init__(self) -> None:
        self.configuration = {"spark.app.name": "Azure ML Experiment", "spark.yarn.maxAppAttempts": 1}


class DockerConfiguration(Section):
    """``use_docker=True``: the run is in a container, with this shared memory and these arguments of ``docker run``.

    Arguments that a run's container does not take are refused by name when it is submitted.
    """

    KEYS: ClassVar[dict[str, str]] = {
        "use_docker": "useDocker",
        "shared_volumes": "sharedVolumes",
        "arguments": "arguments",
        "shm_size": "shmSize",
    }

    use_docker: bool
    shared_volumes: bool
    arguments: list[str]
    shm_size: str

    def __init__(
        self,
        use_docker: bool = False,
        shared_volumes: bool = True,
        arguments: list[str] | None = None,
        shm_size: str = DEFAULT_SHM_SIZE,
    ) -> None:
        self.use_docker = use_docker
        self.shared_volumes = shared_volumes
        self.arguments = list(arguments or [])
        self.shm_size = shm_size


class HdiConfiguration(Section):
    KEYS: ClassVar[dict[str, str]] = {"yarn_deploy_mode": "yarnDeployMode"}

    yarn_deploy_mode: str

    def __init__(self) -> None:
        self.yarn_deploy_mode = "cluster"


class TensorflowConfiguration(Section):
    KEYS: ClassVar[dict[str, str]] = {"worker_count": "workerCount", "parameter_server_count": "parameterServerCount"}

    worker_count: int
    parameter_server_count: int

    def __init__(self, worker_count: int = 1, parameter_server_count: int = 1) -> None:
        self.worker_count = worker_count
        self.parameter_server_count = parameter_server_count


class MpiConfiguration(Section):
    KEYS: ClassVar[dict[str, str]] = {"process_count_per_node": "processCountPerNode", "node_count": "nodeCount"}

    process_count_per_node: int
    node_count: int

    def __init__(self, process_count_per_node: int = 1, node_count: int = 1) -> None:
        self.process_count_per_node = process_count_per_node
        self.node_count = node_count


class PyTorchConfiguration(Section):
    KEYS: ClassVar[dict[str, str]] = {
        "communication_backend": "communicationBackend",
        "process_count": "processCount",
        "node_count": "nodeCount",
    }

    communication_backend: str
    process_count: int | None
    node_count: int

    def __init__(
        self, communication_backend: str = "Nccl", process_count: int | None = None, node_count: int = 1
    ) -> None:
        self.communication_backend = communication_backend
        self.process_count = process_count
        self.node_count = node_count


class ParallelTaskConfiguration(Section):
    KEYS: ClassVar[dict[str, str]] = {
        "max_retries_per_worker": "maxRetriesPerWorker",
        "worker_count_per_node": "workerCountPerNode",
        "terminal_exit_codes": "terminalExitCodes",
    }

    max_retries_per_worker: int
    worker_count_per_node: int
    terminal_exit_codes: list[int] | None

    def __init__(
        self,
        max_retries_per_worker: int = 0,
        worker_count_per_node: int = 1,
        terminal_exit_codes: list[int] | None = None,
    ) -> None:
        self.max_retries_per_worker = max_retries_per_worker
        self.worker_count_per_node = worker_count_per_node
        self.terminal_exit_codes = terminal_exit_codes


class AmlComputeConfiguration(Section):
    """The size of a cluster made for one run; such clusters are refused at submit."""

    KEYS: ClassVar[dict[str, str]] = {
        "vm_size": "vmSize",
        "vm_priority": "vmPriority",
        "retain_cluster": "retainCluster",
        "name": "name",
        "cluster_max_node_count": "clusterMaxNodeCount",
    }

    vm_size: str | None
    vm_priority: str | None
    retain_cluster: bool
    name: str | None
    cluster_max_node_count: int | None

    def __init__(self) -> None:
        self.vm_size = None
        self.vm_priority = None
        self.retain_cluster = False
        self.name = None
        self.cluster_max_node_count = None


class KubernetesComputeConfiguration(Section):
    KEYS: ClassVar[dict[str, str]] = {"instance_type": "instanceType"}

    instance_type: str | None

    def __init__(self) -> None:
        self.instance_type = None


class ApplicationEndpointConfiguration(Section):
    KEYS: ClassVar[dict[str, str]] = {"type": "type", "port": "port", "properties": "properties"}

    type: str | None
    port: int | None
    properties: dict[str, Any] | None

    def __init__(
        self, type: str | None = None, port: int | None = None, properties: dict[str, Any] | None = None
    ) -> None:
        if type is not None and type not in ENDPOINT_TYPES:
            raise UserErrorException(f"{type!r} is not a type of endpoint: use {', '.join(ENDPOINT_TYPES)}.")
        self.type = type
        self.port = port
        self.properties = properties


class DataReferenceConfiguration(Section):
    KEYS: ClassVar[dict[str, str]] = {
        "datastore_name": "dataStoreName",
        "mode": "mode",
        "path_on_datastore": "pathOnDataStore",
        "path_on_compute": "pathOnCompute",
        "overwrite": "overwrite",
    }

    datastore_name: str | None
    mode: str
    path_on_datastore: str | None
    path_on_compute: str | None
    overwrite: bool

    def __init__(
        self,
        datastore_name: str | None = None,
        mode: str = "mount",
        path_on_datastore: str | None = None,
        path_on_compute: str | None = None,
        overwrite: bool = False,
    ) -> None:
        self.datastore_name = datastore_name
        self.mode = mode
        self.path_on_datastore = path_on_datastore
        self.path_on_compute = path_on_compute
        self.overwrite = overwrite
