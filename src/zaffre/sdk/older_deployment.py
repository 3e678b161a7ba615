"""Azure's older ways to deploy: of an image, of models with the configuration of an image, of files."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace
from pathlib import Path
from typing import TYPE_CHECKING

from zaffre.core.errors import Unsupported, WebserviceException
from zaffre.sdk import deployment, service_spec, webservice_aci
from zaffre.sdk.aci_settings import AciServiceDeploymentConfiguration
from zaffre.sdk.aks_settings import AksServiceDeploymentConfiguration
from zaffre.sdk.image import Image
from zaffre.sdk.image_config import ContainerImageConfig
from zaffre.sdk.model import Model
from zaffre.sdk.webservice import Webservice
from zaffre.sdk.webservice_local import LocalWebservice, LocalWebserviceDeploymentConfiguration

if TYPE_CHECKING:
    from zaffre.sdk.workspace import Workspace


def deploy_from_image(
    workspace: Workspace,
    name: str,
    image: Image,
    deployment_config: object = None,
    deployment_target: object = None,
    overwrite: bool = False,
) -> Webservice:
    """A service of what an image is made of: the same environment, source and models, in a container."""
    config = deployment.configuration(deployment_config, deployment_target)
    if not isinstance(image, Image):
        raise WebserviceException(f"{image!r} is not an image: pass Image(workspace, name=...).")
    if image.workspace.name != workspace.name:
        raise WebserviceException(f"The image {image.id} is of the workspace {image.workspace.name}: deploy it there.")
    spec, models = image._spec(), list(image._about.models)
    if isinstance(config, AksServiceDeploymentConfiguration):
        raise Unsupported(
            "A service of the kind AKS is not made of an image: deploy the image's models and script with Model.deploy."
        )
    if isinstance(config, AciServiceDeploymentConfiguration):
        webservice_aci.check_engine(workspace)
        return webservice_aci.create(workspace, name, spec, models, config, overwrite, image.description)
    return deployment.create_locally(workspace, name, spec, models, config, overwrite, image.description)


def deploy_from_model(
    workspace: Workspace,
    name: str,
    models: Sequence[Model],
    image_config: ContainerImageConfig,
    deployment_config: object = None,
    deployment_target: object = None,
    overwrite: bool = False,
) -> Webservice:
    """Deploy models with the script and environment that ``image_config`` names."""
    return deployment.deploy(
        workspace,
        name,
        models,
        image_config._inference(),
        deployment_config,
        deployment_target,
        overwrite=overwrite,
        show_output=False,
    )


def deploy(
    workspace: Workspace,
    name: str,
    model_paths: Sequence[str],
    image_config: ContainerImageConfig,
    deployment_config: object = None,
    deployment_target: object = None,
    overwrite: bool = False,
) -> Webservice:
    """Register each file or folder as a model under its own name, and deploy them."""
    missing = [path for path in model_paths if not Path(path).exists()]
    if missing:
        raise WebserviceException(f"There is no model file or folder at {missing[0]}.")
    models = [Model.register(workspace, path, Path(path).absolute().name) for path in model_paths]
    return deploy_from_model(
        workspace, name, models, image_config, deployment_config, deployment_target, overwrite=overwrite
    )


def deploy_local_from_model(
    workspace: Workspace,
    name: str,
    models: Sequence[Model],
    image_config: ContainerImageConfig,
    deployment_config: LocalWebserviceDeploymentConfiguration | None = None,
    wait: bool = False,
) -> LocalWebservice:
    config = deployment_config or LocalWebservice.deploy_configuration()
    if not isinstance(config, LocalWebserviceDeploymentConfiguration):
        raise Unsupported("deploy_local_from_model takes LocalWebservice.deploy_configuration().")
    service = deploy_from_model(workspace, name, models, image_config, config)
    assert isinstance(service, LocalWebservice)
    if wait:
        service.wait_for_deployment()
    return service


def deploy_to_cloud(
    service: LocalWebservice, name: str, deployment_config: object, deployment_target: object
) -> Webservice:
    """What a local service serves, served by the server in a container. Raises ``Unsupported`` for local models."""
    config = deployment.configuration(deployment_config, deployment_target)
    if not isinstance(config, AciServiceDeploymentConfiguration):
        raise Unsupported("deploy_to_cloud takes AciWebservice.deploy_configuration().")
    service.update_deployment_state(must_exist=True)
    spec = service_spec.current(service._service)
    if spec.local_models:
        raise Unsupported(
            f"The server cannot read files of this machine, such as {next(iter(spec.local_models.values()))}: register "
            "them with Model.register, and deploy the models."
        )
    webservice_aci.check_engine(service.workspace)
    models = list(service._service.models)
    return webservice_aci.create(service.workspace, name, replace(spec, port=None), models, config, overwrite=False)
