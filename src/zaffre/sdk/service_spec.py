"""What a service shall run, gathered from the SDK's objects into the specification that its supervisor works from."""

from __future__ import annotations

import sys
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING

from zaffre.core.codec import convert
from zaffre.core.entities import Service, ServiceSpec
from zaffre.core.errors import ModelInvalid, WebserviceException
from zaffre.core.limits import MODELS_PER_SERVICE
from zaffre.core.names import check_model
from zaffre.environments import image_spec
from zaffre.environments import spec as environment_spec
from zaffre.sdk import service_mode
from zaffre.sdk.scope import Scope
from zaffre.sdk.service_folder import Source
from zaffre.sdk.snapshotting import send_snapshot

if TYPE_CHECKING:
    from zaffre.sdk.inference import InferenceConfig
    from zaffre.sdk.model import Model
    from zaffre.sdk.workspace import Workspace

_LOCAL_NAME = 30  # characters of a file's name that name an unregistered model


@dataclass(frozen=True, slots=True)
class ServedModels:
    """Registered models as ``name:version``, and paths of local ones by name."""

    registered: list[str]
    local: dict[str, str]


def served_models(models: Sequence[Model | str]) -> ServedModels:
    """Raises ``WebserviceException`` for what is neither a model nor a file, and for two models in one place."""
    if isinstance(models, str) or not isinstance(models, Sequence):
        raise WebserviceException(f"models must be a list of models, not {type(models).__name__}.")
    if len(models) > MODELS_PER_SERVICE:
        raise WebserviceException(f"A service has at most {MODELS_PER_SERVICE} models, not {len(models)}.")
    registered: list[str] = []
    local: dict[str, str] = {}
    for model in models:
        if isinstance(model, str):
            _add_local(local, model)
        elif hasattr(model, "id") and hasattr(model, "version"):
            if model.id in registered:
                raise WebserviceException(f"The model {model.id} is named twice.")
            registered.append(model.id)
        else:
            raise WebserviceException(f"{model!r} is not a model: pass Model objects, or paths of local files.")
    return ServedModels(registered, local)


def _add_local(local: dict[str, str], text: str) -> None:
    path = Path(text).expanduser().absolute()
    if not path.exists():
        raise ModelInvalid(f"There is no model file or folder at {path}: pass a registered Model, or an existing path.")
    name = check_model(path.name[:_LOCAL_NAME])
    if name in local:
        raise WebserviceException(f"Two local models would both be named {name}: rename one, or register them.")
    local[name] = str(path)


def source_of(config: InferenceConfig) -> Source:
    """Where the source is on this machine."""
    if config.source_directory is None:
        return Source(None, str(Path(config.entry_script).absolute()))
    return Source(str(Path(config.source_directory).absolute()), _inside(config))


def _inside(config: InferenceConfig) -> str:
    root = Path(config.source_directory or ".").resolve()
    return config.script_path.resolve().relative_to(root).as_posix()


def send_source(scope: Scope, source: Source) -> str:
    """Send the source as it is now; returns the snapshot's id. Raises ``WebserviceException`` when it is gone."""
    at = Path(source.directory or source.entry_script)
    if not at.exists():
        raise WebserviceException(f"The source of the service, {at}, is not on this machine any more: use update().")
    return send_snapshot(scope, at, whole=True).id


def build(
    workspace: Workspace,
    config: InferenceConfig,
    source: Source,
    local_models: dict[str, str],
    port: int | None = None,
    *,
    container: bool | None = None,
) -> ServiceSpec:
    """The specification; sends the source and registers the environment. Raises what no service can honour.

    ``container``: None where the environment and this machine decide.
    """
    wanted = config._environment()
    definition = wanted._definition()
    in_container = service_mode.choose(definition).container if container is None else container
    if in_container:
        image_spec.read(definition, purpose="service")
    else:
        environment_spec.check(definition, purpose="service")
    environment = wanted.register(workspace)
    return ServiceSpec(
        entry_script=source.entry_script if source.directory else Path(source.entry_script).name,
        source_name=Path(source.directory).name if source.directory else "",
        snapshot_id=send_source(workspace._scope, source),
        environment=environment._definition(),
        environment_name=environment.name or "",
        environment_version=environment.version,
        port=port,
        interpreter=sys.executable,
        local_models=local_models,
        container=in_container,
    )


def current(service: Service) -> ServiceSpec:
    """The specification that a service has now."""
    return convert(service.spec, ServiceSpec, what=f"the specification of the service {service.name}")
