"""The front page of Azure's SDK. Each name is loaded when it is first asked for, so that importing this is cheap."""

from __future__ import annotations

import importlib
from typing import TYPE_CHECKING, Any

from zaffre.sdk.version import VERSION

if TYPE_CHECKING:
    from zaffre.sdk.compute import ComputeTarget
    from zaffre.sdk.compute_target import (
        attach_legacy_compute_target,
        is_compute_target_prepared,
        prepare_compute_target,
        remove_legacy_compute_target,
    )
    from zaffre.sdk.container_registry import ContainerRegistry
    from zaffre.sdk.datastore import Datastore
    from zaffre.sdk.environment import Environment
    from zaffre.sdk.experiment import Experiment
    from zaffre.sdk.image import Image
    from zaffre.sdk.model import Model
    from zaffre.sdk.run import Run, get_run
    from zaffre.sdk.runconfig import RunConfiguration
    from zaffre.sdk.script_run import ScriptRun
    from zaffre.sdk.script_run_config import ScriptRunConfig
    from zaffre.sdk.unbuilt_names import (
        Dataset,
        Keyvault,
        LinkedService,
        PrivateEndPoint,
        PrivateEndPointConfig,
        SynapseWorkspaceLinkedServiceConfiguration,
        diagnostic_log,
    )
    from zaffre.sdk.webservice import Webservice
    from zaffre.sdk.workspace import Workspace

__version__ = VERSION

_WHERE = {
    "ComputeTarget": "compute",
    "ContainerRegistry": "container_registry",
    "Dataset": "unbuilt_names",
    "Datastore": "datastore",
    "Environment": "environment",
    "Experiment": "experiment",
    "Image": "image",
    "Keyvault": "unbuilt_names",
    "LinkedService": "unbuilt_names",
    "Model": "model",
    "PrivateEndPoint": "unbuilt_names",
    "PrivateEndPointConfig": "unbuilt_names",
    "Run": "run",
    "RunConfiguration": "runconfig",
    "ScriptRun": "script_run",
    "ScriptRunConfig": "script_run_config",
    "SynapseWorkspaceLinkedServiceConfiguration": "unbuilt_names",
    "Webservice": "webservice",
    "Workspace": "workspace",
    "attach_legacy_compute_target": "compute_target",
    "diagnostic_log": "unbuilt_names",
    "get_run": "run",
    "is_compute_target_prepared": "compute_target",
    "prepare_compute_target": "compute_target",
    "remove_legacy_compute_target": "compute_target",
}
# Azure's SDK loads these with its front page, so scripts reach them without importing them.
_MODULES = (
    "authentication",
    "compute",
    "compute_target",
    "conda_dependencies",
    "container_registry",
    "dataset",
    "datastore",
    "environment",
    "experiment",
    "image",
    "keyvault",
    "model",
    "resource_configuration",
    "run",
    "runconfig",
    "script_run",
    "script_run_config",
    "webservice",
    "workspace",
)

__all__ = [
    "VERSION",
    "ComputeTarget",
    "ContainerRegistry",
    "Dataset",
    "Datastore",
    "Environment",
    "Experiment",
    "Image",
    "Keyvault",
    "LinkedService",
    "Model",
    "PrivateEndPoint",
    "PrivateEndPointConfig",
    "Run",
    "RunConfiguration",
    "ScriptRun",
    "ScriptRunConfig",
    "SynapseWorkspaceLinkedServiceConfiguration",
    "Webservice",
    "Workspace",
    "__version__",
    "attach_legacy_compute_target",
    "diagnostic_log",
    "get_run",
    "is_compute_target_prepared",
    "prepare_compute_target",
    "remove_legacy_compute_target",
]


def __getattr__(name: str) -> Any:
    if name in _WHERE:
        value = getattr(importlib.import_module(f"zaffre.sdk.{_WHERE[name]}"), name)
    elif name in _MODULES:
        value = importlib.import_module(f"{__name__}.{name}")
    else:
        raise AttributeError(f"module {__name__!r} has no attribute {name!r}")
    globals()[name] = value
    return value


def __dir__() -> list[str]:
    return sorted([*globals(), *__all__, *_MODULES])
