"""The ``config`` of a deployment, and the file that its key ``deploy-config-file`` names, in Azure's keys."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Final

import yaml

from zaffre.core.errors import InvalidValue
from zaffre.sdk.environment import Environment
from zaffre.sdk.webservice import WebserviceDeploymentConfiguration
from zaffre.sdk.webservice_aci import AciWebservice
from zaffre.sdk.webservice_aks import AksWebservice
from zaffre.sdk.webservice_local import LocalWebservice
from zaffre.sdk.workspace import Workspace

FILE: Final = "deploy-config-file"
ENVIRONMENT: Final = "environment"
_EVERY: Final = {"computeType", "description", "tags", "properties"}
_LOCAL: Final = {"port"}
# What Azure calls a setting in the file, and what its deploy_configuration() calls it.
_CLOUD: Final = {
    "authEnabled": "auth_enabled",
    "sslEnabled": "ssl_enabled",
    "appInsightsEnabled": "enable_app_insights",
}
_ACI: Final = {**_CLOUD, "location": "location", "dnsNameLabel": "dns_name_label"}
_RESOURCES: Final = {"cpu": "cpu_cores", "memoryInGB": "memory_gb"}


@dataclass(frozen=True, slots=True)
class DeployConfig:
    deployment: WebserviceDeploymentConfiguration
    environment: Environment | None  # None: what the model itself asks for


def read_config(workspace: Workspace, config: Mapping[str, Any] | None) -> DeployConfig:
    """Raises ``InvalidValue`` for a key that means nothing here; without a file it is a service on this machine."""
    given = dict(config or {})
    file = given.pop(FILE, None)
    name = given.pop(ENVIRONMENT, None)
    _refuse_unknown(given, f"the deployment's config, which has {FILE} and {ENVIRONMENT}")
    return DeployConfig(
        deployment=LocalWebservice.deploy_configuration() if file is None else _of_file(Path(file)),
        environment=None if name is None else _environment(workspace, str(name)),
    )


def _environment(workspace: Workspace, text: str) -> Environment:
    name, _, version = text.partition(":")
    return Environment.get(workspace, name, version or None)


def _of_file(file: Path) -> WebserviceDeploymentConfiguration:
    try:
        held = yaml.safe_load(file.read_text("utf-8"))  # JSON is YAML
    except (OSError, UnicodeDecodeError, yaml.YAMLError) as error:
        raise InvalidValue(f"The deployment configuration {file} cannot be read: {error}.") from error
    if not isinstance(held, dict):
        raise InvalidValue(f"The deployment configuration {file} holds no mapping with a computeType.")
    kind = str(held.get("computeType", "local")).lower()
    if kind == "local":
        made: WebserviceDeploymentConfiguration = LocalWebservice.deploy_configuration(held.get("port"))
        _refuse_unknown(held, str(file), _EVERY | _LOCAL)
    elif kind in ("aci", "aks"):
        known = _ACI if kind == "aci" else _CLOUD
        _refuse_unknown(held, str(file), _EVERY | set(known) | {"containerResourceRequirements"})
        resources = held.get("containerResourceRequirements") or {}
        _refuse_unknown(resources, f"containerResourceRequirements of {file}", set(_RESOURCES))
        settings = {name: held[key] for key, name in known.items() if key in held}
        settings |= {name: resources[key] for key, name in _RESOURCES.items() if key in resources}
        made = (AciWebservice if kind == "aci" else AksWebservice).deploy_configuration(**settings)
    else:
        raise InvalidValue(f"computeType in {file} is {held['computeType']!r}: use local, aci or aks.")
    made.description = held.get("description") or made.description
    made.tags = {**(made.tags or {}), **(held.get("tags") or {})}
    made.properties = {**(made.properties or {}), **(held.get("properties") or {})}
    return made


def _refuse_unknown(given: Mapping[str, Any], where: str, known: set[str] | None = None) -> None:
    unknown = sorted(set(given) - (known or set()))
    if unknown:
        raise InvalidValue(f"{', '.join(unknown)}: not a setting of {where}. Leave it out.")
