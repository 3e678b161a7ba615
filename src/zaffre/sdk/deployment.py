"""``Model.deploy``: from models, an entry script and an environment to a service."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace
from typing import TYPE_CHECKING

from zaffre.core import entities, names, wire
from zaffre.core.errors import Unsupported, WebserviceException
from zaffre.core.rollout import Rollout
from zaffre.sdk import endpoint_aks, no_code, ports, service_mode, service_spec, webservice_aci, webservice_aks
from zaffre.sdk.aci_settings import AciServiceDeploymentConfiguration
from zaffre.sdk.aks_settings import AksEndpointDeploymentConfiguration, AksServiceDeploymentConfiguration
from zaffre.sdk.discovery import home
from zaffre.sdk.inference import InferenceConfig
from zaffre.sdk.service_folder import ServiceFolder, Source
from zaffre.sdk.service_start import ensure_supervisor
from zaffre.sdk.webservice import Webservice, WebserviceDeploymentConfiguration, find_service
from zaffre.sdk.webservice_local import LocalWebservice, LocalWebserviceDeploymentConfiguration

if TYPE_CHECKING:
    from zaffre.sdk.model import Model
    from zaffre.sdk.workspace import Workspace

Configuration = (
    LocalWebserviceDeploymentConfiguration | AciServiceDeploymentConfiguration | AksServiceDeploymentConfiguration
)
_REMEDY = "deploy to this machine with deployment_config=LocalWebservice.deploy_configuration()"


def deploy(
    workspace: Workspace,
    name: str,
    models: Sequence[Model | str],
    inference_config: InferenceConfig | None,
    deployment_config: object,
    deployment_target: object,
    *,
    overwrite: bool,
    show_output: bool,
) -> Webservice:
    """Create the service; returns before the service is ready."""
    names.check_service(name)
    config = configuration(deployment_config, deployment_target)
    if inference_config is None:
        inference_config = no_code.inference_config(workspace, name, models)
        config = no_code.sized(config, models)
    if isinstance(config, AciServiceDeploymentConfiguration):
        made: Webservice = webservice_aci.deploy(workspace, name, models, inference_config, config, overwrite)
    elif isinstance(config, AksEndpointDeploymentConfiguration):
        made = endpoint_aks.deploy(workspace, name, models, inference_config, config, overwrite)
    elif isinstance(config, AksServiceDeploymentConfiguration):
        made = webservice_aks.deploy(workspace, name, models, inference_config, config, overwrite)
    else:
        made = _deploy_locally(workspace, name, models, inference_config, config, overwrite)
    if show_output:
        made.wait_for_deployment(show_output=True)
    return made


def _deploy_locally(
    workspace: Workspace,
    name: str,
    models: Sequence[Model | str],
    inference_config: InferenceConfig,
    config: LocalWebserviceDeploymentConfiguration,
    overwrite: bool,
) -> LocalWebservice:
    served = service_spec.served_models(models)
    Webservice.check_for_existing_webservice(workspace, name, overwrite)
    _check_port(workspace, name, config.port)
    source = service_spec.source_of(inference_config)
    spec = service_spec.build(workspace, inference_config, source, served.local, config.port)
    described = inference_config.description or ""
    made = create_locally(workspace, name, spec, served.registered, config, overwrite, described, source)
    print(f"The service {name} {service_mode.choose(inference_config._environment()._definition()).sentence}.")
    return made


def create_locally(
    workspace: Workspace,
    name: str,
    spec: entities.ServiceSpec,
    models: list[str],
    config: LocalWebserviceDeploymentConfiguration,
    overwrite: bool,
    description: str,
    source: Source | None = None,
) -> LocalWebservice:
    """The local service of a specification that is made already, on the port that ``config`` names."""
    spec = replace(spec, collect_model_data=bool(config.collect_model_data))
    scope = workspace._scope
    body = wire.ServiceCreate(
        spec=replace(spec, port=config.port, rollout=config.rollout or Rollout()),
        models=models,
        tags=config.tags,
        properties=config.properties,
        description=config.description or description,
        overwrite=overwrite,
    )
    scope.client.put(scope.path("services", name), entities.Service, body)
    folder = ServiceFolder(home(), workspace.name, name)
    if source is not None:
        folder.write_source(source)
    folder.keep_cache.unlink(missing_ok=True)
    ensure_supervisor(scope, folder, name)
    return LocalWebservice(workspace, name)


def print_configuration(
    models: Sequence[Model | str],
    inference_config: InferenceConfig | None,
    deployment_config: object,
    deployment_target: object,
) -> None:
    """Print what ``deploy`` would be given."""
    print(f"Models: {[getattr(model, 'id', model) for model in models]}")
    print(f"Inference configuration: {inference_config!r}")
    if isinstance(deployment_config, WebserviceDeploymentConfiguration):
        deployment_config.print_deploy_configuration()
    if deployment_target is not None:
        print(f"Deployment target: {deployment_target!r}")


def configuration(config: object, target: object) -> Configuration:
    """Where to deploy, a container instance unless said otherwise; raises ``Unsupported`` for every other place."""
    if target is not None:
        raise Unsupported(f"Services on the compute target {target!r} are not built yet: {_REMEDY}.")
    if config is None:
        return AciServiceDeploymentConfiguration()
    if isinstance(config, Configuration):
        config.validate_configuration()
        return config
    if isinstance(config, WebserviceDeploymentConfiguration):
        config.validate_configuration()
        raise Unsupported(f"Services of the kind {config._webservice_type} are not built yet: {_REMEDY}.")
    raise WebserviceException(f"{config!r} is not a deployment configuration: {_REMEDY}.")


def _check_port(workspace: Workspace, name: str, port: int | None) -> None:
    """Raise ``PortTaken`` before anything is sent; a service that is overwritten may keep its port."""
    if port is None:
        return
    existing = find_service(workspace, name)
    if existing is None or existing.port != port:
        ports.check_free(port)
