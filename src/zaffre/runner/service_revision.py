"""From a service's specification to a command: its source, its models and its environment on this machine."""

from __future__ import annotations

import os
import shutil
from collections.abc import Callable, Mapping
from pathlib import Path
from threading import Event
from typing import Final, TypeVar

from zaffre.core import collection, contract
from zaffre.core.codec import convert
from zaffre.core.entities import EnvironmentUse, ModelVersion, Service, ServiceSpec
from zaffre.core.errors import ActivityCanceledException, ModelInvalid
from zaffre.core.wire import WorkspaceAnswer
from zaffre.environments.realise import Realised, realise
from zaffre.runner import source
from zaffre.runner.channel import Channel
from zaffre.runner.script import DROPPED
from zaffre.runner.service_container import APP_ROOT, SERVICE
from zaffre.runner.service_data import account
from zaffre.runner.service_image import COLLECTED, ServiceImage
from zaffre.runner.service_interpreters import Interpreters
from zaffre.runner.service_keys import FILE as KEYS
from zaffre.runner.service_process import Command
from zaffre.runner.service_steps import ENVIRONMENT, IMAGE, MODELS, SNAPSHOT, Steps
from zaffre.sdk import model_files
from zaffre.sdk.client import Client
from zaffre.sdk.scope import Scope
from zaffre.sdk.service_folder import ServiceFolder

T = TypeVar("T")

_PREFIX: Final = "SERVICE_PATH_PREFIX"
# A variable of these families in the supervisor's environment speaks of another run, service or server.
_FOREIGN: Final = ("ZAFFRE_", "AZUREML_", "AML_", "MLFLOW_", "SERVICE_", "SCORING_")


class Preparation:
    """Prepares one revision of a service; ``cancel`` ends it with ``ActivityCanceledException``."""

    def __init__(
        self,
        channel: Channel,
        home: Path,
        folder: ServiceFolder,
        interpreters: Interpreters,
        in_use: set[Path],
        say: Callable[[str], None],
        cancel: Event,
    ) -> None:
        self._channel = channel
        self._home = home
        self._folder = folder
        self._interpreters = interpreters
        self._in_use = in_use  # working directories of revisions that serve, or may again
        self._say = say
        self._cancel = cancel

    def prepare(self, service: Service, steps: Steps) -> Command:
        """Everything but the start. Raises what stands in the way: ``EnvironmentBuildFailed``, ``NotFound``, ..."""
        spec = convert(service.spec, ServiceSpec, what=f"the specification of the service {service.name}")
        root = self._new_root(service)
        with steps.step(SNAPSHOT) as step:
            self._fetch_source(service, spec, root / spec.source_name)
            step.detail = spec.snapshot_id
        with steps.step(MODELS) as step:
            folders = self._place_models(service, spec, root / contract.MODELS)
            step.detail = ", ".join([*service.models, *(f"{name}:0" for name in spec.local_models)])
        if spec.container:
            return self._containerised(service, spec, steps, root, folders)
        with steps.step(ENVIRONMENT) as step:
            realised = realise(
                spec.environment or {},
                home=self._home,
                log=self._say,
                interpreter=spec.interpreter,
                purpose="service",
                cancel=self._cancel,
                tokens=self._channel.tokens,
            )
            env = self._variables(service, spec, realised, root, folders)
            env = self._collecting(service, spec, env, self._folder.collected)
            is_users = realised.key == "user-managed"
            start = self._interpreters.command(realised.python, env, self._cancel, is_users=is_users)
            argv = (*start, *asked(service, root), *scaled(spec))
            step.detail = "found" if realised.reused else "built"
            self._tell(service, realised.use(spec.environment_name, spec.environment_version, service.revision))
        return Command(argv=argv, env=env, folder=root, prefix=path_prefix(env))

    def _containerised(
        self, service: Service, spec: ServiceSpec, steps: Steps, root: Path, models: list[Path]
    ) -> Command:
        with steps.step(IMAGE) as step:
            image = ServiceImage(spec, self._home, self._say, self._cancel, self._channel.tokens)
            step.detail = image.summary
            self._tell(service, image.use(service.revision))
        own = self._own_variables(service, spec, Path(APP_ROOT), [Path(APP_ROOT, m.relative_to(root)) for m in models])
        env = {**image.variables, **spec.environment_variables, **own}
        env = self._collecting(service, spec, env, Path(COLLECTED))
        collected = self._folder.collected if collection.PLACE in env else None
        container = image.container({SERVICE: f"{service.workspace}/{service.name}"}, collected)
        argv = (*image.argv, *asked(service, Path(APP_ROOT)), *scaled(spec))
        return Command(argv, env, root, path_prefix(env), container, image.engine)

    def _new_root(self, service: Service) -> Path:
        """An empty working directory; those of revisions that came to nothing go."""
        root = self._folder.revisions / f"{service.created_at}-{service.revision}"
        self._folder.revisions.mkdir(parents=True, exist_ok=True)
        for other in self._folder.revisions.iterdir():
            if other not in self._in_use:
                shutil.rmtree(other, ignore_errors=True)
        root.mkdir()
        return root

    def _tell(self, service: Service, use: EnvironmentUse) -> None:
        """Keep with the service what it really got."""
        self._insist(
            lambda c: c.put(
                Scope(c, service.workspace).path("services", service.name, "environment"), EnvironmentUse, use
            )
        )

    def _insist(self, act: Callable[[Client], T]) -> T:
        return self._channel.insist(act, self._cancel.is_set)

    def _fetch_source(self, service: Service, spec: ServiceSpec, target: Path) -> None:
        target.mkdir(exist_ok=True)
        self._insist(
            lambda client: source.fetch(client, service.workspace, spec.snapshot_id, self._folder.path, target)
        )

    def _place_models(self, service: Service, spec: ServiceSpec, root: Path) -> list[Path]:
        """Put each model at ``<root>/<name>/<version>/``; returns these folders."""
        root.mkdir()
        folders = []
        for reference in service.models:
            model = self._model(service.workspace, reference)
            folders.append(root / model.name / str(model.version))
            _link_tree(self._fetched(service.workspace, model), folders[-1])
        for name, path in spec.local_models.items():
            folders.append(root / name / "0")
            _copy_local(Path(path), folders[-1])
        if self._cancel.is_set():
            raise ActivityCanceledException("The models of this revision are not needed any more.")
        return folders

    def _model(self, workspace: str, reference: str) -> ModelVersion:
        name, _, version = reference.rpartition(":")
        return self._insist(
            lambda client: client.get(Scope(client, workspace).path("models", name, "versions", version), ModelVersion)
        )

    def _fetched(self, workspace: str, model: ModelVersion) -> Path:
        """The model's files in the cache of this service, fetched once."""
        place = self._folder.models / f"{model.name}-{model.version}-{model.created_at}"
        if not place.exists():
            partial = place.with_name(f".{place.name}.part")
            shutil.rmtree(partial, ignore_errors=True)
            self._say(f"Fetching the model {model.name}:{model.version}.")
            self._insist(lambda c: model_files.download(Scope(c, workspace), model, partial, overwrite=True))
            partial.rename(place)
        return place

    def _variables(
        self, service: Service, spec: ServiceSpec, realised: Realised, root: Path, models: list[Path]
    ) -> dict[str, str]:
        """The whole environment of the serving process; the user's variables win over inherited ones."""
        inherited = {key: value for key, value in os.environ.items() if not key.startswith(_FOREIGN)}
        if realised.key != "user-managed":
            inherited = {key: value for key, value in inherited.items() if key not in DROPPED}
        inherited = realised.activated(inherited)
        own = self._own_variables(service, spec, root, models)
        return {**inherited, **realised.variables, **spec.environment_variables, **own}

    def _collecting(self, service: Service, spec: ServiceSpec, env: dict[str, str], place: Path) -> dict[str, str]:
        """The variables, and where to put model data where it is collected."""
        if not spec.collect_model_data and env.get(collection.ENABLED, "").lower() != "true":
            return env
        answer = self._insist(lambda client: client.get(Scope(client, service.workspace).path(), WorkspaceAnswer))
        self._folder.collected.mkdir(exist_ok=True)
        whose = account(answer.workspace)
        own = {collection.ENABLED: "true", collection.ACCOUNT: whose, collection.PLACE: str(place)}
        return {**env, **own}

    def _own_variables(self, service: Service, spec: ServiceSpec, root: Path, models: list[Path]) -> dict[str, str]:
        """What tells the serving process who it is; the paths are those that it sees."""
        script = Path(spec.source_name) / spec.entry_script
        own = {
            contract.APP_ROOT: str(root),
            contract.ENTRY_SCRIPT: script.as_posix(),
            # One model: its own folder. Several, or none: the folder of all.
            contract.MODEL_DIR: str(models[0] if len(models) == 1 else root / contract.MODELS),
            contract.SERVICE_NAME: service.name,
            "WORKSPACE_NAME": service.workspace,
            "PYTHONUNBUFFERED": "1",
        }
        if spec.source_name:
            own[contract.SOURCE_DIRECTORY] = spec.source_name
        return own


def asked(service: Service, root: Path) -> tuple[str, ...]:
    """What makes the scoring server ask for keys, and answer as Azure's clusters do where it stands for one.

    Who deploys to the own machine alone can call there: no keys."""
    keys = () if service.compute_type == "Local" else ("--keys-file", f"{root}/{KEYS}")
    return (*keys, "--front-end") if service.compute_type == "AKS" else keys


def scaled(spec: ServiceSpec) -> tuple[str, ...]:
    """What tells the scoring server how many workers it may have."""
    return () if spec.scaling is None else spec.scaling.arguments()


def path_prefix(env: Mapping[str, str]) -> str:
    """What stands before every route of the service: empty, or a path such as ``/api/v1``."""
    text = env.get(_PREFIX, "").strip("/")
    return f"/{text}" if text else ""


def _link_tree(origin: Path, target: Path) -> None:
    """The files of ``origin`` at ``target`` too, without a second copy on disk where the file system can do that."""
    for file in origin.rglob("*"):
        if file.is_file():
            place = target / file.relative_to(origin)
            place.parent.mkdir(parents=True, exist_ok=True)
            try:
                os.link(file, place)
            except OSError:
                shutil.copy2(file, place)


def _copy_local(path: Path, folder: Path) -> None:
    """A model that is not registered, as it is on this machine now."""
    folder.mkdir(parents=True)
    if path.is_dir():
        shutil.copytree(path, folder / path.name)
    elif path.is_file():
        shutil.copy2(path, folder / path.name)
    else:
        raise ModelInvalid(f"The local model {path} is not on this machine any more: deploy the service again.")
