"""``Run``: one execution with its metrics, files, logs and children."""

from __future__ import annotations

import builtins
import html
import logging
import traceback
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from pathlib import Path
from types import TracebackType
from typing import TYPE_CHECKING, Any, ClassVar

from zaffre.core import contract, entities, limits, names, wire
from zaffre.core.errors import (
    ModelPathNotFoundException,
    NotFound,
    ServiceException,
    SnapshotException,
    UserErrorException,
)
from zaffre.core.states import RUN_TERMINAL, RunStatus
from zaffre.sdk.late import late
from zaffre.sdk.run_files import files_below
from zaffre.sdk.run_filters import Filter, RunFilter
from zaffre.sdk.run_logging import RunLogging
from zaffre.sdk.run_metrics import RunMetrics
from zaffre.sdk.run_wait import RunWaiting
from zaffre.sdk.stream_copy import StreamCopy
from zaffre.sdk.transport import is_away
from zaffre.sdk.unbuilt import not_built

if TYPE_CHECKING:
    from zaffre.sdk.compute import ComputeTarget
    from zaffre.sdk.environment import Environment
    from zaffre.sdk.experiment import Experiment
    from zaffre.sdk.model import Model
    from zaffre.sdk.workspace import Workspace

USER_LOG = contract.USER_LOG
_log = logging.getLogger("zaffre")
RunFactory = Callable[["Experiment", entities.Run], "Run"]


class Run(RunLogging, RunMetrics, RunWaiting):
    """A handle of a run. What may change on the server (status, tags, ...) is read from it each time.

    As a context manager it completes the run at the end of the block, or fails it with the exception that left it, and
    copies what is printed meanwhile into the run's ``logs/user_log.txt``.
    """

    _providers: ClassVar[dict[str, RunFactory]] = {}

    def __init__(self, experiment: Experiment, run_id: str, outputs: str | None = None, **kwargs: Any) -> None:
        """A handle of an existing run; raises ``NotFound`` when the experiment has no such run.

        ``outputs`` is a folder whose files are uploaded when the run completes.
        """
        entity: entities.Run | None = kwargs.pop("_entity", None)
        fresh: bool = kwargs.pop("_fresh", False)
        checked: bool = kwargs.pop("_checked", True)
        if kwargs:
            raise TypeError(f"Run() got unexpected keyword arguments: {', '.join(sorted(kwargs))}")
        super().__init__(experiment, names.check_run_id(run_id), fresh=fresh)
        self._outputs = Path(outputs) if outputs else None
        self._entity = entity
        self._output_copy: StreamCopy | None = None
        if checked and entity is None and self._known().experiment_name != experiment.name:
            raise NotFound(f"The experiment {experiment.name} has no run {run_id}.")

    def _known(self) -> entities.Run:
        """The run as last read: for what never changes."""
        if self._entity is None:
            self._entity = self._fetch()
        return self._entity

    def __repr__(self) -> str:
        run = self._fetch()
        return f"Run(Experiment: {run.experiment_name},\nId: {run.id},\nType: {run.type},\nStatus: {run.status.value})"

    def _repr_html_(self) -> str:
        run = self._fetch()
        return html_table(
            {
                "Experiment": run.experiment_name,
                "Id": run.id,
                "Type": run.type or "",
                "Status": run.status.value,
                "Details Page": link("Link to Zaffre Studio", self.get_portal_url()),
            }
        )

    # --- getting runs -------------------------------------------------------------------------------------------------

    @classmethod
    def get_context(cls, allow_offline: bool = True, used_for_context_manager: bool = False, **kwargs: Any) -> Any:
        """The run that this process executes; outside of one an offline run that only prints.

        Raises ``RunEnvironmentException`` outside of a run with ``allow_offline=False``.
        """
        if kwargs:
            raise TypeError(f"get_context() got unexpected keyword arguments: {', '.join(sorted(kwargs))}")
        return late("run_context", "current_run")(allow_offline)

    @classmethod
    def get_submitted_run(cls, **kwargs: Any) -> Any:
        """The older name of ``get_context``."""
        return cls.get_context(**kwargs)

    @staticmethod
    def get(workspace: Workspace, run_id: str) -> Run:
        """A run of any experiment, as the class of its type; raises ``NotFound``."""
        entity = workspace._scope.client.get(workspace._scope.path("runs", run_id), entities.Run)
        return Run._rehydrate(late("experiment", "Experiment")._of_name(workspace, entity.experiment_name), entity)

    @staticmethod
    def list(
        experiment: Experiment,
        type: str | None = None,
        tags: Filter = None,
        properties: Filter = None,
        status: str | None = None,
        include_children: bool = False,
        _rehydrate_runs: bool = True,
    ) -> Iterator[Run]:
        """The experiment's runs, newest first; ``tags`` and ``properties`` are dictionaries, or a key that exists."""
        wanted = RunFilter(type, tags, properties, status)
        found = wanted.runs(experiment._scope, experiment=experiment.name, include_children=include_children)
        return (Run._rehydrate(experiment, entity, _rehydrate_runs) for entity in found)

    @staticmethod
    def list_by_compute(
        compute: ComputeTarget,
        type: str | None = None,
        tags: Filter = None,
        properties: Filter = None,
        status: str | None = None,
    ) -> Iterator[Run]:
        """The runs of one compute target, newest first; without ``status`` only those that have not ended."""
        workspace = compute.workspace
        for entity in RunFilter(type, tags, properties, status).runs(workspace._scope, include_children=True):
            if entity.target == compute.name and (status is not None or entity.status not in RUN_TERMINAL):
                experiment = late("experiment", "Experiment")._of_name(workspace, entity.experiment_name)
                yield Run._rehydrate(experiment, entity)

    @staticmethod
    def add_type_provider(runtype: str, run_factory: RunFactory) -> None:
        """Have ``run_factory(experiment, run)`` make the handles of runs of ``runtype``; twice raises ValueError."""
        if runtype in Run._providers:
            raise ValueError(f"The run type {runtype} already has a provider.")
        Run._providers[runtype] = run_factory

    @staticmethod
    def _rehydrate(experiment: Experiment, entity: entities.Run, typed: bool = True) -> Run:
        factory = Run._providers.get(entity.type or "") if typed else None
        if factory is not None:
            return factory(experiment, entity)
        if typed and entity.type == "azureml.scriptrun":
            run: Run = late("script_run", "ScriptRun")(experiment, entity.id, _entity=entity)
            return run
        return Run(experiment, entity.id, _entity=entity)

    # --- identity -----------------------------------------------------------------------------------------------------

    @property
    def name(self) -> str:
        """The same as ``display_name``."""
        return self.display_name

    @property
    def display_name(self) -> str:
        return self._fetch().display_name

    @display_name.setter
    def display_name(self, value: str) -> None:
        self._patch(wire.RunPatch(display_name=value))

    @property
    def description(self) -> str:
        return self._fetch().description

    @description.setter
    def description(self, value: str) -> None:
        self._patch(wire.RunPatch(description=value))

    @property
    def type(self) -> str | None:
        return self._known().type

    @property
    def number(self) -> int:
        return self._known().number

    @property
    def status(self) -> str:
        return self._fetch().status.value

    @property
    def identity(self) -> str:
        return f"Run#{self._id}"

    @property
    def parent(self) -> Run | None:
        parent_id = self._known().parent_id
        return None if parent_id is None else Run.get(self._experiment.workspace_object, parent_id)

    def get_portal_url(self) -> str:
        """The run's page in the Studio."""
        return self._scope.portal("runs", self._id)

    @property
    def portal_url(self) -> str:
        return self.get_portal_url()

    @classmethod
    def get_docs_url(cls) -> str:
        raise not_built("Run.get_docs_url", "read the documentation that comes with Zaffre")

    # --- tags and properties ------------------------------------------------------------------------------------------

    @property
    def tags(self) -> dict[str, str]:
        return self.get_tags()

    def get_tags(self) -> dict[str, str]:
        return dict(self._fetch().tags)

    def tag(self, key: str, value: str | None = None) -> None:
        """Set one tag; without a value it is the empty text."""
        self.set_tags({key: "" if value is None else value})

    def set_tags(self, tags: Mapping[str, Any]) -> None:
        """Add or change tags; values are kept as text."""
        self._patch(wire.RunPatch(tags={str(key): text_of(value) for key, value in tags.items()}))

    def remove_tags(self, tags: str | Iterable[str]) -> None:
        self._patch(wire.RunPatch(remove_tags=[tags] if isinstance(tags, str) else [str(tag) for tag in tags]))

    @property
    def properties(self) -> dict[str, str]:
        return self.get_properties()

    def get_properties(self) -> dict[str, str]:
        return dict(self._fetch().properties)

    def add_properties(self, properties: Mapping[str, Any]) -> None:
        """Add properties; one that is set already cannot change (``StateConflict``). Values are kept as text."""
        self._patch(wire.RunPatch(properties={str(key): text_of(value) for key, value in properties.items()}))

    # --- from start to end --------------------------------------------------------------------------------------------

    def start(self) -> None:
        """Mark the run as running."""
        self._patch(wire.RunPatch(status=RunStatus.RUNNING))

    def complete(self, _set_status: bool = True) -> None:
        """Send what is left to send (metrics, the outputs folder) and mark the run as completed.

        While the server is away the end is kept on disk with the metrics and follows later.
        """
        self._upload_outputs()
        self._end(wire.RunPatch(status=RunStatus.COMPLETED), _set_status)

    def fail(
        self, error_details: str | BaseException | None = None, error_code: str | None = None, _set_status: bool = True
    ) -> None:
        """Mark the run as failed, with a text or an exception as the reason."""
        self._end(wire.RunPatch(status=RunStatus.FAILED, error=run_error(error_details, error_code)), _set_status)

    def cancel(self) -> None:
        """Ask for the run's end; one that a runner executes is stopped, others are marked as canceled."""
        self._scope.client.post(self._route("cancel"), entities.Run)

    def _end(self, patch: wire.RunPatch, set_status: bool) -> None:
        if self._output_copy is not None:
            self._output_copy.stop()
            self._output_copy = None
        if set_status:
            self._logger.request("PATCH", self._route(), patch)
        else:
            self.flush()

    def _upload_outputs(self) -> None:
        """The outputs folder's files that the run does not have yet; they stay where they are if the server is away."""
        if self._outputs is None or not self._outputs.is_dir():
            return
        try:
            held = set(self.get_file_names())
            for below, file in files_below(self._outputs):
                name = f"{self._outputs.name}/{below}"
                if name not in held:
                    self.upload_file(name, file)
        except ServiceException as error:
            if not is_away(error):
                raise
            _log.warning("%s The files of %s were not uploaded.", error.message, self._outputs.absolute())

    def __enter__(self) -> Run:
        def append(offset: int, data: bytes) -> None:
            route = self._route("artifacts", file=USER_LOG)
            self._scope.client.upload(route, data, method="PATCH", offset=offset)

        self._output_copy = StreamCopy(append)
        self._output_copy.start()
        return self

    def __exit__(
        self, kind: builtins.type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        if error is None or (isinstance(error, SystemExit) and error.code in (0, None)):
            self.complete()
        else:
            self.fail(error)

    # --- children -----------------------------------------------------------------------------------------------------

    def child_run(self, name: str | None = None, run_id: str | None = None, outputs: str | None = None) -> Run:
        """Start a child of this run, which is running at once."""
        body = wire.RunCreate(id=run_id, display_name=name, parent_id=self._id, status=RunStatus.RUNNING)
        route = self._scope.path("experiments", self._experiment.name, "runs")
        entity = self._scope.client.post(route, entities.Run, body)
        return Run(self._experiment, entity.id, outputs=outputs, _entity=entity, _fresh=True)

    def create_children(
        self, count: int | None = None, tag_key: str | None = None, tag_values: Sequence[Any] | None = None
    ) -> builtins.list[Run]:
        """Create ``count`` children, or one for each of ``tag_values`` tagged under ``tag_key``; at most 100."""
        if (count is None) == (tag_values is None) or (tag_values is not None and tag_key is None):
            raise UserErrorException("create_children takes either count, or tag_key with tag_values.")
        wanted = len(tag_values) if tag_values is not None else count or 0
        if not 0 < wanted <= limits.CHILDREN_PER_CALL:
            raise UserErrorException(f"create_children makes 1 to {limits.CHILDREN_PER_CALL} children, not {wanted}.")
        values = [text_of(value) for value in tag_values] if tag_values is not None else None
        body = wire.ChildrenCreate(count=count, tag_key=tag_key, tag_values=values)
        made = self._scope.client.post(self._route("children"), builtins.list[entities.Run], body)
        return [Run(self._experiment, entity.id, _entity=entity, _fresh=True) for entity in made]

    def get_children(
        self,
        recursive: bool = False,
        tags: Filter = None,
        properties: Filter = None,
        type: str | None = None,
        status: str | None = None,
        _rehydrate_runs: bool = True,
    ) -> Iterator[Run]:
        """The children, newest first; with ``recursive`` their children too."""
        wanted = RunFilter(type, tags, properties, status)
        queue = [self._id]
        while queue:
            parent = queue.pop(0)
            for entity in RunFilter().runs(self._scope, parent=parent, include_children=True):
                if recursive:
                    queue.append(entity.id)
                if wanted.matches(entity):
                    yield Run._rehydrate(self._experiment, entity, _rehydrate_runs)

    def submit_child(self, config: Any, tags: Mapping[str, Any] | None = None, **kwargs: Any) -> Run:
        """Submit a ``ScriptRunConfig`` as a child of this run."""
        run: Run = late("submission", "submit")(self._experiment, config, tags, parent_id=self._id, **kwargs)
        return run

    # --- code, environment, models ------------------------------------------------------------------------------------

    def get_snapshot_id(self) -> str | None:
        """The id of the snapshot of the source, or None."""
        run = self._fetch()
        return run.snapshot_id or run.properties.get("ContentSnapshotId")

    def take_snapshot(self, file_or_folder_path: str) -> str:
        """Keep a file or folder with the run; returns the snapshot's id. A run has at most one."""
        if self.get_snapshot_id() is not None:
            raise SnapshotException(f"The run {self._id} already has a snapshot: {self.get_snapshot_id()}.")
        snapshot: entities.Snapshot = late("snapshotting", "send_snapshot")(self._scope, file_or_folder_path)
        self.add_properties({"ContentSnapshotId": snapshot.id})
        return snapshot.id

    def restore_snapshot(self, snapshot_id: str | None = None, path: str | None = None) -> str:
        """Download the snapshot as ``<id>.zip`` into a folder (default: a temporary one); returns the file's path."""
        wanted = snapshot_id or self.get_snapshot_id()
        if wanted is None:
            raise SnapshotException(f"The run {self._id} has no snapshot.")
        restored: str = late("snapshotting", "download_snapshot")(self._scope, wanted, path)
        return restored

    def get_environment(self) -> Environment:
        """The environment that a submitted run uses."""
        spec = self._spec()
        if spec is None or spec.environment is None:
            raise UserErrorException(f"The run {self._id} was not submitted, so it has no environment of its own.")
        environment: Environment = late("submission", "environment_of")(spec)
        environment._ask_lock = lambda: late("environment_local", "lock_of")(self._scope, "runs", self._id)
        return environment

    def register_model(
        self,
        model_name: str,
        model_path: str | None = None,
        tags: Mapping[str, str] | None = None,
        properties: Mapping[str, str] | None = None,
        model_framework: str | None = None,
        model_framework_version: str | None = None,
        description: str | None = None,
        datasets: Any = None,
        sample_input_dataset: Any = None,
        sample_output_dataset: Any = None,
        resource_configuration: Any = None,
        **kwargs: Any,
    ) -> Model:
        """Register a file or folder of this run's artifacts, or a model that it logged with MLflow under the name
        ``model_path``, which defaults to the name.

        Raises ``ModelPathNotFoundException`` when the run has none of these.
        """
        if kwargs:
            raise TypeError(f"register_model() got unexpected keyword arguments: {', '.join(sorted(kwargs))}")
        if datasets or sample_input_dataset is not None or sample_output_dataset is not None:
            raise not_built("Registering a model with datasets", "leave the dataset arguments out")
        self.flush()
        path = (model_path if model_path is not None else model_name).strip("/")
        body = wire.ModelCreate(
            name=names.check_model(model_name),
            tags=dict(tags or {}),
            properties=dict(properties or {}),
            description=description or "",
            framework=model_framework,
            framework_version=model_framework_version,
            run_id=self._id,
            run_path=path,
            resource_configuration=resource_configuration.serialize() if resource_configuration is not None else None,
        )
        try:
            entity = self._scope.client.post(self._scope.path("models"), entities.ModelVersion, body)
        except ModelPathNotFoundException as error:
            held = ", ".join(self.get_file_names()) or "none"
            raise ModelPathNotFoundException(
                f"The run {self._id} has no file or folder {path}, and logged no model of that name. Its files: "
                f"{held}. Files of ./outputs are there once they are uploaded or the run has ended."
            ) from error
        model: Model = late("model", "Model")(self._experiment.workspace_object, entity.name, version=entity.version)
        return model

    def get_secret(self, name: str) -> str:
        raise not_built("Run.get_secret", "pass secrets to runs as environment variables")

    def get_secrets(self, secrets: Sequence[str]) -> dict[str, str]:
        raise not_built("Run.get_secrets", "pass secrets to runs as environment variables")

    def clean(self) -> builtins.list[str]:
        """Remove what the run left on this machine; returns the paths. Runners tidy up after themselves: none."""
        return []


def get_run(experiment: Experiment, run_id: str, rehydrate: bool = True, clean_up: bool = True) -> Run:
    """A run of the experiment, as the class of its type unless ``rehydrate`` is False; raises ``NotFound``."""
    run = Run(experiment, run_id)
    return Run._rehydrate(experiment, run._known(), rehydrate)


def run_error(details: str | BaseException | None, code: str | None) -> entities.RunError:
    """Why a run failed, from what ``run.fail`` was given."""
    if isinstance(details, BaseException):
        trace = "".join(traceback.format_exception(type(details), details, details.__traceback__))
        return entities.RunError(
            code=code or "UserError",
            message=f"{type(details).__name__}: {details}",
            details={"debug_type": type(details).__name__, "debug_stack_trace": trace},
        )
    return entities.RunError(code=code or "UserError", message=details or "The run was marked as failed.")


def text_of(value: Any) -> str:
    """Tag and property values as Azure keeps them: text, None as the empty one."""
    return "" if value is None else str(value)


def link(text: str, url: str) -> str:
    return f'<a href="{html.escape(url, quote=True)}" target="_blank" rel="noopener">{html.escape(text)}</a>'


def html_table(cells: Mapping[str, str]) -> str:
    """One row with a heading for notebooks; cells that are links stay links, all else is escaped."""
    heads = "".join(f"<th>{html.escape(name)}</th>" for name in cells)
    row = "".join(f"<td>{cell if cell.startswith('<a ') else html.escape(cell)}</td>" for cell in cells.values())
    return f'<table style="width:100%"><tr>{heads}</tr><tr>{row}</tr></table>'
