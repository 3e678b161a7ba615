"""``AciWebservice``: a service in a container on the server's machine, which the server keeps running."""

from __future__ import annotations

import builtins
from collections.abc import Mapping, Sequence
from dataclasses import replace
from typing import TYPE_CHECKING, Any

from zaffre.core import entities, service_wire, wire
from zaffre.core.errors import WebserviceException
from zaffre.sdk import aci_settings, service_spec
from zaffre.sdk.aci_settings import AciServiceDeploymentConfiguration
from zaffre.sdk.inference import InferenceConfig
from zaffre.sdk.model_lookup import Tags, texts
from zaffre.sdk.webservice import Webservice
from zaffre.sdk.webservice_server import ServerWebservice, registered_models

if TYPE_CHECKING:
    from zaffre.sdk.image import Image
    from zaffre.sdk.model import Model
    from zaffre.sdk.workspace import Workspace


class AciWebservice(ServerWebservice):
    """A service by its name; raises ``WebserviceNotFound``."""

    _kind = "ACI"
    deploy_configuration = staticmethod(AciServiceDeploymentConfiguration)

    @property
    def cpu_cores(self) -> float | None:
        return service_spec.current(self._service).cpus

    @property
    def memory_gb(self) -> float | None:
        return service_spec.current(self._service).memory_gb

    @property
    def location(self) -> str | None:
        """As it was given: the service runs on the server's machine, wherever that is."""
        held: str | None = self._recorded("location")
        return held

    @property
    def dns_name_label(self) -> str | None:
        held: str | None = self._recorded("dns_name_label")
        return held

    def serialize(self) -> dict[str, Any]:
        limits = {"cpu": self.cpu_cores, "memoryInGB": self.memory_gb}
        return {
            **super().serialize(),
            "containerResourceRequirements": limits,
            "authEnabled": self.auth_enabled,
            "location": self.location,
            "dnsNameLabel": self.dns_name_label,
            "sslEnabled": False,
            "appInsightsEnabled": service_spec.current(self._service).telemetry,
            "directUri": self.direct_uri,
        }

    @staticmethod
    def list(
        workspace: Workspace,
        compute_type: str | None = None,
        image_name: str | None = None,
        image_id: str | None = None,
        model_name: str | None = None,
        model_id: str | None = None,
        tags: Tags | None = None,
        properties: Tags | None = None,
        image_digest: str | None = None,
    ) -> builtins.list[Webservice]:
        """The services of this kind, by what they serve and how they are tagged."""
        return Webservice.list(
            workspace, compute_type or "ACI", image_name, image_id, model_name, model_id, tags, properties, image_digest
        )

    def get_token(self) -> Any:
        raise NotImplementedError("A container instance has keys and no tokens: call get_keys().")

    def update(
        self,
        image: Image | None = None,
        tags: Mapping[str, str] | None = None,
        properties: Mapping[str, str] | None = None,
        description: str | None = None,
        auth_enabled: bool | None = None,
        ssl_enabled: bool | None = None,
        ssl_cert_pem_file: str | None = None,
        ssl_key_pem_file: str | None = None,
        ssl_cname: str | None = None,
        enable_app_insights: bool | None = None,
        models: Sequence[Model | str] | None = None,
        inference_config: InferenceConfig | None = None,
    ) -> None:
        """Change what is given; ``tags`` replaces all. What serves now goes on until the new revision answers."""
        given = {name: value for name, value in locals().items() if name not in ("self", "__class__")}
        if all(value is None for value in given.values()):
            raise WebserviceException("No parameters provided to update.")
        aci_settings.check_ssl(ssl_enabled, ssl_cert_pem_file, ssl_key_pem_file, ssl_cname)
        self.update_deployment_state()
        spec, registered = self._changed(image, models, inference_config)
        known = service_spec.current(self._service)
        if spec is not None:
            spec = replace(spec, collect_model_data=known.collect_model_data)
        if enable_app_insights is not None:
            spec = replace(spec or known, telemetry=enable_app_insights)
        patch = wire.ServicePatch(
            spec=spec,
            models=registered,
            tags=None if tags is None else texts("tags", tags),
            remove_tags=None if tags is None else [name for name in self._service.tags if name not in tags],
            properties=None if properties is None else texts("properties", properties),
            description=description,
            auth_enabled=auth_enabled,
        )
        self._patch(patch)
        if auth_enabled is not None:
            self._await_keys()

    def _changed(
        self, image: Image | None, models: Sequence[Model | str] | None, config: InferenceConfig | None
    ) -> tuple[entities.ServiceSpec | None, builtins.list[str] | None]:
        """The new specification and models, None for what stays."""
        known = service_spec.current(self._service)
        if image is not None:
            if models is not None or config is not None:
                raise WebserviceException("An image has its models and its script: pass image, or the others.")
            made = replace(image._spec(), telemetry=known.telemetry)
            recorded = {**known.recorded, **made.recorded}
            kept = replace(made, cpus=known.cpus, memory_gb=known.memory_gb, recorded=recorded, rollout=known.rollout)
            return kept, builtins.list(image._about.models)
        registered = None if models is None else registered_models(models)
        if config is None:
            return None, registered
        source = service_spec.source_of(config)
        built = service_spec.build(self.workspace, config, source, {}, container=True)
        built = replace(built, telemetry=known.telemetry)
        recorded = {name: value for name, value in known.recorded.items() if name != "image_id"}
        kept = replace(built, cpus=known.cpus, memory_gb=known.memory_gb, recorded=recorded, rollout=known.rollout)
        return kept, registered


def deploy(
    workspace: Workspace,
    name: str,
    models: Sequence[Model | str],
    config: InferenceConfig,
    settings: AciServiceDeploymentConfiguration,
    overwrite: bool,
) -> AciWebservice:
    """Have the server deploy a service; returns before it is ready. Raises what cannot be before anything is made."""
    registered = registered_models(models)
    check_engine(workspace)
    Webservice.check_for_existing_webservice(workspace, name, overwrite)
    spec = service_spec.build(workspace, config, service_spec.source_of(config), {}, container=True)
    return create(workspace, name, spec, registered, settings, overwrite, config.description or "")


def check_engine(workspace: Workspace) -> None:
    """Raise ``Unsupported`` where the server has no container engine."""
    scope = workspace._scope
    scope.client.get(scope.path("engine"), service_wire.EngineInfo)


def create(
    workspace: Workspace,
    name: str,
    spec: entities.ServiceSpec,
    models: builtins.list[str],
    settings: AciServiceDeploymentConfiguration,
    overwrite: bool,
    description: str = "",
) -> AciWebservice:
    """The service of a specification that is made already."""
    scope = workspace._scope
    body = wire.ServiceCreate(
        spec=settings.applied(spec),
        compute_type="ACI",
        models=models,
        tags=settings.tags,
        properties=settings.properties,
        description=settings.description or description,
        overwrite=overwrite,
        auth_enabled=bool(settings.auth_enabled),
        primary_key=settings.primary_key,
        secondary_key=settings.secondary_key,
    )
    scope.client.put(scope.path("services", name), entities.Service, body)
    print(f"The service {name} runs in a container on the server's machine, which the server keeps running.")
    return AciWebservice(workspace, name)
