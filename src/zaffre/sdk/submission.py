"""Submit a script: check it, keep its source, make the run, and for the target "local" start its runner here."""

from __future__ import annotations

import os
import sys
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Any, Final

from zaffre.core import contract, entities, wire
from zaffre.core.errors import AzureMLException, ScriptInvalid, UserErrorException
from zaffre.core.ids import new_run_id
from zaffre.core.names import check_run_id
from zaffre.core.states import RunStatus
from zaffre.environments import spec as environment_spec
from zaffre.launch.workload import Workload
from zaffre.sdk import container_settings
from zaffre.sdk.discovery import home
from zaffre.sdk.environment import Environment
from zaffre.sdk.git import git_properties
from zaffre.sdk.run import Run, text_of
from zaffre.sdk.runconfig import LOCAL, RunConfiguration
from zaffre.sdk.script_run import ScriptRun
from zaffre.sdk.script_run_config import ScriptRunConfig, get_run_config_from_script_run
from zaffre.sdk.snapshotting import send_snapshot
from zaffre.sdk.unbuilt import not_built

if TYPE_CHECKING:
    from zaffre.sdk.experiment import Experiment

SCRIPT_RUN: Final = "azureml.scriptrun"


def submit(
    experiment: Experiment,
    config: Any,
    tags: Mapping[str, Any] | None = None,
    *,
    parent_id: str | None = None,
    **kwargs: Any,
) -> Run:
    """Submit ``config`` to the experiment; returns as soon as the run is there.

    Raises ``ScriptInvalid`` (an ``ExperimentExecutionException``) for a script that is missing or outside its folder,
    ``SnapshotException``, and ``Unsupported`` for what the target cannot honour.
    """
    run_id = kwargs.pop("run_id", None)
    if kwargs:
        raise TypeError(f"submit() got unexpected keyword arguments: {', '.join(sorted(kwargs))}")
    if not isinstance(config, ScriptRunConfig):
        raise not_built(f"Submitting a {type(config).__name__}", "submit a ScriptRunConfig")
    source = check_source(config)
    run_config = get_run_config_from_script_run(config)
    refuse_unbuilt(run_config)
    environment = _registered(experiment, run_config.environment)
    snapshot = send_snapshot(experiment._scope, source)
    program = config.script or str(run_config.command).split(" ", 1)[0]
    body = wire.RunCreate(
        id=check_run_id(run_id) if run_id is not None else new_run_id(experiment.name),
        type=SCRIPT_RUN,
        target=run_config.target,
        parent_id=parent_id,
        snapshot_id=snapshot.id,
        spec=script_spec(run_config, environment),
        tags={
            "mlflow.source.type": "JOB",
            "mlflow.source.name": program,
            **{str(key): text_of(value) for key, value in (tags or {}).items()},
        },
        properties={"ContentSnapshotId": snapshot.id, **git_properties(source)},
    )
    entity = experiment._scope.client.post(experiment._route("runs"), entities.Run, body)
    run = ScriptRun(experiment, entity.id, directory=str(source), _run_config=run_config, _entity=entity, _fresh=True)
    if run_config.target == LOCAL:
        _start_here(run)
    return run


def check_source(config: ScriptRunConfig) -> Path:
    """The source folder; raises ``ScriptInvalid`` when it or the script in it is not there."""
    source = Path(config.source_directory).expanduser().absolute()
    if not source.is_dir():
        raise ScriptInvalid(f"The source directory {source} does not exist: check its name, and where you start from.")
    if config.script is None:
        if not config.command:
            raise ScriptInvalid("There is nothing to run: give the ScriptRunConfig a script or a command.")
        return source
    script = Path(os.path.normpath(source / config.script))
    if not script.is_relative_to(source):
        raise ScriptInvalid(f"The script {config.script} is outside of the source directory {source}: move it inside.")
    if not script.is_file():
        raise ScriptInvalid(
            f"The script {config.script} does not exist in the source directory {source}: check its name."
        )
    return source


def refuse_unbuilt(run_config: RunConfiguration) -> None:
    """Raise ``Unsupported`` for the first setting that could not be honoured."""
    one_process = "leave distributed_job_config out, so that the script runs as one process"
    if run_config.communicator != "None" or run_config.node_count != 1:
        raise not_built("Distributed training (MPI, PyTorch, TensorFlow)", one_process)
    if run_config.framework in ("PySpark", "CNTK"):
        raise not_built(f"The framework {run_config.framework}", "use Python")
    data = {
        "data_references": run_config.data_references,
        "data": run_config.data,
        "output_data": run_config.output_data,
        "datacaches": run_config.datacaches,
    }
    for name, value in data.items():
        if value:
            raise not_built(f"Data of a run (RunConfiguration.{name})", "pass paths as arguments")
    others = {
        "source_directory_data_store": run_config.source_directory_data_store,
        "credential_passthrough": run_config.credential_passthrough,
        "application_endpoints": run_config.application_endpoints,
        "auto_cluster_compute_specification": run_config.auto_cluster_compute_specification,
        "priority": run_config.priority,
        "kubernetescompute.instance_type": run_config.kubernetescompute.instance_type,
        "amlcompute.vm_size": run_config.amlcompute.vm_size,
    }
    for name, value in others.items():
        if value:
            raise not_built(f"RunConfiguration.{name}", "leave it at its default")
    if not run_config.history.snapshot_project:
        raise not_built("A run without a snapshot (history.snapshot_project=False)", "leave it at True")
    if run_config.target in ("amlcompute", "containerinstance"):
        raise not_built(f"The target {run_config.target!r} (a cluster for one run)", "name a compute target")
    definition, configuration = run_config.environment._definition(), run_config.to_plain()
    if container_settings.wants_container(definition, configuration):
        container_settings.check(definition, configuration)
    else:
        environment_spec.check(definition)


def script_spec(run_config: RunConfiguration, environment: Environment) -> entities.ScriptSpec:
    """What the runner executes."""
    arguments = [_argument(number, value) for number, value in enumerate(run_config.arguments)]
    definition = environment._definition()
    return entities.ScriptSpec(
        script=Path(run_config.script).as_posix() if run_config.script is not None else None,
        command=run_config.command or None,
        arguments=arguments,
        environment=definition,
        environment_name=environment.name or "",
        environment_version=environment.version,
        environment_variables={key: text_of(value) for key, value in run_config.environment_variables.items()},
        max_run_duration_seconds=run_config.max_run_duration_seconds,
        output_collection=run_config.history.output_collection,
        watch_directories=list(run_config.history.directories_to_watch or []),
        interpreter=sys.executable if run_config.target == LOCAL else None,
        configuration={**run_config.to_plain(), "arguments": arguments, "environment": definition},
    )


def environment_of(spec: entities.ScriptSpec) -> Environment:
    """The environment that a submitted run uses."""
    return Environment._from_definition(spec.environment, spec.environment_name or None, spec.environment_version)


def _argument(number: int, value: object) -> str:
    if isinstance(value, (str, os.PathLike)):
        return os.fspath(value)
    if isinstance(value, (bool, int, float)) or hasattr(value, "item"):
        return str(value)
    if value is None:
        raise UserErrorException(f"Argument {number} of the script is None: leave it out, or pass text.")
    raise not_built(f"A {type(value).__name__} as argument {number} of a script", "pass text, a number or a path")


def _registered(experiment: Experiment, environment: Environment) -> Environment:
    """The environment as the workspace keeps it: every run can be traced to a version."""
    return environment.register(experiment.workspace_object)


def _start_here(run: ScriptRun) -> None:
    """Start the runner on this machine, on its own: it goes on when this process ends."""
    client = run._scope.client
    try:
        token = client.post(run._route("token"), wire.TokenCreated).token
        at = home()
        env = {name: value for name, value in os.environ.items() if name not in contract.ONLINE_VARIABLES}
        env |= {
            contract.ZAFFRE_URL: client.url,
            contract.ZAFFRE_TOKEN: token,
            contract.ZAFFRE_WORKSPACE: run._scope.workspace,
            contract.ZAFFRE_HOME: str(at),
            contract.RUN_ID: run.id,
        }
        argv: Sequence[str] = [sys.executable, "-m", "zaffre.runner", "run"]
        log = at / "runs" / f"{run.id}.runner.log"
        at.mkdir(parents=True, exist_ok=True, mode=0o700)
        run._backend.start(Workload(argv=tuple(argv), cwd=at, env=env, log_path=log, name=run.id))
    except AzureMLException as error:
        reason = entities.RunError(code="ServiceError", message=f"The runner did not start: {error.message}")
        run._patch(wire.RunPatch(status=RunStatus.FAILED, error=reason))
        raise
